"""The vendor knows nothing of the days after today, and learns of them day by day."""

from __future__ import annotations

import pandas as pd
import pytest

from demo.baostock.conftest import Ask
from qlib_mfgru.demo.baostock import Server, VendorMarket
from qlib_mfgru.demo.baostock.__main__ import _known

SPAN = ("2013-01-01", "2030-12-31")
MINUTE = "date,time,code,open,high,low,close,volume,amount"


def played(vendor: VendorMarket, ask: Ask, code: str) -> dict[str, pd.DataFrame]:
    return {
        "day": ask("query_history_k_data_plus", code, "date,open,close,preclose,turn,isST", *SPAN),
        "15min": ask("query_history_k_data_plus", code, MINUTE, *SPAN, frequency="15"),
        "back": ask("query_adjust_factor", code, *SPAN)[["dividOperateDate", "backAdjustFactor"]],
    }


def test_a_day_more_only_adds_rows(ask: Ask, server: Server, vendor: VendorMarket) -> None:
    code = next(code for code in vendor.stocks if len(vendor.events(code)) and vendor.daily(code)["traded"].all())
    ex_day = int(vendor.days.get_loc(vendor.events(code).index[0]))
    server.today = vendor.days[ex_day - 1]
    before = played(vendor, ask, code)
    assert before["back"].empty
    assert before["day"]["date"].iloc[-1] == f"{vendor.days[ex_day - 1]:%Y-%m-%d}"
    assert before["15min"]["time"].iloc[-1] == f"{vendor.days[ex_day - 1]:%Y%m%d}150000000"
    server.today = f"{vendor.days[ex_day]:%Y-%m-%d}"
    after = played(vendor, ask, code)
    for name, rows in before.items():
        pd.testing.assert_frame_equal(after[name].iloc[: len(rows)], rows)
    assert [len(after[name]) - len(before[name]) for name in before] == [1, 16, 1]
    assert after["day"]["preclose"].iloc[-1] != before["day"]["close"].iloc[-1]


def test_a_forward_factor_changes_with_the_next_event(ask: Ask, server: Server) -> None:
    """The market of two seasons: what the vendor says of the first event after the second one."""
    vendor = VendorMarket.of(n_stocks=20, n_days=420, intraday_days=1)
    code = next(code for code in vendor.stocks if len(vendor.events(code)) == 2)
    first, second = vendor.events(code)
    plain, server.market = server.market, vendor
    try:
        server.today = vendor.events(code).index[1] - pd.Timedelta(days=1)
        assert list(ask("query_adjust_factor", code, *SPAN)["foreAdjustFactor"]) == ["1.000000"]
        server.today = vendor.events(code).index[1]
        got = ask("query_adjust_factor", code, *SPAN)
        assert list(got["foreAdjustFactor"]) == [f"{first / second:.6f}", "1.000000"]
        assert list(ask("query_adjust_factor", code, "2013-01-01", "2020-12-31")["foreAdjustFactor"]) == [
            f"{first / second:.6f}"
        ]
    finally:
        server.market = plain


def test_listings_and_delistings(ask: Ask, server: Server, vendor: VendorMarket) -> None:
    new = next(code for code in vendor.stocks if vendor.listing(code)[0] > 0)
    gone = next(code for code in vendor.stocks if vendor.listing(code)[1] < len(vendor.days) - 1)
    first, last = vendor.listing(new)[0], vendor.listing(gone)[1]

    def there(day: int) -> pd.DataFrame:
        server.today = vendor.days[day]
        return ask("query_stock_basic").set_index("code")

    assert new not in there(first - 1).index
    assert ask("query_history_k_data_plus", new, "date,close", *SPAN).empty
    assert new not in set(ask("query_stock_industry")["code"])
    assert there(first).loc[new, "ipoDate"] == f"{vendor.days[first]:%Y-%m-%d}"
    assert list(ask("query_history_k_data_plus", new, "date", *SPAN)["date"]) == [f"{vendor.days[first]:%Y-%m-%d}"]
    assert tuple(there(last).loc[gone, ["outDate", "status"]]) == ("", "1")
    assert tuple(there(last + 1).loc[gone, ["outDate", "status"]]) == (f"{vendor.days[last + 1]:%Y-%m-%d}", "0")
    dates = ask("query_history_k_data_plus", gone, "date", *SPAN)["date"]
    assert dates.iloc[-1] == f"{vendor.days[last]:%Y-%m-%d}"


def test_tomorrow_has_no_rows(ask: Ask, server: Server, vendor: VendorMarket) -> None:
    """Nor has it members, whatever date is asked; its date is a trading day, as the exchange has said."""
    today, tomorrow = vendor.days[99], f"{vendor.days[100]:%Y-%m-%d}"
    server.today = today
    assert ask("query_all_stock", tomorrow).empty
    assert ask("query_daily_history_k_AStock", tomorrow).empty
    assert ask("query_history_k_data_plus", "sh.000300", "date", tomorrow, tomorrow).empty
    assert set(ask("query_zz500_stocks", tomorrow)["updateDate"]) == {f"{today:%Y-%m-%d}"}
    assert list(ask("query_trade_dates", tomorrow, tomorrow)["is_trading_day"]) == ["1"]


def test_a_weekend_knows_what_friday_knew(ask: Ask, server: Server) -> None:
    server.today = "2020-03-06"
    friday = ask("query_history_k_data_plus", "sh.600000", "date,close", *SPAN)
    server.today = "2020-03-08"
    pd.testing.assert_frame_equal(ask("query_history_k_data_plus", "sh.600000", "date,close", *SPAN), friday)
    assert set(ask("query_hs300_stocks")["updateDate"]) == {"2020-03-06"}


def test_before_the_market_opens(ask: Ask, server: Server) -> None:
    server.today = "2019-12-31"
    assert ask("query_trade_dates", *SPAN).empty
    assert set(ask("query_stock_basic")["type"]) == {"2"}
    assert ask("query_hs300_stocks").empty
    assert ask("query_stock_industry").empty


@pytest.mark.parametrize("line", ["", "tomorrow", "2020-13-01"])
def test_a_line_that_is_no_date_changes_nothing(server: Server, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = server.today
    _known(server, line)
    assert capsys.readouterr().out == f"{line!r} is no date such as 2020-10-27\n"
    assert server.today == before
