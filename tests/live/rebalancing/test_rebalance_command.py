"""From a recorder and a broker's list to files, by the command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from experiments import start_qlib
from qlib.workflow import R

from live.rebalancing.four_stocks import BSE, DAY, LIMITS, MAIN, SZ, scores, write
from qlib_mfgru.cli import main
from qlib_mfgru.report.recorders import newest_recorders

GRU = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}


def task(model: dict[str, Any], *indices: str) -> dict[str, Any]:
    """As qrun leaves it, with portfolios around some indices."""
    kwargs = [{**LIMITS, "index": index, "folder": index} for index in indices]
    enhanced = [{"class": "qlib_mfgru.portfolio.IndexEnhancementRecord", "kwargs": each} for each in kwargs]
    return {"model": model, "record": [{"class": "SignalRecord"}, *enhanced]}


CASH = ["--cash", "100000", "--date", f"{DAY:%Y-%m-%d}"]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A provider, and a store with the recorders of two runs, an old one and a new one without a prediction, and of
    studies of one and of two models."""
    folder = tmp_path_factory.mktemp("evening")
    provider = write(folder / "provider")
    start_qlib(provider, folder / "mlruns.db")
    for objects in ({"pred.pkl": scores().to_frame()}, {}):
        with R.start(experiment_name="evenings"):
            config = {"qlib_init": {"provider_uri": str(provider)}}
            R.save_objects(config=config, task=task(GRU, "small"), **objects)
    with R.start(experiment_name="nothing"):
        pass
    for experiment, models in {"one": ["gru"], "two": ["gru", "daily"]}.items():
        for model in models:
            study(experiment, model, provider)
    return folder


def study(experiment: str, model: str, provider: Path) -> None:
    """A model's recorders as a study leaves them: its own, its test's, and those of portfolios around two indices."""
    trained: dict[str, Any] = GRU
    parts = {model: [], f"{model}, factor test": [], f"{model}, small": ["small"], f"{model}, big": ["big"]}
    for name, indices in parts.items():
        with R.start(experiment_name=experiment, recorder_name=name):
            config = {"qlib_init": {"provider_uri": str(provider)}}
            R.save_objects(config=config, task=task(trained, *indices), **{"pred.pkl": scores().to_frame()})
            if name == model:
                trained = {"class": "RecordedModel", "kwargs": {"recorder_id": R.get_recorder().id}}


