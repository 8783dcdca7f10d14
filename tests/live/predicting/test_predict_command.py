"""``mfgru predict`` as it is typed."""

from __future__ import annotations

import os
import pickle
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from qlib.contrib.model.gbdt import LGBModel
from qlib.contrib.model.linear import LinearModel
from qlib.model.base import Model

from live.cut_market import cut
from live.evenings import Market
from qlib_mfgru.cli import main
from qlib_mfgru.live import predict
from qlib_mfgru.live.predicting import predict as predicting
from qlib_mfgru.model import GRUModel
from qlib_mfgru.rolling import RollingEnsembleModel


def typed(text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, output and the lines of errors that are ours."""
    code = main(shlex.split(f"predict {text}"))
    printed = capsys.readouterr()
    return code, printed.out, "\n".join(line for line in printed.err.splitlines() if line.startswith("mfgru:"))


def test_what_is_printed(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = typed(f"demo_rolling_incremental --provider {market.whole}", capsys)
    assert code == 0
    lines = out.splitlines()
    newest = predict("demo_rolling_incremental")
    n_scored, n_listed = int(newest.counts["scored"]), len(newest.reasons)
    assert lines[0] == f"RollingEnsembleModel of IncrementalGRUModel, recorder {newest.recorder}: {newest.age}"
    assert lines[1] == f"bars end on {market.days[-1]:%Y-%m-%d}: {n_scored} of {n_listed} listed stocks have a score"
    table = newest.scores.droplevel("datetime").sort_values(ascending=False)
    head = lines.index("instrument    score")
    shown = [line.split() for line in lines[head + 1 : head + 11]]
    assert [stock for stock, _ in shown] == list(table.index[:10])
    assert [float(score) for _, score in shown] == pytest.approx(list(table[:10]), abs=1e-6)
    assert lines[-1] == f"... and {n_scored - 10} more; --out FILE writes all of them"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_hold_every_bit(suffix: str, market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / f"scores.{suffix}"
    out.write_text("an older one")
    code, printed, _ = typed(f"demo_gru --provider {market.whole} --last 3 --out {out}", capsys)
    assert code == 0
    table = pd.read_csv(out, parse_dates=["datetime"]) if suffix == "csv" else pd.read_parquet(out)
    assert list(table.columns) == ["datetime", "instrument", "score"]
    scores = table.set_index(["datetime", "instrument"])["score"].astype("float32").sort_index()
    expected = predict("demo_gru", last=3).scores
    pd.testing.assert_series_equal(scores, expected, check_exact=True, check_index_type=False)
    assert table.groupby("datetime")["score"].is_monotonic_decreasing.all()
    assert printed.splitlines()[-1] == f"{len(table)} scores written to {out}"
    assert [path.name for path in tmp_path.glob("*scores*")] == [out.name]


def test_quiet_tells_what_is_due_and_what_is_not_whole(
    market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TQDM_DISABLE", "1")  # or the command would set it for all tests after this
    late = cut(market.whole, tmp_path / "late", 1, freqs=("15min",))
    code, out, _ = typed(f"demo_rolling_incremental --provider {late} --quiet", capsys)
    before, last = (f"{market.days[at]:%Y-%m-%d}" for at in (-2, -1))
    (line,) = out.splitlines()
    by, scored, *more = line.split("; ")
    assert (code, more) == (
        0,
        [f"{last} is not whole yet: no 15min bars", "a retraining is due since 2020-10-08 (--retrain does it)"],
    )
    assert scored.startswith(f"bars end on {before}: ")
    assert by == f"RollingEnsembleModel of IncrementalGRUModel, recorder {predict('demo_rolling_incremental').recorder}"


def test_an_evening(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    command = f"demo_rolling_incremental --provider {market.whole} --retrain --save"
    code, out, _ = typed(command, capsys)
    last = f"{market.days[-1]:%Y-%m-%d}"
    assert code == 0
    assert out.splitlines()[-2:] == [
        f"1 fold trained now, and kept in the recorder {predict('demo_rolling_incremental').source}",
        f"pred.pkl continued by 15 days, {market.days[-15]:%Y-%m-%d} .. {last}",
    ]
    code, out, _ = typed(command, capsys)
    assert out.splitlines()[-2:] == [
        "no fold is missing: nothing was trained",
        f"pred.pkl has {last} already: nothing was saved",
    ]


@pytest.mark.parametrize("at", [-18, None], ids=["a hole", "before the first"])
def test_a_day_that_pred_pkl_cannot_take_is_named(
    at: int | None, market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    market.use(market.whole)
    recorder = market.recorder("demo_gru")
    recorded = recorder.load_object("pred.pkl")
    days = recorded.index.unique("datetime")
    day = market.days[at] if at else market.days[market.days < days[0]][-1]
    recorded = recorded.drop(index=days.intersection([day]), level="datetime")
    recorder.save_objects(**{"pred.pkl": recorded})
    code, out, _ = typed(f"demo_gru --provider {market.whole} --date {day:%Y-%m-%d} --save", capsys)
    last = f"pred.pkl goes on after {days[-1]:%Y-%m-%d}: {day:%Y-%m-%d} is before, and was not saved"
    assert (code, out.splitlines()[-1]) == (0, last)
    pd.testing.assert_frame_equal(recorder.load_object("pred.pkl"), recorded, check_exact=True)


def test_quiet_is_one_line_without_bars(market: Market, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    command = [*("predict", "demo_gru", "--provider", str(market.whole), "--save", "--out", str(out)), "--quiet"]
    environment = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    done = subprocess.run(
        [sys.executable, "-m", "qlib_mfgru.cli", *command],
        capture_output=True,
        text=True,
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path), "MFGRU_CACHE": str(tmp_path / "panels")},
    )
    first, last = (f"{market.days[at]:%Y-%m-%d}" for at in (-15, -1))
    again = predict("demo_gru", provider=market.whole)
    n_scores, n_listed = len(pd.read_csv(out)), len(again.reasons)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"GRUModel, recorder {again.recorder}; "
        f"bars end on {last}: {n_scores} of {n_listed} listed stocks have a score; "
        f"pred.pkl continued by 15 days, {first} .. {last}; {n_scores} scores written to {out}\n"
    )


def test_names_are_on_the_screen_and_in_no_file(
    market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicting, "stock_names", lambda provider: {"SH600000": "浦发银行"})
    _, out, _ = typed(f"demo_gru --provider {market.whole}", capsys)
    assert "instrument    score     name" in out.splitlines()
    prediction = predict("demo_gru")
    assert dict(prediction.of_day[["instrument", "name"]].to_numpy())["SH600000"] == "浦发银行"
    assert list(prediction.table.columns) == ["datetime", "instrument", "score"]


def test_a_single_model_is_not_retrained_and_predicts(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = typed(f"demo_gru --provider {market.whole} --retrain", capsys)
    assert code == 0
    assert "nothing was trained: a qrun trains a single model again" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("nobody", "there is no recorder or experiment nobody in sqlite:///"),
        ("demo_gru --store sqlite:///other.db", "there is no store of experiments other.db: go to the folder"),
        ("demo_gru --provider absent", "there is no provider folder absent"),
        ("demo_gru --date 2020-10-25", "2020-10-25 is no trading day of the provider, whose days run from 2020-01-02"),
        ("demo_gru --date today", "date is 'today': must be a date such as 2020-01-31"),
        ("demo_gru --date 2020-01-03", "no stock can have a score on 2020-01-03: 37 no 15min bars on the day"),
        ("demo_gru --date '2020-10-26 10:00'", "date is '2020-10-26 10:00': must be a day, without a time"),
        ("demo_gru --out units", "units must end in .csv or .parquet"),
        ("demo_gru --last 0", "last is 0: must be at least 1"),
        ("demo_gru --out scores.txt", "scores.txt must end in .csv or .parquet"),
        ("demo_gru --out absent/scores.csv", "absent/scores.csv: there is no folder absent"),
        ("demo_rolling_incremental --date 2020-08-31", "days before the first fold's test, 2020-09-01"),
    ],
)
def test_errors_are_one_line(options: str, message: str, market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, error = typed(options, capsys)
    assert (code, out) == (2, "")
    assert error.startswith("mfgru: ")
    assert message in error
    assert "\n" not in error


class Wordless(Model):
    """Of somebody else, and raises what it likes."""

    def predict(self, dataset: object, segment: object = "test") -> None:
        raise KeyError


@pytest.fixture
def artifacts(market: Market) -> Path:
    """Of demo_gru's recorder; `market` undoes what is changed there."""
    market.use(market.whole)
    return Path(market.recorder("demo_gru").get_artifact_uri().removeprefix("file://"))


GRU = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": "15min"}}


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"a": 1}, "the params.pkl of the recorder {id} is a dict, which predicts nothing: run its model by qrun"),
        (LGBModel(), "the LGBModel of the recorder {id} does not predict its dataset: ValueError: model is not fitted"),
        (LinearModel(), "the LinearModel of the recorder {id} does not predict its dataset: ValueError: model is not"),
        (GRUModel(freq="15min"), "the GRUModel of the recorder {id} does not predict its dataset: RuntimeError: GRU"),
        (RollingEnsembleModel(GRU), "the RollingEnsembleModel of GRUModel of the recorder {id} does not predict its"),
        (Wordless(), "the Wordless of the recorder {id} does not predict its dataset: KeyError: no reason is given"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_model_that_cannot_predict_is_named(
    model: Any, message: str, artifacts: Path, market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    (artifacts / "params.pkl").write_bytes(pickle.dumps(model))
    for more in ("", "--save"):
        code, out, error = typed(f"demo_gru --provider {market.whole} {more}", capsys)
        assert (code, out) == (2, "")
        assert error.startswith(f"mfgru: {message.format(id=artifacts.parent.name)}")
        assert "\n" not in error


@pytest.mark.parametrize("name", ["params.pkl", "pred.pkl", "dataset", "config"])
def test_a_damaged_artifact_is_named(
    name: str, artifacts: Path, market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    content = (artifacts / name).read_bytes()
    for left in (0, len(content) // 2):
        (artifacts / name).write_bytes(content[:left])
        code, out, error = typed("demo_gru --save", capsys)
        assert (code, out) == (2, "")
        begin = f"mfgru: the {name} of the recorder {artifacts.parent.name} is damaged or of another installation ("
        assert error.startswith(begin)
        assert "\n" not in error
        assert (artifacts / name).read_bytes() == content[:left]


def test_an_artifact_that_is_not_there_is_named(
    artifacts: Path, market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    (artifacts / "pred.pkl").unlink()
    _, _, error = typed("demo_gru --save", capsys)
    missing = f"mfgru: the recorder {artifacts.parent.name} has no pred.pkl: run a SignalRecord, which saves it"
    assert error == missing


def test_a_folder_in_the_place_of_the_scores_is_named(
    market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scores.csv").mkdir()
    code, _, error = typed(f"demo_gru --out {tmp_path}/scores.csv", capsys)
    assert (code, error) == (2, f"mfgru: {tmp_path}/scores.csv is a folder: name a file")
