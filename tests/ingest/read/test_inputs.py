"""One input, slice by slice: field names, stock numbers, stamps, spans, numbers, and what is counted."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files import short_name
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.slices import Slice
from qlib_mfgru.ingest.read.spool import DAY, NEVER, Registry
from qlib_mfgru.ingest.report import IngestReport, InputReport


def given(folder: Path, files: dict[str, str], chunk_rows: int = 100, **options: Any) -> VendorInput[RowInput]:
    """An input with these files, name to content."""
    for name, content in files.items():
        (folder / name).write_text(content)
    source = RowInput(files=list(files), **options)
    paths = [folder / name for name in files]
    return VendorInput("daily", source, paths, Registry(), IngestReport(), chunk_rows, quiet=True)


def piece(**columns: list[Any]) -> Slice:
    """A slice of a file of its own."""
    frame = pd.DataFrame(columns)
    return Slice(Path("x.csv"), 3, 100, frame, np.zeros(len(frame), "i4"), InputReport("daily"))


def test_slices_cross_no_file_and_rows_are_counted_as_read(tmp_path: Path) -> None:
    daily = given(
        tmp_path,
        {"a.csv": "code,close\n600000,1\n000001,2\n600000,3\n", "b.csv": "code,close,vol\n000001,4,5\n"},
        chunk_rows=2,
    )
    slices = list(daily.slices(("close",), ("volume",)))
    assert [(each.path.name, each.first_row, len(each.frame)) for each in slices] == [
        ("a.csv", 0, 2), ("a.csv", 2, 1), ("b.csv", 0, 1),
    ]  # fmt: skip
    assert [each.stock.tolist() for each in slices] == [[0, 1], [0], [1]]
    assert daily.registry.codes == ["SH600000", "SZ000001"]
    assert (daily.report.read, daily.report.fields) == (4, {"symbol", "close", "volume"})


def test_a_stock_without_a_column_is_taken_from_the_files_name(tmp_path: Path) -> None:
    daily = given(tmp_path, {"sz.000001_day.csv": "close\n1\n2\n"})
    (only,) = daily.slices(("close",))
    assert [daily.registry.codes[number] for number in only.stock] == ["SZ000001", "SZ000001"]
    assert only.describe(1).startswith("sz.000001_day.csv row 2: sz.000001_day")


def test_unknown_and_empty_codes_have_no_number(tmp_path: Path) -> None:
    (only,) = given(tmp_path, {"a.csv": "code,close\nHK00700,1\n,2\n600000,3\n"}).slices(("close",))
    assert only.stock.tolist() == [-1, -1, 0]


@pytest.mark.parametrize(
    ("archive", "member", "date"),
    [("600000.zip", "data.csv", None), ("20250303.zip", "sh600000.csv", "2025-03-03")],
)
def test_a_code_or_a_date_may_be_in_the_name_of_an_archive(
    tmp_path: Path, archive: str, member: str, date: str | None
) -> None:
    daily = given(tmp_path, {archive: ""})
    with zipfile.ZipFile(tmp_path / archive, "w") as file:
        file.writestr(member, "close\n1\n2\n")
    (only,) = daily.slices(("close",))
    assert [daily.registry.codes[number] for number in only.stock] == ["SH600000", "SH600000"]
    assert [only.frame[name].tolist() for name in ("date",) if name in only.frame] == ([[date] * 2] if date else [])


def test_what_is_in_an_archive_is_named_with_it(tmp_path: Path) -> None:
    """A vendor may call what is in every archive alike."""
    daily = given(tmp_path, {"600000.zip": "", "000001.zip": ""})
    for path, content in zip(daily.paths, ("close\n1\n2\n", "close\n"), strict=True):
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("days/data.csv", content)
    (only,) = daily.slices(("close",))
    assert only.describe(1) == "600000.zip/days/data.csv row 2: data"
    assert daily.registry.files[0] == "600000.zip/days/data.csv"
    assert daily.ingest_report.warnings["daily: files without a row, left out"].examples == ["000001.zip/days/data.csv"]
    assert short_name(tmp_path / "bars.h5" / "sz000001") == "bars.h5/sz000001"
    assert short_name(tmp_path / "600000.csv.gz") == "600000.csv.gz"


def test_a_code_may_be_in_the_name_of_an_hdf5_file(tmp_path: Path) -> None:
    daily = given(tmp_path, {"600000.h5": ""})
    (tmp_path / "600000.h5").unlink()
    pd.DataFrame({"close": [1.0, 2.0]}).to_hdf(tmp_path / "600000.h5", key="data")
    (only,) = daily.slices(("close",))
    assert [daily.registry.codes[number] for number in only.stock] == ["SH600000", "SH600000"]


def test_files_of_indices_may_be_named_by_bare_codes(tmp_path: Path) -> None:
    levels = given(tmp_path, {f"{code}.csv": "close\n1\n" for code in ("399006", "932000", "000300")})
    assert len(list(levels.slices(("close",), index=True))) == 3
    assert levels.registry.codes == ["SZ399006", "SH932000", "SH000300"]
    with pytest.raises(InputError, match=r"399006\.csv: no column for 'symbol' and no stock code in the file's name"):
        list(given(tmp_path, {"399006.csv": "close\n1\n"}).slices(("close",)))


def test_codes_of_indices_are_read_as_indices(tmp_path: Path) -> None:
    levels = given(tmp_path, {"i.csv": "index_code,close\n000300,4000\n"})
    (only,) = levels.slices(("close",), index=True)
    assert levels.registry.codes == ["SH000300"]
    assert "symbol" in only.frame


@pytest.mark.parametrize(
    "columns",
    [
        {"datetime": ["2025-03-03 09:45:00"]},
        {"date": ["20250303"], "time": ["94500"]},
        {"date": ["2025-03-03"], "time": ["09:45"]},
        {"datetime": ["2025-03-03 09:45:00"], "date": ["1999-01-01"], "time": ["1"]},
        {"time": ["20250303094500000"]},
    ],
)
def test_a_stamp_is_one_column_or_two(columns: dict[str, list[str]]) -> None:
    assert str(piece(**columns).stamps()[0]) == "2025-03-03T09:45:00"


def test_rows_without_a_stamp_are_no_bars() -> None:
    undated = piece(close=[1.0])
    assert not undated.has_stamps
    with pytest.raises(InputError, match=r"x\.csv: no column for 'datetime' \(or 'date' and 'time'\); it has close"):
        undated.stamps()


def test_an_empty_end_has_not_come_yet() -> None:
    first, last, checks = piece(start=["2025-03-03"] * 4, end=["2025-03-05", "", None, "soon"]).spans()
    assert (last - first).tolist()[0] == 2
    assert last.tolist()[1:3] == [NEVER, NEVER]
    assert dict(checks)["unparsable stamp"].tolist() == [False, False, False, True]
    first, last, _ = piece(start=["2025-03-03"]).spans()
    assert last.tolist() == [NEVER]


def test_a_span_that_ends_before_it_starts_is_wrong() -> None:
    _, _, checks = piece(start=["2025-03-05"], end=["2025-03-03"]).spans()
    assert dict(checks)["end before start"].tolist() == [True]


def test_numbers_are_told_from_text_and_from_nothing() -> None:
    values, (reason, no_number) = piece(close=["1.5", "n.a.", "", None, "inf"]).numbers(("close", "amount"))
    np.testing.assert_array_equal(values["close"], [1.5, np.nan, np.nan, np.nan, np.inf])
    assert np.isnan(values["amount"]).all()
    assert (reason, no_number.tolist()) == ("text where a number belongs", [False, True, False, False, True])


def test_a_row_is_counted_under_the_first_rule_that_excludes_it() -> None:
    rows = piece(datetime=["2025-03-03", "2025-03-04", "2025-03-05"])
    checks = [("high < low", np.array([True, False, False])), ("negative volume", np.array([True, True, False]))]
    assert rows.keep(checks).tolist() == [False, False, True]
    dropped = {reason: tally.count for reason, tally in rows.report.dropped.items()}
    assert dropped == {"high < low": 1, "negative volume": 1}
    assert rows.report.dropped["high < low"].examples == ["x.csv row 101: x 2025-03-03"]
    assert rows.report.kept == 1


def test_weekends_are_wrong_unless_they_may_be() -> None:
    rows = piece(date=["2025-03-07", "2025-03-08", "2025-03-09", "2025-03-10", "soon"])
    stamps = rows.stamps()
    assert dict(rows.stamp_checks(stamps))["on a weekend"].tolist() == [False, True, True, False, False]
    assert "on a weekend" not in dict(rows.stamp_checks(stamps, weekends=False))


def test_records_are_the_good_rows() -> None:
    rows = piece(close=[1.0, 2.0, 3.0])
    records = rows.records(DAY, np.array([True, False, True]), np.array([7, 8, 9]), {"close": np.array([1.0, 2, 3])})
    assert records["when"].tolist() == [7, 9]
    assert records["close"].tolist() == [1, 3]
    assert records["file"].tolist() == [3, 3]
