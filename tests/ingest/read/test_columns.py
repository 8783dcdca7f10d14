"""Headers as the vendors write them."""

from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.columns import find_columns

PRICES = ("open", "high", "low", "close", "volume")
HEADERS = {
    "baostock minutes": ("date,time,code,open,high,low,close,volume,amount,adjustflag", "code", "amount"),
    "tushare minutes": ("ts_code,trade_time,close,open,high,low,vol,amount", "ts_code", "amount"),
    "tushare daily": (
        "ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount", "ts_code", "amount",
    ),
    "akshare daily": (
        "日期,股票代码,开盘,收盘,最高,最低,成交量,成交额,振幅,涨跌幅,涨跌额,换手率", "股票代码", "成交额",
    ),
    "joinquant": ("time,code,open,close,high,low,volume,money,factor,high_limit,low_limit", "code", "money"),
    "rqdata": ("order_book_id,datetime,open,high,low,close,volume,total_turnover", "order_book_id", "total_turnover"),
    "wind daily": (
        "S_INFO_WINDCODE,TRADE_DT,S_DQ_OPEN,S_DQ_HIGH,S_DQ_LOW,S_DQ_CLOSE,S_DQ_VOLUME,S_DQ_AMOUNT",
        "S_INFO_WINDCODE", "S_DQ_AMOUNT",
    ),
}  # fmt: skip


@pytest.mark.parametrize("vendor", HEADERS)
def test_vendor_headers_need_no_mapping(vendor: str) -> None:
    header, symbol, amount = HEADERS[vendor]
    columns = find_columns(Path("x.csv"), header.split(","), PRICES, ("symbol", "amount", "datetime", "date", "time"))
    assert set(PRICES) <= set(columns)
    assert (columns["symbol"], columns["amount"]) == (symbol, amount)
    assert {"datetime", "date", "time"} & set(columns)


def test_the_users_names_go_first() -> None:
    columns = find_columns(Path("x.csv"), ["close", "last"], ("close",), named={"close": "last"})
    assert columns == {"close": "last"}


def test_an_optional_field_may_be_absent_but_not_if_named() -> None:
    assert find_columns(Path("x.csv"), ["close"], ("close",), ("amount",)) == {"close": "close"}
    with pytest.raises(InputError, match=r"x\.csv: no column 'turnover' for 'amount'; it has close"):
        find_columns(Path("x.csv"), ["close"], ("close",), ("amount",), {"amount": "turnover"})
