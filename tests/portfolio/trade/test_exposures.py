"""Realised exposures against plain loops, on a market of six stocks and three days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import MarketSnapshot
from qlib_mfgru.portfolio.trade.exposures import realised
from qlib_mfgru.provider import ASHARE

DAYS = pd.DatetimeIndex(["2022-03-01", "2022-03-02", "2022-03-03"])
STOCKS = ["SH600000", "SH600001", "SH600002", "SZ000001", "SZ000002", "SZ000004"]


def snapshot() -> MarketSnapshot:
    """SH600002 has no industry and is suspended on the second day; SZ000004 is never in the index."""
    random = np.random.default_rng(0)
    close = 10 + random.random((3, 6)).astype(np.float32)
    close[1, 2] = np.nan
    member = np.ones((3, 6), dtype=bool)
    member[:, 5] = False
    fields = {
        "close": close,
        "factor": np.ones((3, 6), np.float32),
        "volume": np.full((3, 6), 100, np.float32),
        "industry": np.tile(np.array([1, 1, np.nan, 2, 2, 3], np.float32), (3, 1)),
        "is_st": np.zeros((3, 6), np.float32),
        "market_cap": close * np.array([5, 4, 3, 2, 1, 9], np.float32),
        "beta": random.random((3, 6)).astype(np.float32),
        "csi300_weight": np.tile(np.array([0.3, 0.2, 0.2, 0.1, 0.2, 0], np.float32), (3, 1)),
        "limit_up": 1.1 * close,
        "limit_down": 0.9 * close,
    }
    return MarketSnapshot("csi300", "drifted", DAYS, STOCKS, member, fields, ("market_cap", "beta"), ASHARE)


def positions() -> pd.DataFrame:
    """Shares of the account; nothing is held on the first day, and SZ000001 is sold out on the third."""
    weights = {
        "2022-03-02": {"SZ000004": 0.10, "SH600000": 0.40, "SZ000001": 0.30, "SH600002": 0.15},
        "2022-03-03": {"SH600000": 0.45, "SH600001": 0.25, "SZ000001": 0.0, "SH600002": 0.28},
    }
    rows = {(pd.Timestamp(day), code): w for day, held in weights.items() for code, w in held.items()}
    index = pd.MultiIndex.from_tuples(rows, names=["datetime", "instrument"])
    return pd.DataFrame({"weight": list(rows.values())}, index)


@pytest.mark.parametrize("date", ["2022-03-02", "2022-03-03"])
def test_against_loops(date: str) -> None:
    view, held = snapshot().known_at(pd.Timestamp(date)), positions().loc[date, "weight"]
    invested = sum(held)
    active, inside, industries, scores = [], 0.0, dict.fromkeys(["1", "2", "3", "unknown"], 0.0), [0.0, 0.0]
    for i, code in enumerate(STOCKS):
        weight = held.get(code, 0.0) / invested
        active.append(weight - view.weight[i])
        inside += weight * (code != "SZ000004")
        industries[["1", "1", "unknown", "2", "2", "3"][i]] += active[i]
        for j, name in enumerate(("market_cap", "beta")):
            scores[j] += active[i] * view.exposures[name][i]
    row = realised(snapshot(), positions()).loc[date]
    assert row["names"] == {"2022-03-02": 4, "2022-03-03": 3}[date]
    assert row["cash"] == pytest.approx({"2022-03-02": 0.05, "2022-03-03": 0.02}[date])
    assert row["constituent_weight"] == pytest.approx(inside)
    assert row["max_deviation"] == pytest.approx(max(abs(a) for a in active))
    assert row["max_industry_exposure"] == pytest.approx(max(abs(a) for a in industries.values()))
    assert row["active_share"] == pytest.approx(sum(abs(a) for a in active) / 2)
    assert row[["market_cap", "beta"]].tolist() == pytest.approx(scores)


def test_one_row_a_day_with_holdings() -> None:
    rows = realised(snapshot(), positions())
    assert rows.index.strftime("%Y-%m-%d").tolist() == ["2022-03-02", "2022-03-03"]
    assert rows.index.name == "datetime"
    assert realised(snapshot(), positions().iloc[:0]).columns.tolist() == rows.columns.tolist()


def test_the_index_itself_has_no_exposure() -> None:
    market = snapshot()
    index = pd.MultiIndex.from_product([DAYS[2:], STOCKS], names=["datetime", "instrument"])
    held = pd.DataFrame({"weight": 0.9 * market.known_at(DAYS[2]).weight}, index)
    row = realised(market, held).iloc[0]
    assert row["constituent_weight"] == pytest.approx(1.0)
    assert row["cash"] == pytest.approx(0.1)
    zero = ["max_deviation", "max_industry_exposure", "active_share", "market_cap", "beta"]
    np.testing.assert_allclose(row[zero].astype(float), 0.0, atol=1e-15)


def test_a_stock_that_the_market_lacks_is_named() -> None:
    other = positions().rename(index={"SH600001": "SH600999"}, level="instrument")
    with pytest.raises(InputError, match="SH600999 is held on 2022-03-03"):
        realised(snapshot(), other)
