"""Text files as vendors export them: separators, titles, footers, packings, words for what is missing."""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.files.numbers import as_numbers
from qlib_mfgru.ingest.read.files.reader import as_frame
from qlib_mfgru.ingest.read.files.text import LEFT_OUT

CSV = "code,date,close\n000001,2025-03-03,10.5\n600000,2025-03-03,11.5\n"
TDX = (
    "600000 浦发银行 5分钟线 前复权\r\n"
    "      日期\t    时间\t    开盘\t    收盘\t    成交量\r\n"
    "2025/03/03\t0935\t10.50\t10.51\t100\r\n"
    "2025/03/03\t0940\t10.52\t10.53\t200\r\n"
    "数据来源:通达信\r\n"
)


def read(path: Path, n_rows: int = 100, **options: object) -> tuple[pd.DataFrame, VendorFile]:
    """All rows of a file under our names, and the file."""
    file = VendorFile(path, RowInput(files=path.name, **options))
    columns = file.columns(("close",), ("symbol", "date", "datetime", "open", "volume"))
    return pd.concat(map(as_frame, file.frames(columns, n_rows)), ignore_index=True).astype({"close": object}), file


def given(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x.dat"])
@pytest.mark.parametrize("sep", [",", "\t", ";", "|", "  "])
def test_the_separator_is_found_whatever_the_name_promises(tmp_path: Path, name: str, sep: str) -> None:
    rows, _ = read(given(tmp_path, name, CSV.replace(",", sep)))
    assert rows["symbol"].tolist() == ["000001", "600000"]
    assert rows["close"].tolist() == [10.5, 11.5]


def test_a_column_of_stamps_alone_is_not_cut_at_their_spaces(tmp_path: Path) -> None:
    path = given(tmp_path, "x.csv", "moment\n2025-03-03 09:45\n2025-03-03 10:00\n")
    assert VendorFile(path, RowInput(files="x")).header() == ["moment"]


def test_the_layout_that_the_mapping_states_is_taken(tmp_path: Path) -> None:
    path = given(tmp_path, "x.csv", "open;close\n" + CSV.replace("code", "Stock"))
    rows, _ = read(path, sep=",", skip_rows=1, columns={"symbol": "Stock"})
    assert rows["symbol"].tolist() == ["000001", "600000"]


def test_a_header_may_be_far_below_what_is_skipped(tmp_path: Path) -> None:
    rows, _ = read(given(tmp_path, "x.csv", "open,high,low,close,date\n" * 30 + CSV), skip_rows=30)
    assert rows["close"].tolist() == [10.5, 11.5]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_nothing_in_a_compressed_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(content))
    with pytest.raises(InputError, match=r"x\.csv\.gz: the file has no columns"):
        read(tmp_path / "x.csv.gz")


def test_titles_and_footers_of_an_export_are_left_out_and_said(tmp_path: Path) -> None:
    rows, file = read(given(tmp_path, "SH#600000.txt", TDX, "gb18030"), encoding="gb18030")
    assert rows["close"].tolist() == [10.51, 10.53]
    assert rows["volume"].tolist() == [100, 200]
    assert [str(stamp).strip() for stamp in rows["date"]] == ["2025/03/03"] * 2
    assert file.remarks == [
        (LEFT_OUT, "600000 浦发银行 5分钟线 前复权"),
        (LEFT_OUT, "数据来源:通达信"),
    ]


@pytest.mark.parametrize("n_rows", [1, 2, 3, 100])
def test_a_footer_is_found_wherever_the_pieces_end(tmp_path: Path, n_rows: int) -> None:
    rows, _ = read(given(tmp_path, "x.txt", TDX), n_rows)
    assert rows["close"].tolist() == [10.51, 10.53]


def test_a_footer_is_found_after_more_than_is_held_back(tmp_path: Path) -> None:
    rows, file = read(
        given(tmp_path, "x.csv", CSV + "600000,2025-03-04,1.25\n" * 99_999 + "#来源\n\nTotal: 3\n"), 10**6
    )
    assert len(rows) == 100_001
    assert rows["close"].sum() == 22 + 1.25 * 99_999
    assert [line for _, line in file.remarks] == ["Total: 3", "#来源"]


def test_a_last_row_of_which_only_the_stamp_is_known_is_no_footer(tmp_path: Path) -> None:
    rows, file = read(given(tmp_path, "x.csv", CSV + ",2025-03-04 09:45,\n"))
    assert len(rows) == 3
    assert file.remarks == []


PACKERS = {
    "x.csv.gz": gzip.compress,
    "x.csv.bz2": bz2.compress,
    "x.csv.xz": lzma.compress,
    "x.csv.zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}


@pytest.mark.parametrize("name", PACKERS)
def test_compressed_text_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PACKERS[name](CSV.encode()))
    rows, file = read(tmp_path / name)
    assert rows["close"].tolist() == [10.5, 11.5]
    assert file.stems == ("x",)


@pytest.mark.parametrize("name", ["x.csv.gz", "x.csv.bz2", "x.csv.xz"])
def test_truncated_compressed_text_is_an_error(tmp_path: Path, name: str) -> None:
    packed = PACKERS[name]((CSV + "600000,2025-03-04,1.25\n" * 9999).encode())
    (tmp_path / name).write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match=rf"{name}: cannot be read"):
        read(tmp_path / name)


