"""Every query through the real client library, against the truth and against the demo's own provider."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from demo.baostock.conftest import Ask
from demo.conftest import INTRADAY_DAYS, N_DAYS, Reader
from qlib_mfgru.demo.baostock import Server, VendorMarket
from qlib_mfgru.demo.baostock.known import SECTORS
from qlib_mfgru.demo.universe import INDUSTRIES

SPAN = ("2013-01-01", "2030-12-31")
DAILY = "date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,peTTM,isST"
MINUTE = "date,time,code,open,high,low,close,volume,amount,adjustflag"
PRICES = ["open", "high", "low", "close"]


def ours(code: str) -> str:
    return code.replace(".", "").upper()


def numbers(text: pd.Series) -> np.ndarray:
    return pd.to_numeric(text.replace("", np.nan)).to_numpy(dtype=float)


@pytest.fixture(scope="module")
def suspended(vendor: VendorMarket) -> str:
    """A stock with suspended days and an adjustment event."""
    found = (code for code in vendor.stocks if not vendor.daily(code)["traded"].all() and len(vendor.events(code)))
    return next(found)


def bars_of(ask: Ask, code: str, frequency: str = "d", flag: str = "3", span: tuple[str, str] = SPAN) -> pd.DataFrame:
    fields = DAILY if frequency == "d" else MINUTE
    return ask("query_history_k_data_plus", code, fields, *span, frequency=frequency, adjustflag=flag)


def test_daily_rows_are_the_truth(ask: Ask, vendor: VendorMarket, suspended: str) -> None:
    got, truth = bars_of(ask, suspended), vendor.daily(suspended)
    assert list(got["date"]) == [f"{day:%Y-%m-%d}" for day in truth.index]
    assert set(got["code"]) == {suspended}
    assert set(got["adjustflag"]) == {"3"}
    for name in (*PRICES, "preclose", "volume", "amount", "turn", "pctChg"):
        np.testing.assert_array_equal(numbers(got[name]), truth[name].to_numpy(dtype=float), err_msg=name)
    np.testing.assert_array_equal(got["tradestatus"] == "1", truth["traded"])
    np.testing.assert_array_equal(got["isST"] == "1", truth["is_st"])
    halted = got[got["tradestatus"] == "0"]
    assert len(halted)
    assert (halted[["volume", "amount", "turn", "pctChg"]] == "").all(axis=None)
    assert (halted[PRICES].to_numpy() == halted[["close"]].to_numpy()).all()


def test_daily_rows_make_the_demos_provider(ask: Ask, vendor: VendorMarket, small: Reader, suspended: str) -> None:
    """Raw prices times the events' factors; float shares from the turnover."""
    got = bars_of(ask, suspended).set_index("date")
    events = ask("query_adjust_factor", suspended, *SPAN).set_index("dividOperateDate")["backAdjustFactor"]
    factor = events.astype(float).reindex(got.index).ffill().fillna(1.0).to_numpy()
    traded = (got["tradestatus"] == "1").to_numpy()
    within = slice(*np.add(vendor.listing(suspended), [0, 1]))
    for name in PRICES:
        adjusted = np.where(traded, numbers(got[name]) * factor, np.nan)
        np.testing.assert_allclose(adjusted, small(name)[ours(suspended)].iloc[within], rtol=1e-6)
    volume = np.nan_to_num(numbers(got["volume"])) / factor
    np.testing.assert_allclose(volume, small("volume")[ours(suspended)].iloc[within], rtol=1e-6)
    np.testing.assert_allclose(numbers(got["amount"])[traded], small("amount")[ours(suspended)].iloc[within][traded])
    shares = numbers(got["volume"]) / numbers(got["turn"]) * 100
    cap = small("market_cap")[ours(suspended)].iloc[within].to_numpy()
    np.testing.assert_allclose((shares * numbers(got["close"]))[traded], cap[traded], rtol=1e-5)


