"""Parquet, Arrow, Feather and HDF5: the same rows whichever holds them, and an index that pandas wrote is columns."""

import errno
import os
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.files.reader import as_frame

STAMPS = pd.to_datetime(["2025-03-03 09:45", "2025-03-03 10:00", "2025-03-03 09:45"])
ROWS = pd.DataFrame({"code": ["000001", "000001", "600000"], "datetime": STAMPS, "close": [10.0, 10.5, 20.0]})


def to_arrow(rows: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(rows)
    new = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
    with new(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "x.parquet": lambda rows, path: rows.to_parquet(path),
    "x.pq": lambda rows, path: rows.to_parquet(path, row_group_size=2),
    "x.feather": lambda rows, path: rows.to_feather(path),
    "x.arrow": to_arrow,
    "x.arrows": to_arrow,
    "x.h5": lambda rows, path: rows.to_hdf(path, key="bars", format="table", data_columns=True),
    "x.hdf5": lambda rows, path: rows.to_hdf(path, key="bars", format="fixed"),
}


def opened(path: Path, **options: object) -> VendorFile:
    return VendorFile(path, RowInput(files=path.name, **options))


def read(file: VendorFile, n_rows: int = 2) -> pd.DataFrame:
    frames = list(map(as_frame, file.frames(file.columns(("close",), ("symbol", "datetime")), n_rows)))
    assert max(map(len, frames)) <= n_rows
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_gives_the_same_rows_in_pieces(tmp_path: Path, name: str) -> None:
    WRITERS[name](ROWS, tmp_path / name)
    file = opened(tmp_path / name)
    assert file.estimated_rows == 3
    rows = read(file)
    assert rows["symbol"].tolist() == ["000001", "000001", "600000"]
    assert rows["close"].tolist() == [10, 10.5, 20]
    assert pd.to_datetime(rows["datetime"]).tolist() == list(STAMPS)


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "x.feather"])
def test_a_multi_index_is_columns(tmp_path: Path, name: str) -> None:
    WRITERS[name](ROWS.set_index(["code", "datetime"]), tmp_path / name)
    rows = read(opened(tmp_path / name))
    assert rows["symbol"].tolist() == ["000001", "000001", "600000"]
    assert pd.to_datetime(rows["datetime"]).tolist() == list(STAMPS)


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.h5", "x.csv"])
def test_an_index_without_names_is_recognised_by_what_it_holds(tmp_path: Path, name: str) -> None:
    rows = ROWS.set_index(["datetime", "code"]).rename_axis([None, None])
    write = WRITERS.get(name, lambda frame, path: frame.to_csv(path))
    write(rows, tmp_path / name)
    file = opened(tmp_path / name)
    found = read(file)
    assert found["symbol"].tolist() == ["000001", "000001", "600000"]
    assert pd.to_datetime(found["datetime"]).tolist() == list(STAMPS)
    assert [what for what, _ in file.remarks] == [
        "a column without a name is taken as datetime",
        "a column without a name is taken as symbol",
    ]


def test_a_column_without_a_name_can_be_named_index(tmp_path: Path) -> None:
    rows = pd.DataFrame({"close": [1.0, 2.0]}, index=["AAPL", "BRK.B"])
    rows.to_csv(tmp_path / "x.csv")
    found = read(opened(tmp_path / "x.csv", columns={"symbol": "index"}))
    assert found["symbol"].tolist() == ["AAPL", "BRK.B"]


@pytest.mark.parametrize("name", ["x.csv", "600000.csv", "600000.parquet"])
@pytest.mark.parametrize("first", [0, 600000])
def test_numbers_of_rows_are_neither_stamps_nor_codes(tmp_path: Path, name: str, first: int) -> None:
    rows = ROWS[["close"]].set_axis(pd.Index([first, first + 1, first + 2]))
    rows.to_csv(tmp_path / name) if name.endswith(".csv") else rows.to_parquet(tmp_path / name)
    assert opened(tmp_path / name).columns(("close",), ("symbol", "datetime")) == {"close": "close"}


@pytest.mark.parametrize(
    ("name", "index", "are_codes"),
    [
        ("600000.csv", [300003, 300250, 600480], False),  # rows of one stock out of a table of all
        ("x.csv", [300003, 300250, 600480], True),
        ("600000.csv", [600480, 300003, 300250], True),
        ("000300.csv", ["000001", "000002", "600000"], True),
        ("x.csv", ["000001", "000002", "000003"], True),
    ],
)
def test_a_code_in_the_name_goes_before_numbers_that_ascend(
    tmp_path: Path, name: str, index: list[object], are_codes: bool
) -> None:
    ROWS[["close"]].set_axis(pd.Index(index)).to_csv(tmp_path / name)
    assert ("symbol" in opened(tmp_path / name).columns(("close",), ("symbol",))) is are_codes


