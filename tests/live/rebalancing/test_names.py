"""What stocks are called: by the broker's list, else by what `collect` keeps; and columns stay straight."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from unicodedata import east_asian_width

import pandas as pd
import pytest

from live.rebalancing.four_stocks import BSE, DAY, LIMITS, MAIN, STAR, SZ, scores, start, write
from qlib_mfgru.live import RebalancePlan, rebalance
from qlib_mfgru.live.names import stock_names
from qlib_mfgru.live.rebalancing.page import text, write_orders, write_weights

NAMES = {MAIN: "浦发银行", SZ: "万科Ａ", STAR: "华兴源创", "SZ000002": "no share here"}
LIST = pd.DataFrame({"证券代码": ["600000", "920001"], "证券名称": ["的旧名称", ""], "股票余额": [1000, 300]})


@pytest.fixture
def provider(tmp_path: Path) -> Path:
    """Made, as it says, from a folder of `collect`."""
    provider, data = write(tmp_path / "provider"), tmp_path / "data"
    data.mkdir()
    pd.DataFrame({"symbol": list(NAMES), "name": list(NAMES.values())}).to_parquet(data / "universe.parquet")
    (provider / "state").mkdir()
    (provider / "state/state.json").write_text(json.dumps({"source": str(data)}))
    start(provider)
    return provider


def plan_of(**options: object) -> RebalancePlan:
    return rebalance(scores=scores(), date=DAY, config=LIMITS, **options)


def test_orders_and_weights_name_stocks_that_are_bought(provider: Path) -> None:
    plan = plan_of(cash=100_000.0)
    for frame in (plan.orders, plan.weights):
        assert dict(frame[["instrument", "name"]].to_numpy()) == {
            **{MAIN: "浦发银行", SZ: "万科Ａ", STAR: "华兴源创"},
            BSE: "",
        }
    assert " 万科Ａ " in repr(plan)


def test_the_brokers_own_name_goes_before(provider: Path) -> None:
    plan = plan_of(cash=100_000.0, holdings=LIST)
    names = dict(plan.weights[["instrument", "name"]].to_numpy())
    assert names == {MAIN: "的旧名称", SZ: "万科Ａ", STAR: "华兴源创", BSE: ""}


def test_excel_reads_names_of_a_csv_file(provider: Path, tmp_path: Path) -> None:
    """It takes UTF-8 for the system's encoding unless the file begins with a mark."""
    plan = plan_of(cash=100_000.0)
    write_orders(plan, tmp_path / "orders.csv")
    write_weights(plan, tmp_path / "weights.csv")
    for name in ("orders", "weights"):
        assert (tmp_path / f"{name}.csv").read_bytes().startswith(codecs.BOM_UTF8)
        table = pd.read_csv(tmp_path / f"{name}.csv")
        assert "万科Ａ" in set(table["name"])
        assert "\ufeff" not in "".join(table.columns)


def test_columns_are_straight(provider: Path) -> None:
    """Each row of the orders has its side, right-aligned, in the same columns of the terminal."""
    for printed in (text(plan_of(cash=100_000.0)), repr(plan_of(cash=100_000.0))):
        lines = printed.splitlines()
        start = next(at for at, line in enumerate(lines) if " name " in line.lower())
        rows = [line for line in lines[start + 1 :] if " buy " in line]
        ends = {_width(line[: line.index(" buy ") + 4]) for line in rows}
        assert len(rows) >= 3
        assert ends == {_width(lines[start][: lines[start].lower().index(" side ") + 5])}


def _width(line: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


@pytest.mark.parametrize("fault", ["no state", "no folder", "no file", "damaged"])
def test_without_names_there_are_none(fault: str, provider: Path) -> None:
    universe = provider.parent / "data/universe.parquet"
    assert stock_names(provider) == NAMES
    if fault == "no state":
        (provider / "state/state.json").unlink()
    elif fault == "no folder":
        (provider / "state/state.json").write_text(json.dumps({"source": str(provider / "absent")}))
    elif fault == "no file":
        universe.unlink()
    else:
        universe.write_bytes(universe.read_bytes()[:40])
    assert stock_names(provider) == {}
    assert set(plan_of(cash=100_000.0).orders["name"]) == {""}