@pytest.fixture
def mfgru(work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs the command in the folder of the store: exit code, output with single blanks, errors but progress bars."""
    monkeypatch.chdir(work)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["rebalance", *arguments])
        out, errors = capsys.readouterr()
        out = re.sub(" +", " ", out)
        said = [line.rpartition("\r")[2] for line in errors.splitlines() if "mfgru:" in line]
        return code, re.sub("[0-9a-f]{32}", "ID", out), "\n".join(said)

    return run


def test_an_experiments_recorder_brings_scores_settings_and_provider(mfgru: Callable[..., Any]) -> None:
    code, out, _ = mfgru("evenings", *CASH)
    assert code == 0
    first, second, third = out.splitlines()[:3]
    assert first == (
        "small after the close of 2024-03-05, for the next trading day (recorder ID, settings of the recorder's task, "
        "turnover limit 2)"
    )
    assert second == "all constraints hold at the target weights"
    assert third == (
        "turnover 100.00% planned, 79.14% in orders: bought 79,144, sold 0, expected cost 158; 4 stocks have a score; "
        "index covered 100.0%"
    )
    assert "SZ000001 buy 1,600 1,600 12.34 19,744" in out
    assert "weight_deviation abs <= 0.1000 0.1000 0.3000 4 of 4" in out
    assert "free" in out
    assert "in whole lots 2 of 4 are beyond their limit, most of all full_investment by 0.21" in out
    assert "1 of the orders have too few shares to be sent, and are in no list of orders" in out


def ids(work: Path, experiment: str) -> dict[str, str]:
    """Of an experiment's recorders, by their names."""
    start_qlib(work / "provider", work / "mlruns.db")
    return {each.name: each.id for each in R.list_recorders(experiment_name=experiment).values()}


def test_of_a_studys_recorders_the_one_of_the_index_is_taken(
    mfgru: Callable[..., Any], work: Path, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    code, out, _ = mfgru("one", "--index", "small", *CASH, "--out", str(file))
    assert (code, "(recorder ID, settings of the recorder's task, " in out) == (0, True)
    assert json.loads(file.read_text())["summary"]["recorder"] == ids(work, "one")["gru, small"], "not the newest"
    code, _, said = mfgru("one", *CASH)
    assert (code, said) == (
        2,
        "mfgru: the recorders of the experiment have settings for big, small: name one with index",
    )


def test_a_studys_models_are_named(mfgru: Callable[..., Any], work: Path) -> None:
    code, _, said = mfgru("two", "--index", "small", *CASH)
    known = ids(work, "two")
    listed = f"daily ({known['daily, small']}), gru ({known['gru, small']})"
    assert (code, said) == (
        2,
        f"mfgru: the experiment two has recorders of several models, {listed}: name one by its id",
    )
    assert mfgru(known["gru, small"], *CASH)[0] == 0


def test_files_are_whole_and_hold_what_can_be_sent(mfgru: Callable[..., Any], tmp_path: Path) -> None:
    for name in ("orders.csv", "orders.parquet", "plan.json"):
        weights = tmp_path / f"weights_{name}"
        assert mfgru("evenings", *CASH, "--out", str(tmp_path / name), "--weights", str(weights))[0] == 0
    assert (tmp_path / "orders.csv").read_bytes().startswith(b"decided,"), "no mark where no name needs one"
    csv, parquet = pd.read_csv(tmp_path / "orders.csv"), pd.read_parquet(tmp_path / "orders.parquet")
    assert list(csv["instrument"]) == list(parquet["instrument"]) == [SZ, BSE, MAIN]
    assert list(csv["shares"]) == [1600, 4200, 3000]
    assert set(csv["decided"]) == {"2024-03-05"}, "last week's orders tell themselves apart"
    assert (csv[["value", "cost"]].round(2) == csv[["value", "cost"]]).all(axis=None)
    assert csv["shares"].dtype == parquet["shares"].dtype == "int64"
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["summary"]["decided"] == "2024-03-05"
    assert [order["shares"] for order in plan["orders"]] == [1600, 4200, 0, 3000]
    assert {"account", "constraints", "weights"} < plan.keys()
    assert json.loads((tmp_path / "weights_plan.json").read_text()) == plan["weights"], "to the last digit"
    assert len(plan["weights"]) == 4
    assert len(list(tmp_path.iterdir())) == 6  # no lock, and nothing half written, is left


def test_quiet_is_one_line(mfgru: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "orders.csv"
    line = "3 orders from the close of 2024-03-05, recorder ID, 1 note, "
    assert mfgru("evenings", *CASH, "--quiet") == (0, f"{line}in no file: name one by --out\n", "")
    assert mfgru("evenings", *CASH, "--quiet", "--out", str(out)) == (0, f"{line}written to {out}\n", "")
    loud = mfgru("evenings", *CASH, "--out", str(out))[1]
    assert loud.endswith(f"\n\n{line}written to {out}\n")
    assert mfgru("evenings", "--quiet", "--date", f"{DAY:%Y-%m-%d}")[0] == 2


def test_why_there_are_no_orders(mfgru: Callable[..., Any], tmp_path: Path) -> None:
    """From 500 yuan no stock reaches a lot; and the whole portfolio that is held is what is wanted."""
    out = mfgru("evenings", "--cash", "500", *CASH[2:])[1]
    assert "\nno orders: none of the planned 100.00% of 500 reaches a lot" in out
    (tmp_path / "list.csv").write_text("code,shares\n600000,3000\n000001,2000\n")
    out = mfgru("evenings", "--holdings", str(tmp_path / "list.csv"), *CASH[2:], "--limit", "0")[1]
    assert "\nno orders: the holding is kept" in out


def test_scores_of_a_file_and_settings_of_a_yaml(mfgru: Callable[..., Any], work: Path, tmp_path: Path) -> None:
    scores().reset_index().to_csv(tmp_path / "scores.csv", index=False)
    scores().to_frame().to_parquet(tmp_path / "scores.parquet")
    base, settings = {"task": {"record": []}}, {**LIMITS, "risk_degree": 0.5}
    own = {
        "BASE_CONFIG_PATH": "base.yaml",
        "task": {"record": [{"class": "IndexEnhancementRecord", "kwargs": settings}]},
    }
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(base))
    (tmp_path / "own.yaml").write_text("# {{ NOT_SET }}\n" + yaml.safe_dump(own))
    (tmp_path / "plain.yaml").write_text(yaml.safe_dump(settings))
    outputs = [
        mfgru("--scores", str(tmp_path / name), "--config", str(tmp_path / config), "--provider", "provider", *CASH)
        for name, config in (("scores.csv", "own.yaml"), ("scores.parquet", "plain.yaml"))
    ]
    assert [code for code, *_ in outputs] == [0, 0]
    assert "invested 50,000 50,000" in outputs[0][1]
    assert outputs[0][1].replace("own.yaml", "plain.yaml") == outputs[1][1]


def test_a_brokers_list(mfgru: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("证券代码,证券名称,持仓数量\n600000,浦发银行,3000\n资金,,20000\n", encoding="gbk")
    code, out, _ = mfgru("evenings", "--holdings", str(file), "--date", f"{DAY:%Y-%m-%d}")
    assert code == 0
    assert "浦发银行 sell" in out
    assert "value 50,000" in out


HEADER = "code,shares,sellable\n"
NO_STOCKS = "the list has no stocks: it is taken as a portfolio without any, whose first turnover is free"
NO_CASH = "no cash is named, by a row of the list or as cash: it is taken as 0"
LEFT_OUT = "rows of the list that are no stocks or have 0 shares, and were left out: 3 (合计)"


@pytest.mark.parametrize(
    ("rows", "cash", "notes"),
    [
        ("", CASH, [NO_STOCKS]),
        ("cash,100000,\n", CASH[2:], [NO_STOCKS]),
        ("600000,10000,10000\n合计,10000,\n", CASH[2:], [LEFT_OUT, NO_CASH]),
        ("600000,10000,10000\n", CASH, []),
    ],
)
def test_what_a_list_does_not_say_is_noted(
    rows: str, cash: list[str], notes: list[str], mfgru: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(HEADER + rows)
    options = ["--holdings", str(tmp_path / "list.csv"), *cash, "--out", str(tmp_path / "plan.json")]
    code, out, _ = mfgru("evenings", *options)
    said = json.loads((tmp_path / "plan.json").read_text())["notes"]
    assert code == 0
    assert [note for note in said if "the list" in note or "is named" in note] == notes
    assert all(note in out for note in notes)


@pytest.mark.parametrize(
    ("rows", "cash", "words"),
    [
        ("600000,100,100\n", "1e300", "cash is worth 1e+300"),
        ("600000,100,100\n600001,1e12,\n600000.SH,1e30,\n", "1", "row 4 holds SH600000 again"),
        ("688001,100,100\n600000,1e30,\n", "1", "{list}: row 3: SH600000 is worth 1e+31"),
    ],
)
def test_more_than_any_account_is_worth_is_refused(
    rows: str, cash: str, words: str, mfgru: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(HEADER + rows)
    code, _, said = mfgru("evenings", "--holdings", str(tmp_path / "list.csv"), "--cash", cash, *CASH[2:])
    assert code == 2
    assert words.format(list=tmp_path / "list.csv") in said
    assert "\n" not in said


@pytest.mark.parametrize("name", ["pred.pkl", "task", "config"])
def test_a_damaged_recorder_is_named(name: str, mfgru: Callable[..., Any], work: Path) -> None:
    start_qlib(work / "provider", work / "mlruns.db")
    recorder = newest_recorders("evenings", "pred.pkl")[0]
    file = Path(recorder.get_artifact_uri().removeprefix("file://"), name)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    try:
        code, _, said = mfgru(recorder.id, *CASH)
    finally:
        file.write_bytes(content)
    assert code == 2
    assert said.startswith(f"mfgru: the {name} of the recorder {recorder.id} is damaged or of another installation (")
    assert "\n" not in said


def test_a_failure_is_printed_and_no_file_is_written(mfgru: Callable[..., Any], tmp_path: Path) -> None:
    """Nothing may give way, and half a turnover does not reach the index's band."""
    (tmp_path / "strict.yaml").write_text(yaml.safe_dump({**LIMITS, "relaxation": [], "turnover_limits": [0.5]}))
    (tmp_path / "list.csv").write_text("code,shares\n1,10000\n")
    files = {name: str(tmp_path / file) for name, file in (("--config", "strict.yaml"), ("--holdings", "list.csv"))}
    options = [word for pair in files.items() for word in pair]
    code, out, said = mfgru("evenings", *options, *CASH[2:], "--out", str(tmp_path / "orders.csv"))
    assert code == 2
    assert "failed, the holding is kept: Infeasible" in out
    assert said == "mfgru: no weights were found, nothing is written: Infeasible"
    assert not (tmp_path / "orders.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evenings"], "the newest score is of 2024-03-05, the bars end on 2024-03-08: run mfgru predict ID --save"),
        (["nothing"], "the experiment nothing in sqlite:///"),
        (["absent"], "there is no recorder or experiment absent in sqlite:///"),
        (["evenings", "--store", "sqlite:///absent.db"], "there is no store of experiments absent.db"),
        (["evenings", "--provider", "absent"], "there is no provider folder absent"),
        (["--provider", "provider"], "name a recorder, or scores"),
        (["--scores", "x.csv"], "name the folder of the qlib provider (--provider)"),
        (["--scores", "x.csv", "--provider", "provider", "--index", "csi500"], "index: unknown market 'csi500'"),
        (["evenings", "--date", "2024-03-05 10:00"], "date is '2024-03-05 10:00': must be a day, without a time"),
        (["evenings", "--out", "provider"], "provider is a folder: name a file"),
        (["evenings", "--out", "orders.xls"], "orders.xls must end with .csv, .parquet or .json"),
        (["evenings", "--out", "o.csv", "--weights", "./o.csv"], "o.csv: orders and weights would be one file"),
        (["evenings", "--config", "absent.yaml"], "there is no config absent.yaml"),
        (["evenings", "--holdings", "absent.csv", *CASH], "there is no file of holdings absent.csv"),
    ],
)
def test_errors_are_one_line(arguments: list[str], message: str, mfgru: Callable[..., Any]) -> None:
    code, _, said = mfgru(*arguments)
    assert code == 2
    assert re.sub("[0-9a-f]{32}", "ID", said).startswith(f"mfgru: {message}")
    assert "\n" not in said