def test_each_file_in_an_archive_is_a_file_of_its_own(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "2025.zip", "w") as archive:
        archive.writestr("day/600000.csv", "date,close\n2025-03-03,1\n")
        archive.writestr("../day/000001.csv", "date,close\n2025-03-03,2\n2025-03-04,3\n")
        for name in (".DS_Store", "day/._000001.csv", "__MACOSX/day/600000.csv"):
            archive.writestr(name, b"\0\5\x16\7")
    path, source = tmp_path / "2025.zip", RowInput(files="2025.zip")
    files = VendorFile.all_in(path, source)
    assert [file.stems for file in files] == [("000001", "2025"), ("600000", "2025")]
    assert [file.label.name for file in files] == ["000001.csv", "600000.csv"]
    closes = [pd.concat(map(as_frame, file.frames({"close": "close"}, 9)))["close"].tolist() for file in files]
    assert closes == [[2, 3], [1]]
    with pytest.raises(InputError, match=r"2025\.zip: holds several tables: \.\./day/000001\.csv, day/600000\.csv"):
        VendorFile(path, source).header()


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(InputError, match=r"x\.zip: cannot be read"):
        VendorFile.all_in(tmp_path / "x.zip", RowInput(files="x.zip"))


def test_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read.*is its encoding gb18030\?"):
        read(given(tmp_path, "x.txt", TDX, "gb18030"))
    with pytest.raises(InputError, match=r"cannot be read.*is its encoding utf-8-sig\?"):
        read(given(tmp_path, "x.txt", TDX), encoding="GB18030")


def test_words_for_what_is_missing_and_thousands_are_numbers(tmp_path: Path) -> None:
    cells = ["--", "-", "停牌", "None", "nan", "null", "N/A", "", r"\N", '"1,234.5"']
    rows, _ = read(given(tmp_path, "x.csv", "code,close\n" + "".join(f"600000,{cell}\n" for cell in cells)))
    closes, is_wrong = as_numbers(rows["close"])
    assert np.isnan(closes[:-1]).all()
    assert closes[-1] == 1234.5
    assert not is_wrong.any()


@pytest.mark.parametrize("cell", ["1,23", "12,34"])
def test_decimal_commas_are_no_thousands(tmp_path: Path, cell: str) -> None:
    rows, _ = read(given(tmp_path, "x.csv", f"code;close\n600000;{cell}\n000001;5\n"))
    closes, is_wrong = as_numbers(rows["close"])
    np.testing.assert_array_equal(closes, [np.nan, 5.0])
    assert is_wrong.tolist() == [True, False]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("end", ["600000,2025-03-04", "600000,", "6000", '"600000","2025-03-04"'])
def test_a_last_row_that_is_cut_is_an_error(tmp_path: Path, end: str, encoding: str) -> None:
    path = given(tmp_path, "x.csv", CSV + end, encoding)
    with pytest.raises(InputError, match=r"x\.csv: cannot be read .* its last row is cut"):
        read(path, encoding=encoding)


@pytest.mark.parametrize("n_columns", [3, 9000])
def test_a_cut_is_seen_after_more_than_is_held_back(tmp_path: Path, n_columns: int) -> None:
    header = ",".join(["code", "close", *(f"c{number}" for number in range(n_columns - 2))])
    row = ",".join(["600000", "1.5", *["2.25"] * (n_columns - 2)])
    n_rows = 3_000_000 // len(row)
    path = given(tmp_path, "x.csv", f"{header}\n" + f"{row}\n" * n_rows + row[: len(row) - 6], "gb18030")
    with pytest.raises(InputError, match=r"x\.csv: cannot be read .* its last row is cut"):
        read(path, 10**6, encoding="gb18030")


@pytest.mark.parametrize("rows", [CSV.rstrip(), CSV + "\x1a"])
def test_a_last_row_without_an_end_of_line_is_whole(tmp_path: Path, rows: str) -> None:
    assert read(given(tmp_path, "x.csv", rows))[0]["close"].tolist()[:2] == [10.5, 11.5]


def test_a_separator_at_the_end_of_each_row_shifts_nothing(tmp_path: Path) -> None:
    rows, _ = read(given(tmp_path, "x.csv", "code,date,close\n000001,2025-03-03,10.5,\n600000,2025-03-03,11.5,\n"))
    assert rows["symbol"].tolist() == ["000001", "600000"]
    assert rows["close"].tolist() == [10.5, 11.5]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_in_utf_16_is_known_by_its_first_bytes(tmp_path: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    rows, file = read(given(tmp_path, "SH#600000.txt", mark + TDX, encoding), n_rows=1)
    assert rows["close"].tolist() == [10.51, 10.53]
    assert (LEFT_OUT, "数据来源:通达信") in file.remarks


def test_a_second_header_in_another_order_is_an_error_with_its_row(tmp_path: Path) -> None:
    second = "code,close,date\n000001,12.5,2025-03-04\n"
    with pytest.raises(InputError, match=r"x\.csv: row 3 is another header, with the columns in another order"):
        read(given(tmp_path, "x.csv", CSV + second))
    with pytest.raises(InputError, match=r"x\.csv: row 3 is another header.* \(code, nan, date where the first has"):
        read(given(tmp_path, "x.csv", CSV + second.replace("close", "")))
    rows, _ = read(given(tmp_path, "x.csv", CSV + CSV))
    assert rows["symbol"].tolist() == ["000001", "600000", "code", "000001", "600000"]


def test_rows_of_text_that_are_no_header_are_rows(tmp_path: Path) -> None:
    path = given(tmp_path, "x.csv", "code,name,industry\n000001,ST,银行\n600000,名称,\n")
    file = VendorFile(path, RowInput(files="x.csv"))
    (rows,) = map(as_frame, file.frames(file.columns((), ("symbol", "name", "industry")), 10))
    assert rows["name"].tolist() == ["ST", "名称"]


def test_zero_bytes_are_an_error(tmp_path: Path) -> None:
    path = given(tmp_path, "x.csv", CSV.replace("11.5", "\0\0\0\0"))
    with pytest.raises(InputError, match=r"x\.csv: cannot be read .* it holds zero bytes"):
        read(path)
