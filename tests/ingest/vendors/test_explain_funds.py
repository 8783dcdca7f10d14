"""--explain on funds, whose prices are tenths of a cent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from qlib_mfgru.ingest.explain import explain

from .market import PRICES, Market


@pytest.fixture(scope="module")
def market() -> Market:
    return Market.make()


def saved(rows: pd.DataFrame, path: Path) -> Path:
    rows.to_csv(path, index=False)
    return path


def fund(market: Market) -> pd.DataFrame:
    """Daily rows of a fund, whose prices are tenths of a cent, and which pays 0.004 on its second day."""
    rows = market.daily[market.daily["symbol"] == "600000"].drop(columns=["name", "is_st", "factor"])
    close = pd.Series([4.012, 3.987, 4.003, 3.998, 4.021], rows.index)
    prev_close = close.shift().fillna(4.012) - np.array([0, 0.004, 0, 0, 0])
    prices = dict.fromkeys(PRICES, close)
    return rows.assign(symbol="510300", **prices, amount=rows["volume"] * close, prev_close=prev_close)


def test_funds_say_nothing_of_whole_cents(market: Market, tmp_path: Path) -> None:
    shares = market.daily.drop(columns=["name", "is_st", "factor", "prev_close"])
    rows = pd.concat([shares, fund(market).drop(columns="prev_close")])
    factors = saved(market.daily[["symbol", "date", "factor"]], tmp_path / "f.csv")
    found = explain([saved(rows, tmp_path / "d.csv"), factors])
    assert yaml.safe_load(found.mapping)["daily"]["prices"] == "raw"
    assert "prices       raw: 100.0% of the closes are whole cents" in str(found)


def test_the_payouts_of_a_fund_alone(market: Market, tmp_path: Path) -> None:
    found = explain([saved(fund(market), tmp_path / "d.csv")])
    section = yaml.safe_load(found.mapping)["daily"]
    assert (section["prices"], section["factor"]) == ("raw", "from_prev_close")
    assert "raw: no closes of shares to judge by, which are whole cents where they are raw" in str(found)
    assert "on 1 days it is not the close of the day before" in str(found)