def test_minute_bars_are_the_demos(ask: Ask, vendor: VendorMarket, small: Reader, suspended: str) -> None:
    got, factor = bars_of(ask, suspended, "15"), vendor.factor(suspended)
    ends = pd.to_datetime(got["time"].str[:14])
    assert (got["time"].str[14:] == "000").all()
    assert (got["date"] == ends.dt.strftime("%Y-%m-%d")).all()
    traded = small("volume", "15min")[ours(suspended)].groupby(lambda end: end.normalize()).transform("sum") > 0
    truth = small("close", "15min")[ours(suspended)][traded]
    assert list(ends) == list(truth.index)
    assert 0 < len(truth) < 16 * INTRADAY_DAYS
    scale = factor.reindex(ends.dt.normalize()).to_numpy()
    np.testing.assert_allclose(numbers(got["close"]) * scale, truth, rtol=1e-6)
    for name in ("volume", "amount"):
        values = numbers(got[name]) / (scale if name == "volume" else 1)
        np.testing.assert_allclose(values, small(name, "15min")[ours(suspended)][traded], rtol=1e-6)


def test_adjusted_prices(ask: Ask, vendor: VendorMarket, suspended: str) -> None:
    """Backward prices begin as raw ones, forward prices end as raw ones."""
    raw, back, fore = (numbers(bars_of(ask, suspended, flag=flag)["close"]) for flag in "312")
    factor = vendor.factor(suspended).to_numpy()
    np.testing.assert_allclose(back, raw * factor, atol=5.1e-5)
    np.testing.assert_allclose(fore, raw * factor / factor[-1], atol=5.1e-5)
    assert raw[0] == back[0]
    assert raw[-1] == fore[-1]
    bars = bars_of(ask, suspended, "60", "1")
    assert float(bars["close"].iloc[-1]) == back[np.flatnonzero(vendor.daily(suspended)["traded"])[-1]]


def test_events(ask: Ask, vendor: VendorMarket) -> None:
    """Each is the ratio of the last close and what the exchange made of it."""
    for code in vendor.stocks[:12]:
        got, daily = ask("query_adjust_factor", code, *SPAN), vendor.daily(code)
        moved = daily["preclose"].iloc[1:].to_numpy() != daily["close"].iloc[:-1].to_numpy()
        assert list(got["dividOperateDate"]) == [f"{day:%Y-%m-%d}" for day in daily.index[1:][moved]]
        ratios = (daily["close"].to_numpy()[:-1] / daily["preclose"].to_numpy()[1:])[moved]
        np.testing.assert_allclose(numbers(got["backAdjustFactor"]), np.cumprod(ratios), atol=5.1e-7)
        assert (got["foreAdjustFactor"].iloc[-1:] == "1.000000").all()


def test_dividends_explain_the_ex_rights_price(ask: Ask, vendor: VendorMarket, suspended: str) -> None:
    got = ask("query_dividend_data", suspended, "2020", "operate")
    daily = vendor.daily(suspended)
    assert len(got)
    for _, row in got.iterrows():
        at = daily.index.get_loc(pd.Timestamp(row["dividOperateDate"]))
        cash, bonus = float(row["dividCashPsBeforeTax"]), float(row["dividStocksPs"])
        ex_rights = (daily["close"].iloc[at - 1] - cash) / (1 + bonus)
        assert abs(ex_rights - daily["preclose"].iloc[at]) < 0.0051


def test_levels(ask: Ask, small_market: Path) -> None:
    got = bars_of(ask, "sh.000905")
    assert len(got) == N_DAYS
    for name in (*PRICES, "volume", "amount"):
        truth = np.fromfile(small_market / f"features/sh000905/{name}.day.bin", dtype="<f4")[1:]
        np.testing.assert_allclose(numbers(got[name]), truth, rtol=1e-6)
    assert (got["preclose"].iloc[1:].to_numpy() == got["close"].iloc[:-1].to_numpy()).all()
    assert bars_of(ask, "sh.000905", "15").empty


def test_calendar(ask: Ask, vendor: VendorMarket) -> None:
    """Weekends too; to the end of the year, whatever is asked."""
    got = ask("query_trade_dates", *SPAN)
    days = pd.DatetimeIndex(got["calendar_date"][got["is_trading_day"] == "1"])
    assert list(days[:N_DAYS]) == list(vendor.days)
    assert got["calendar_date"].iloc[0] == "2020-01-02"
    assert got["calendar_date"].iloc[-1] == "2020-12-31"
    assert len(got) == 365