def test_members_in_a_file_that_their_index_names_keep_their_codes(tmp_path: Path) -> None:
    """000016 is the SSE 50, and a stock of Shenzhen."""
    weights = ROWS[["close"]].set_axis(pd.Index([600028, 600030, 600036])).rename(columns={"close": "weight"})
    weights.to_csv(tmp_path / "000016.csv")
    found = opened(tmp_path / "000016.csv").columns(("weight",), ("symbol", "date"))
    assert found == {"weight": "weight", "symbol": "Unnamed: 0"}


def test_codes_and_stamps_of_parquet_are_numbered_once_a_value(tmp_path: Path) -> None:
    rows = ROWS.assign(datetime=ROWS["datetime"].astype("str"))
    rows.to_parquet(tmp_path / "x.parquet")
    found = next(opened(tmp_path / "x.parquet").frames({"symbol": "code", "datetime": "datetime"}, 9))
    assert {str(kind) for kind in found.dtypes} == {"category"}
    assert found["symbol"].cat.categories.tolist() == ["000001", "600000"]


def test_dates_and_decimals_of_parquet_are_no_objects(tmp_path: Path) -> None:
    columns = {"date": pa.array([date(2025, 3, 3)]), "close": pa.array([Decimal("10.25")])}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    found = next(opened(tmp_path / "x.parquet").frames({"date": "date", "close": "close"}, 9))
    assert found["date"].dtype.kind == "M"
    assert found["date"][0] == pd.Timestamp("2025-03-03")
    assert (found["close"].dtype, found["close"][0]) == (np.dtype("f8"), 10.25)


def test_each_table_of_an_hdf5_file_is_a_file_of_its_own(tmp_path: Path) -> None:
    for code, rows in ROWS.groupby("code"):
        rows[["datetime", "close"]].to_hdf(tmp_path / "x.h5", key=f"sz{code}")
    files = VendorFile.all_in(tmp_path / "x.h5", RowInput(files="x.h5"))
    assert [file.stems for file in files] == [("sz000001", "x"), ("sz600000", "x")]
    closes = [as_frame(next(file.frames({"close": "close"}, 9)))["close"].tolist() for file in files]
    assert closes == [[10, 10.5], [20]]


def test_without_pytables_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.h5").write_bytes(b"whatever")
    monkeypatch.setitem(sys.modules, "tables", None)
    with pytest.raises(InputError, match=r"x\.h5: HDF5 files need PyTables: pip install 'qlib_mfgru\[hdf5\]'"):
        VendorFile.all_in(tmp_path / "x.h5", RowInput(files="x.h5"))


@pytest.mark.parametrize("name", ["x.parquet", "x.feather", "x.arrows", "x.h5"])
@pytest.mark.parametrize("content", [b"code,close\n600000,1\n", b"ARROW1\x00\x00 and no more", b"\x89HDF\r\n\x1a\n"])
def test_a_file_of_another_kind_is_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: cannot be read"):
        [file.header() for file in VendorFile.all_in(tmp_path / name, RowInput(files=name))]


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow"])
def test_two_columns_of_one_name_are_an_error(tmp_path: Path, name: str) -> None:
    table = pa.table([["600000"], [1.0], [2.0]], names=["code", "close", "close"])
    path = tmp_path / name
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(InputError, match=rf"{name}: several columns are called 'close'"):
        VendorFile(path, RowInput(files=(name,))).header()


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize("format_", ["fixed", "table"])
def test_a_unit_of_time_that_hdf5_loses_is_told(unit: str, format_: str, tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    ROWS.assign(datetime=ROWS["datetime"].astype(f"datetime64[{unit}]")).to_hdf(path, key="bars", format=format_)
    stored = pd.read_hdf(path)["datetime"]
    if (stored == STAMPS).all():
        pytest.skip("this pandas keeps the unit")
    with pytest.raises(
        InputError, match=r"x\.h5: .*the times of 'datetime' are all of January 1970.* datetime64\[ns\]"
    ):
        read(opened(path))


def test_what_is_no_hdf5_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.h5").write_bytes(bytes(range(256)))
    with pytest.raises(InputError) as caught:
        opened(tmp_path / "x.h5").header()
    assert str(caught.value) == f"{tmp_path / 'x.h5'}: cannot be read (damaged, or no HDF5 file)"


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.feather", "x.csv.gz", "x.zip"])
def test_a_file_that_may_not_be_read_is_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"code\n1\n")
    (tmp_path / name).chmod(0)
    if os.access(tmp_path / name, os.R_OK):
        pytest.skip("this user may read anything")
    with pytest.raises(InputError, match=rf"^{tmp_path / name}: cannot be read: "):
        opened(tmp_path / name).header()


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.csv.gz"])
def test_the_systems_reason_is_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", name)

    (tmp_path / name).write_bytes(b"code\n1\n")
    monkeypatch.setattr(f"{VendorFile.__module__}.ParquetReader.header", refused)
    monkeypatch.setattr(f"{VendorFile.__module__}.TextReader.header", refused)
    with pytest.raises(InputError) as caught:
        opened(tmp_path / name).header()
    assert str(caught.value) == f"{tmp_path / name}: cannot be read: Permission denied"
