"""Bars of other frequencies agree with the demo market's, and pages with the whole."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from demo.baostock.conftest import Ask, rows_of
from qlib_mfgru.demo.baostock import Server, VendorMarket

SPAN = ("2013-01-01", "2030-12-31")
FIELDS = "time,open,high,low,close,volume,amount"
RULES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "amount": "sum"}


def merged(bars: pd.DataFrame, stamps: pd.DatetimeIndex) -> pd.DataFrame:
    """Bars joined to those that end at `stamps`, in order: a slow reference."""
    at = stamps[stamps.searchsorted(bars.index)]
    return bars.groupby(at).agg(RULES)


@pytest.mark.parametrize(("fine", "coarse"), [("5", "15"), ("5", "30"), ("15", "60"), ("30", "60")])
def test_frequencies_agree(vendor: VendorMarket, fine: str, coarse: str) -> None:
    for code in vendor.stocks[::7]:
        joined, direct = (vendor.minutes(code, each) for each in (fine, coarse))
        pd.testing.assert_frame_equal(merged(joined, direct.index), direct, check_freq=False, rtol=0, atol=0)


def test_the_day_is_its_bars(vendor: VendorMarket) -> None:
    for code in vendor.stocks[::7]:
        bars, days = vendor.minutes(code, "5"), vendor.daily(code).iloc[:, :7].drop(columns="preclose")
        days = days[vendor.daily(code)["traded"]]
        joined = bars.groupby(bars.index.normalize()).agg(RULES)
        pd.testing.assert_frame_equal(joined, days.loc[joined.index], check_freq=False, check_dtype=False, rtol=0)


def test_stamps_of_a_day(vendor: VendorMarket) -> None:
    ends = {
        frequency: vendor.minutes("sh.600000", frequency).index[:each].strftime("%H:%M")
        for frequency, each in {"5": 48, "15": 16, "30": 8, "60": 4}.items()
    }
    assert list(ends["60"]) == ["10:30", "11:30", "14:00", "15:00"]
    assert list(ends["30"]) == ["10:00", "10:30", "11:00", "11:30", "13:30", "14:00", "14:30", "15:00"]
    assert [ends["15"][at] for at in (0, 7, 8, 15)] == ["09:45", "11:30", "13:15", "15:00"]
    assert [ends["5"][at] for at in (0, 23, 24, 47)] == ["09:35", "11:30", "13:05", "15:00"]


def test_each_bar_is_possible(vendor: VendorMarket) -> None:
    """Prices in whole cents, the average between high and low, nothing traded at an unchanged price."""
    for code in vendor.stocks:
        bars = vendor.minutes(code, "5")
        inner = bars[["open", "close"]]
        assert (inner.max(axis=1) <= bars["high"]).all()
        assert (inner.min(axis=1) >= bars["low"]).all()
        traded = bars[bars["volume"] > 0]
        vwap = traded["amount"] / traded["volume"]
        assert ((vwap >= traded["low"] - 1e-9) & (vwap <= traded["high"] + 1e-9)).all()
        assert (bars["volume"] % 100 == 0).all()
        quiet = bars[bars["volume"] == 0]
        assert (quiet["amount"] == 0).all()
        assert (quiet[["open", "high", "low"]].to_numpy() == quiet[["close"]].to_numpy()).all()


def test_pages(ask: Ask, client: ModuleType, server: Server, vendor: VendorMarket) -> None:
    """The library asks for 2,000 rows a page, and for one more where the last is full."""
    got = ask("query_history_k_data_plus", "sh.600000", FIELDS, *SPAN, frequency="5")
    truth = vendor.minutes("sh.600000", "5")
    assert len(got) == len(truth) == 5760
    assert list(got["time"]) == list(truth.index.strftime("%Y%m%d%H%M%S000"))
    np.testing.assert_array_equal(got["amount"].astype(float), truth["amount"])
    assert server.counts["query_history_k_data_plus"] == 3
    assert not server.repeated()


def test_more_than_ten_thousand_rows(client: ModuleType, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that asks for larger pages gets no more than 10,000 rows on one; a full last page, an empty one."""
    contants = pytest.importorskip("baostock.common.contants")
    vendor = VendorMarket.of(n_stocks=20, n_days=250, intraday_days=250)
    monkeypatch.setattr(server, "market", vendor)
    server.today = vendor.days[-1]
    client.login()
    monkeypatch.setattr(contants, "BAOSTOCK_PER_PAGE_COUNT", 10_000)
    wanted = vendor.minutes("sh.600000", "5")
    assert len(wanted) > 10_000
    got = rows_of(client.query_history_k_data_plus("sh.600000", "time", *SPAN, frequency="5"))
    assert list(got["time"]) == list(wanted.index.strftime("%Y%m%d%H%M%S000"))
    assert server.counts["query_history_k_data_plus"] == 2

    monkeypatch.setattr(contants, "BAOSTOCK_PER_PAGE_COUNT", len(wanted) // 3)
    server.asked.clear()
    again = rows_of(client.query_history_k_data_plus("sh.600000", "time", *SPAN, frequency="5"))
    pd.testing.assert_frame_equal(again, got)
    assert server.counts["query_history_k_data_plus"] == 4