def test_securities(ask: Ask, vendor: VendorMarket, small: Reader) -> None:
    basics = ask("query_stock_basic")
    stocks = basics[basics["type"] == "1"].set_index("code")
    assert set(stocks.index) == set(vendor.stocks)
    assert set(basics["code"][basics["type"] == "2"]) == {"sh.000300", "sh.000905", "sh.000852", "sz.399303"}
    for code, stock in stocks.iterrows():
        first, last = vendor.listing(str(code))
        assert stock["ipoDate"] == f"{vendor.days[first]:%Y-%m-%d}"
        assert stock["outDate"] == (f"{vendor.days[last + 1]:%Y-%m-%d}" if last < N_DAYS - 1 else "")
        assert stock["status"] == ("0" if stock["outDate"] else "1")
    assert (stocks["status"] == "0").sum() == 1
    assert list(ask("query_stock_basic", code="sh.688001")["code"]) == ["sh.688001"]
    assert list(ask("query_stock_basic", code_name="300001")["code"]) == ["sz.300001"]

    day = 100
    there = ask("query_all_stock", f"{vendor.days[day]:%Y-%m-%d}").set_index("code").drop(list(vendor.indices))
    listed = [code for code in vendor.stocks if vendor.listing(code)[0] <= day <= vendor.listing(code)[1]]
    assert sorted(there.index) == sorted(listed)
    volume, is_st = (small(name).iloc[day] for name in ("volume", "is_st"))
    for code, stock in there.iterrows():
        assert stock["tradeStatus"] == str(int(volume[ours(str(code))] > 0))
        assert stock["code_name"].startswith("*ST") == bool(is_st[ours(str(code))])
    assert ask("query_all_stock", "2020-01-04").empty


def test_industries(ask: Ask, small: Reader) -> None:
    """A letter each, in the order of the demo's codes, so that an ingest finds the same codes."""
    got = ask("query_stock_industry").set_index("code")["industry"]
    truth = small("industry").max()
    assert len(got) == len(truth)
    assert {code: ord(name[0]) - ord("A") + 1 for code, name in got.items()} == {
        code: int(truth[ours(code)]) for code in got.index
    }
    assert len(SECTORS) == len(INDUSTRIES)
    assert list(ask("query_stock_industry", code="sz.000001", date="2020-03-02")["code"]) == ["sz.000001"]


@pytest.mark.parametrize(
    ("query", "market"), [("query_hs300_stocks", "csi300"), ("query_zz500_stocks", "csi500"), ("query_sz50_stocks", "")]
)
def test_members(ask: Ask, vendor: VendorMarket, small: Reader, query: str, market: str) -> None:
    """On days around the June reconstitution, and on a Sunday."""
    weights = small(f"{market or 'csi300'}_weight")
    for date in ("2020-01-02", "2020-06-12", "2020-06-14", "2020-06-15", "2020-08-03"):
        got, day = ask(query, date), vendor.days.searchsorted(pd.Timestamp(date), side="right") - 1
        inside = weights.columns[weights.iloc[day] > 0]
        wanted = {code for code in inside if market or code.startswith("SH")}
        assert {ours(code) for code in got["code"]} == wanted
        assert set(got["updateDate"]) == {f"{vendor.days[day]:%Y-%m-%d}"}
    assert ask(query, "2019-12-31").empty


def test_all_stocks_of_one_day(ask: Ask, vendor: VendorMarket) -> None:
    date = f"{vendor.days[110]:%Y-%m-%d}"
    got = ask("query_daily_history_k_AStock", date)
    single = pd.concat([bars_of(ask, code, span=(date, date)) for code in vendor.stocks], ignore_index=True)
    pd.testing.assert_frame_equal(got[DAILY.split(",")], single)
    events = ask("query_daily_adjust_factor", f"{vendor.events('sh.600000').index[0]:%Y-%m-%d}")
    assert "sh.600000" in set(events["code"])
    assert ask("query_daily_history_k_ETF", date).empty


def test_a_thing_that_does_not_exist(ask: Ask, client: ModuleType, server: Server) -> None:
    assert bars_of(ask, "sh.999999").empty
    wrong = client.query_history_k_data_plus("sh.600000", "date,nonsense", *SPAN)
    assert (wrong.error_code, wrong.data) == ("10004012", [])
    assert client.query_history_k_data_plus("sh.600000", "date", *SPAN, frequency="7").error_code == "10004006"
    assert client.query_trade_dates("nonsense", "2020-01-01").error_code == "10004006"
    assert client.query_profit_data("sh.600000", 2020, 1).error_code == "10004020"
    assert [each.outcome for each in server.asked[-3:]] == ["10004012", "10004006", "10004006"]
