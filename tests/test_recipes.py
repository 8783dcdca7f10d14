"""docs/extend.md: every recipe is at most 40 lines a file, and runs through qlib's workflow as it is written."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import blank_charts
import pandas as pd
import pytest
import yaml
from ingest.vendor import make_bars, make_daily, write
from once import empty_store
from qlib.cli.run import workflow
from qlib.data import D
from qlib.utils.data import update_config
from qlib.workflow import R
from shipped import CONFIGS

from qlib_mfgru.cli import main
from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.demo.venue.calendar import trading_days
from qlib_mfgru.report import style

LONGEST = 40
_BLOCK = re.compile(r"```\w+\n# file: (\S+)\n(.*?)```", re.DOTALL)


class Recipe(NamedTuple):
    """A section of docs/extend.md: its heading and its files by name."""

    heading: str
    files: dict[str, str]


def recipes() -> list[Recipe]:
    sections = re.split(r"^## ", (CONFIGS.parent / "docs/extend.md").read_text(), flags=re.MULTILINE)[1:]
    return [Recipe(text.splitlines()[0], dict(_BLOCK.findall(text))) for text in sections]


RECIPES = {recipe.heading: recipe for recipe in recipes()}
SMALLER: dict[str, Any] = {
    "task": {
        "model": {"kwargs": {"max_epochs": 1, "batch_size": 500}},
        "dataset": {
            "kwargs": {
                "segments": {"train": ["2020-05-06", "2020-08-31"], "test": ["2020-09-01", "2020-09-30"]},
                "handler": {"kwargs": {"cache_dir": "panels"}},
            }
        },
    }
}
"""What makes the shipped demo's base quick: a recipe's own settings go before these."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market") / "provider"
    make_demo_market(folder, 100, 200, intraday_days=150, seed=0)
    return folder


@pytest.fixture
def kitchen(market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a base for recipes, where they are run; what they put on Python's path is gone afterwards."""
    base = update_config(yaml.safe_load((CONFIGS / "demo/demo_base.yaml").read_text()), SMALLER)
    backtest = base["task"]["record"][-1]["kwargs"]["config"]["backtest"]
    backtest |= {"start_time": "2020-09-01", "end_time": "2020-09-30"}
    # a relative address would be that of the first recipe's store for all that one process runs
    base["qlib_init"]["exp_manager"]["kwargs"]["uri"] = f"sqlite:///{tmp_path}/mlruns.db"
    (tmp_path / "demo_base.yaml").write_text(yaml.safe_dump(base))
    monkeypatch.setenv("MFGRU_DEMO_PROVIDER", str(market))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(style, "save", blank_charts.save)  # a recipe's own tables and constraints are looked at
    empty_store(tmp_path / "mlruns.db")
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == tmp_path:
            del sys.modules[name]


def cook(heading: str, kitchen: Path) -> dict[str, Any]:
    """Write a recipe's files and run its workflow; what the recorder then holds."""
    files = RECIPES[heading].files
    for name, text in files.items():
        (kitchen / name).write_text(text)
    (name,) = (name for name in files if "BASE_CONFIG_PATH" in files[name])
    workflow(name)
    (recorder,) = R.list_recorders(experiment_name="mfgru_demo").values()
    return {
        "recorder": recorder,
        "score": recorder.load_object("pred.pkl")["score"],
        "model": recorder.load_object("params.pkl"),
        "dataset": recorder.load_object("dataset"),
    }


def test_the_eight_recipes_are_there_and_short() -> None:
    assert len(RECIPES) == 8
    lengths = {name: text.count("\n") + 1 for recipe in RECIPES.values() for name, text in recipe.files.items()}
    assert lengths
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_a_tcn_stops_by_the_rank_ic(kitchen: Path) -> None:
    done = cook("A TCN", kitchen)
    assert type(done["model"].net).__name__ == "TCN"
    assert {"epochs/stage1_train_rank_ic", "valid_rank_ic"} <= done["recorder"].list_metrics().keys()
    assert done["score"].groupby(level="datetime").nunique().min() > 1


def test_a_transformer(kitchen: Path) -> None:
    done = cook("A Transformer", kitchen)
    assert done["model"].net.places["day"].shape == (40, 16)
    assert done["score"].groupby(level="datetime").nunique().min() > 1


def test_a_loss_of_ones_own(kitchen: Path) -> None:
    done = cook("A RankIC loss", kitchen)
    assert done["model"].settings.loss["class"] == "PairLoss"
    assert done["score"].groupby(level="datetime").nunique().min() > 1


def test_a_seventh_field(kitchen: Path) -> None:
    done = cook("A seventh field", kitchen)
    assert done["model"].net.encoders[0].gru.input_size == 7
    assert done["score"].groupby(level="datetime").nunique().min() > 1


def test_five_minute_bars(kitchen: Path) -> None:
    days = trading_days("2020-01-01", 190)
    bars = make_bars([f"{600000 + number}" for number in range(24)], days, "5min")
    write(kitchen / "my_files", bars, make_daily(bars))
    files = RECIPES["Five-minute bars"].files
    (kitchen / "five_minute_mapping.yaml").write_text(files["five_minute_mapping.yaml"])
    command = ["ingest", "five_minute_mapping.yaml", "--source", "my_files", "--target", "five_minute_market"]
    assert main(command) == 0
    done = cook("Five-minute bars", kitchen)
    assert done["dataset"].handler.cross_section("2020-09-01").features["5min"].shape == (24, 20 * 48, 6)
    assert len(done["score"]) == 24 * 22


def test_a_constraint_of_ones_own(kitchen: Path) -> None:
    recorder = cook("A constraint of your own", kitchen)["recorder"]
    rebalances = pd.read_csv(next(kitchen.glob("mlruns/*/*/artifacts/index_enhancement/rebalances.csv")))
    assert (rebalances["relaxed.traded_amount_floor"] == 0).all()
    assert set(rebalances["status"]) <= {"solved", "forced", "relaxed"}
    assert {f"CSI500.{limit}.annual_excess" for limit in (0.3, 0.4, 0.5)} <= recorder.list_metrics().keys()


def test_a_table_of_ones_own(kitchen: Path) -> None:
    recorder = cook("A table of your own in the factor test", kitchen)["recorder"]
    (folder,) = kitchen.glob("mlruns/*/*/artifacts/factor_test")
    ic = recorder.load_object("factor_test/ic.pkl")
    table = pd.read_csv(folder / "rank_ic_by_year.csv").set_index("pool")
    assert list(table.columns) == ["2020"]
    for pool, value in table["2020"].items():
        assert value == pytest.approx(ic[str(pool).lower(), "rank_ic"].mean())
    assert "## Mean RankIC by year" in (folder / "factor_test.md").read_text()


def test_a_vwap_label(kitchen: Path) -> None:
    label = cook("A vwap-to-vwap label", kitchen)["recorder"].load_object("label.pkl")["LABEL0"]
    codes = list(label.index.unique("instrument"))
    vwap = D.features(codes, ["$vwap"], freq="day")["$vwap"].groupby(level="instrument")
    wanted = (vwap.shift(-11) / vwap.shift(-1) - 1).swaplevel().reindex(label.index)
    assert label.notna().sum() > 500
    pd.testing.assert_series_equal(label, wanted, check_names=False, check_dtype=False, rtol=1e-5)
