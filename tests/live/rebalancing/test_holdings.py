"""Brokers' lists of holdings: column names, encodings, codes, numbers, and what is no stock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.rebalancing.holdings.holdings import Holdings, read_holdings
from qlib_mfgru.provider.session import ASHARE, SESSIONS

TDX = """资金账户:1234 日期:20240305

证券代码\t证券名称\t证券数量\t可卖数量\t最新价\t最新市值(元)
="000001"\t平安银行\t1,200\t1,200\t10.50\t12,600.00
688001\t华兴源创\t300\t300\t30.00\t9,000.00
合计\t\t1,500\t\t\t21,600.00
共2条
"""
THS = """证券代码,证券名称,股票余额,可用余额,冻结数量,市价,市值
1,平安银行,1200,1200,0,10.5,12600
688001,华兴源创,300,300,0,30,9000
600000,浦发银行,0,0,0,8,0
"""
QMT = """账号名称,证券代码,交易所,当前拥股,可用数量,成本价,市值
甲,000001.SZ,深圳,1200,1200,9,12600
甲,688001.SH,上海,300,300,9,9000
"""
XTQUANT = """account_id,stock_code,volume,can_use_volume,open_price,market_value
1,000001.SZ,1200,1200,9.0,12600
1,688001.SH,300,300,9.0,9000
"""
PTRADE = """股票代码;持仓数量;可用数量;最新价
000001.SZ;1200;1200;10.5
688001.SS;300;300;30
"""
PLAIN = "Symbol,Quantity,Price\nsz.000001,1200,10.5\nSH688001,300,30\n"
SPACED = (
    "证券代码  证券名称  证券数量  可卖数量  当前价\n000001  平安银行  1,200  1,200  10.50\n688001  A  300  300  30\n"
)
EXCEL = "code,shares,sellable,price\n1.0,1200.0,1200,10.5\n688001.0,300.0,300,30\n"


@pytest.mark.parametrize("text", [TDX, THS, QMT, XTQUANT, PTRADE, PLAIN, SPACED, EXCEL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_every_brokers_list_says_the_same(text: str, encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "holdings.csv"
    file.write_text(text, encoding=encoding)
    holdings = read_holdings(file, ASHARE)
    assert holdings.cash is None
    assert [(held.code, held.shares) for held in holdings.stocks] == [("SZ000001", 1200), ("SH688001", 300)]
    assert [held.price for held in holdings.stocks] == [10.5, 30.0]
    expected = np.inf if text == PLAIN else 1200
    assert holdings.stocks[0].sellable == expected
    assert holdings.stocks[0].name in ("平安银行", "")


@pytest.mark.parametrize("row", ["现金,,,,,,1000.5", "CASH,,1000.5,,,,", ",人民币,,,,,1000.5"])
def test_a_row_of_money_is_cash(row: str, tmp_path: Path) -> None:
    file = tmp_path / "holdings.csv"
    file.write_text(f"{THS}{row}\n", encoding="utf-8")
    holdings = read_holdings(file, ASHARE)
    assert holdings.cash == 1000.5
    assert len(holdings.stocks) == 2


def test_a_frame_is_read_like_a_file() -> None:
    frame = pd.DataFrame({"shares": [1200.0, 300.0]}, index=pd.Index(["000001.SZ", "688001"], name="instrument"))
    assert [held.code for held in read_holdings(frame, ASHARE).stocks] == ["SZ000001", "SH688001"]
    assert read_holdings(frame.iloc[:0], ASHARE) == Holdings()


@pytest.mark.parametrize(
    "shares", ["1.000\n600001,1200.000", "1.000\n600001,0.000", "1.000\n600001,200.0", "1.0", "001.000"]
)
def test_a_point_that_begins_decimals_is_read(shares: str, tmp_path: Path) -> None:
    (tmp_path / "holdings.csv").write_text(f"code,shares\n600000,{shares}\n")
    assert read_holdings(tmp_path / "holdings.csv", ASHARE).stocks[0].shares == 1


def test_units_of_a_market_without_lots_may_have_three_decimals() -> None:
    frame = pd.DataFrame({"symbol": ["BTC-USDT"], "quantity": ["1.000"]})
    assert read_holdings(frame, SESSIONS["crypto"]).stocks[0].shares == 1


def test_what_was_left_out_or_assumed_is_noted(tmp_path: Path) -> None:
    rows = "688001,华兴源创,300,,0,30,9000\n现金,,5\n,人民币,,,,,7\n合计,,1500\n备注:无\n"
    (tmp_path / "holdings.csv").write_text(THS.replace("688001,华兴源创,300,300,0,30,9000\n", "") + rows)
    holdings = read_holdings(tmp_path / "holdings.csv", ASHARE)
    assert holdings.cash == 12
    assert holdings.notes == [
        "rows of the list that are no stocks or have 0 shares, and were left out: 3 (600000), 7 (合计), 8 (备注:无)",
        "cash is the sum of the rows 5, 6",
        "the list does not say how many may be sold, and all are taken to be: SH688001",
    ]


def test_a_list_that_says_all_needs_no_note(tmp_path: Path) -> None:
    (tmp_path / "holdings.csv").write_text("code,shares\n600000,1000\n600001,500\n现金,5\n")
    assert read_holdings(tmp_path / "holdings.csv", ASHARE).notes == []


def test_of_many_rows_that_were_left_out_five_are_named() -> None:
    frame = pd.DataFrame({"code": [f"60000{digit}" for digit in range(8)], "shares": [0] * 7 + [100]})
    (note,) = read_holdings(frame, ASHARE).notes
    assert note.endswith(": 2 (600000), 3 (600001), 4 (600002), 5 (600003), 6 (600004), and 2 more")


def test_fractions_are_held_where_the_market_has_no_lots() -> None:
    frame = pd.DataFrame({"symbol": ["btc-usdt"], "quantity": [0.25]})
    (held,) = read_holdings(frame, SESSIONS["crypto"]).stocks
    assert (held.code, held.shares) == ("BTC-USDT", 0.25)


def test_what_is_no_code_of_the_market_stays_as_it_is() -> None:
    frame = pd.DataFrame({"代码": ["204001", "00700"], "数量": [10, 100], "市值": [1000, 30_000]})
    assert [(held.code, held.price) for held in read_holdings(frame, ASHARE).stocks] == [
        ("204001", 100),
        ("00700", 300),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "stock,n\n600000,100\n",
            "holdings.csv: no line names a column of codes (证券代码, instrument) and one of shares",
        ),
        ("code,shares\n600000,many\n", "holdings.csv: row 2: shares is 'many': must be a number"),
        ("code,shares\n600000,-100\n", "holdings.csv: row 2: 600000 has -100 shares"),
        ("code,shares\n600000,100.5\n", "holdings.csv: row 2: 600000 has 100.5 shares: must be a whole number"),
        ("code,shares,price\n600000,,8\n", "holdings.csv: row 2: 600000 has no number of shares"),
        ("code,shares,price\n,100,8\n", "holdings.csv: row 2 has no code"),
        (
            "code,shares\n600000,100\nSH600000,200\n",
            "holdings.csv: row 3 holds SH600000 again, as {folder}/holdings.csv: row 2 does: add them up",
        ),
        (
            "证券代码,股票余额,实际数量\n600000,100,100\n000001,100,200\n",
            "holdings.csv: row 3: 股票余额 and 实际数量 differ: leave the column that is not held out",
        ),
        (
            "code,shares,price\n600000,1,200,8\n",
            "holdings.csv: row 2 has 4 cells where the header has 3: quote those with a separator in them",
        ),
        ("code,shares\ncash,\n", "holdings.csv: row 2: cash is no number"),
        ("code,shares\n现金,200\n资金,-100\n", "holdings.csv: row 3: cash is -100.00: must be at least 0"),
        ("code,shares\n600000,\n600001,100\n", "holdings.csv: row 2: 600000 has no number of shares"),
        ("code,shares\n1\n600001,100\n", "holdings.csv: row 2: 1 has no number of shares"),
        ("code,shares\n,100\n600001,100\n", "holdings.csv: row 2 has no code"),
        ("code,shares,market_value\n600001,100,9\n,,900\n", "holdings.csv: row 3 has no code"),
        (
            "code;shares\n600000;1.000\n",
            "holdings.csv: row 2: shares is '1.000': 1 or 1,000? write it without the point",
        ),
        (
            "code,shares,available\n600001,300,300\n600000,1000,10.000\n",
            "holdings.csv: row 3: available is '10.000': 10 or 10,000? write it without the point",
        ),
        (
            "code,shares,sellable\n600000,1000,-5\n",
            "holdings.csv: row 2: 600000 has -5 that may be sold: must be at least 0",
        ),
    ],
)
def test_one_line_says_which_row_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "holdings.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_holdings(file, ASHARE)
    assert str(error.value).startswith(f"{tmp_path}/{message.format(folder=tmp_path)}")


def test_workbooks_other_encodings_and_missing_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "holdings.xls"
    file.write_bytes(b"PK\x03\x04...")
    with pytest.raises(InputError, match=r"holdings.xls is an Excel workbook: save it as CSV"):
        read_holdings(file, ASHARE)
    file.write_bytes("证券代码,数量".encode("gbk")[:-1] + b"\xff\xff\n")
    with pytest.raises(InputError, match=r"holdings.xls is text in neither UTF-8 nor GBK"):
        read_holdings(file, ASHARE)
    with pytest.raises(InputError, match=r"there is no file of holdings .*absent.csv"):
        read_holdings(tmp_path / "absent.csv", ASHARE)
