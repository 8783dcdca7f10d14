"""One file: which of its columns is which field, and its rows piece by piece."""

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.files.reader import as_frame

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


def with_header(folder: Path, header: str, **options: object) -> VendorFile:
    """A CSV file with this header and no row."""
    path = folder / "x.csv"
    path.write_text(header + "\n", encoding="utf-8")
    return VendorFile(path, RowInput(files="x.csv", **options))


@pytest.mark.parametrize("vendor", HEADERS)
def test_vendor_headers_need_no_mapping(tmp_path: Path, vendor: str) -> None:
    header, symbol, amount = HEADERS[vendor]
    file = with_header(tmp_path, header)
    columns = file.columns(PRICES, ("symbol", "amount", "datetime", "date", "time"))
    assert set(PRICES) <= set(columns)
    assert (columns["symbol"], columns["amount"]) == (symbol, amount)
    assert {"datetime", "date", "time"} & set(columns)


def test_the_users_names_go_first(tmp_path: Path) -> None:
    file = with_header(tmp_path, "close,last", columns={"close": "last"})
    assert file.columns(("close",)) == {"close": "last"}


def test_an_optional_field_may_be_absent_but_not_if_named(tmp_path: Path) -> None:
    assert with_header(tmp_path, "close").columns(("close",), ("amount",)) == {"close": "close"}
    file = with_header(tmp_path, "close", columns={"amount": "turnover"})
    with pytest.raises(InputError, match=r"x\.csv: no column 'turnover' for 'amount'; it has close"):
        file.columns(("close",), ("amount",))


def test_a_missing_field_is_told_with_what_there_is_and_how_to_name_it(tmp_path: Path) -> None:
    file = with_header(tmp_path, "price,qty")
    with pytest.raises(InputError) as error:
        file.columns(("close",))
    assert str(error.value) == (
        f"{file.path}: no column for 'close'; it has price, qty. Name it in the mapping: columns: {{close: ...}}"
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_come_in_pieces_under_our_names_and_codes_keep_their_zeros(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame({"代码": ["000001", "000002", "600000"], "收盘": [1.0, 2.0, 3.0], "换手率": [0.1, 0.2, 0.3]})
    path = tmp_path / f"x.{suffix}"
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    file = VendorFile(path, RowInput(files="x"))
    columns = file.columns(("close",), ("symbol",))
    frames = list(map(as_frame, file.frames(columns, n_rows=2)))
    assert [len(frame) for frame in frames] == [2, 1]
    assert list(frames[0].columns) == ["close", "symbol"]
    assert pd.concat(frames)["symbol"].tolist() == ["000001", "000002", "600000"]
    assert pd.concat(frames)["close"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_one_column_can_be_two_fields(tmp_path: Path, suffix: str) -> None:
    table, path = pd.DataFrame({"code": ["600000", "600001"], "close": [3.0, 4.0]}), tmp_path / f"x.{suffix}"
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    file = VendorFile(path, RowInput(files="x", columns={"name": "code", "symbol": "code"}))
    columns = file.columns(("name", "close", "symbol"))
    for n_rows in (1, 9):
        rows = pd.concat(map(as_frame, file.frames(columns, n_rows)))
        assert list(rows) == ["name", "close", "symbol"]
        assert rows.to_numpy().tolist() == [["600000", 3, "600000"], ["600001", 4, "600001"]]


def test_a_file_that_was_rewritten_is_read_anew(tmp_path: Path) -> None:
    for close in (3, 4, 5):
        (tmp_path / "x.csv").write_text(f"close\n{close}\n")
        file = VendorFile(tmp_path / "x.csv", RowInput(files="x"))
        (frame,) = map(as_frame, file.frames(file.columns(("close",)), n_rows=9))
        assert frame["close"].tolist() == [close]


def test_a_file_without_header_has_the_names_of_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("SH600000\t2024-01-01\n")
    file = VendorFile(tmp_path / "x.txt", RowInput(files="x", names=["symbol", "start"]))
    (frame,) = map(as_frame, file.frames(file.columns(("start",), ("symbol",)), n_rows=9))
    assert frame.iloc[0].to_dict() == {"start": "2024-01-01", "symbol": "SH600000"}


def test_the_number_of_rows_is_exact_for_parquet_and_near_for_text(tmp_path: Path) -> None:
    table = pd.DataFrame({"date": ["2025-03-03 09:45:00"] * 300, "close": [10.25] * 300, "money": [123456789.0] * 300})
    table.to_parquet(tmp_path / "x.parquet")
    table.to_csv(tmp_path / "x.csv", index=False)
    source = RowInput(files="x")
    assert VendorFile(tmp_path / "x.parquet", source).estimated_rows == 300
    assert 100 < VendorFile(tmp_path / "x.csv", source).estimated_rows < 400
