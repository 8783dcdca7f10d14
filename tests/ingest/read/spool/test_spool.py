"""Rows on disk: by stock and time, without repeats, and the same for any number of buckets."""

from contextlib import suppress
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.spool import DAY, VALUE, Registry, Spool, StockRows
from qlib_mfgru.ingest.report import IngestReport

MARCH_3 = int(np.datetime64("2025-03-03").astype(int))


def registry() -> Registry:
    """Three stocks and two files."""
    known = Registry()
    for code in ("600000", "000001", "300750"):
        known.stock_number(code, "daily", "a.csv")
    known.file_number("a.csv")
    known.file_number("b.csv")
    return known


def daily(*rows: tuple[int, int, int, float]) -> np.ndarray:
    """Daily rows of (stock, day after 3 March, file, close)."""
    records = np.zeros(len(rows), DAY)
    for record, (stock, day, file, close) in zip(records, rows, strict=True):
        record["stock"], record["when"], record["file"], record["close"] = stock, MARCH_3 + day, file, close
    return records


def values(*rows: tuple[int, int, float]) -> np.ndarray:
    """Values of (stock, day, value)."""
    return np.array([(stock, day, 0, value) for stock, day, value in rows], VALUE)


def spooled(folder: Path, n_buckets: int, report: IngestReport) -> dict[str, StockRows]:
    known = registry()
    known.stock_number("000009", "float_shares", "s.csv")
    spool = Spool(folder, n_buckets, known)
    part = spool.part(known)
    part.append("daily", daily((0, 1, 0, 11), (2, 0, 0, 30), (1, 0, 0, 20), (0, 0, 0, 10)))
    part.append("daily", daily((0, 1, 1, 99), (1, 1, 1, 21)))
    part.append("float_shares", values((1, 5, 7.0), (1, 2, 6.0), (3, 0, 1.0)))
    spool.industries |= {"Zinc": 0, "Alu": 1}
    part.append("industry", values((0, 0, 0.0), (2, 0, 1.0)))
    spool.join(part)
    stocks = {rows.code: rows for bucket in range(n_buckets) for rows in spool.stocks(bucket, report)}
    assert sorted(spool.days) == [MARCH_3, MARCH_3 + 1]
    assert spool.bar_days == set()
    return stocks


@pytest.mark.parametrize("n_buckets", [1, 2, 5])
def test_each_stock_has_its_rows_in_time_and_the_first_of_repeated_ones(tmp_path: Path, n_buckets: int) -> None:
    report = IngestReport()
    stocks = spooled(tmp_path / "spool", n_buckets, report)
    assert sorted(stocks) == ["SH600000", "SZ000001", "SZ300750"]
    assert stocks["SH600000"].daily["close"].tolist() == [10, 11]
    assert stocks["SZ000001"].daily["close"].tolist() == [20, 21]
    assert stocks["SZ000001"].values["float_shares"]["value"].tolist() == [6, 7]
    assert stocks["SZ300750"].values["float_shares"].size == 0
    assert stocks["SH600000"].first_day == MARCH_3
    tally = report.inputs["daily"].dropped["repeated with other values, the first kept"]
    assert (tally.count, tally.examples) == (1, ["b.csv: SH600000 2025-03-04"])


@pytest.mark.parametrize(("keep", "close", "size"), [("first", 11, 6), ("last", 12, 8)])
def test_equal_repeats_are_told_from_others_and_keep_says_which_stays(
    tmp_path: Path, keep: Literal["first", "last"], close: float, size: float
) -> None:
    report, known = IngestReport(), registry()
    spool = Spool(tmp_path / "s", 1, known, {"daily": keep, "float_shares": keep})
    part = spool.part(known)
    part.append("daily", daily((0, 1, 0, 11), (0, 1, 1, 11), (0, 1, 1, np.nan), (0, 1, 1, 12), (0, 1, 1, 12)))
    part.append("float_shares", values((0, 5, 6.0), (0, 5, 6.0), (0, 5, 8.0)))
    spool.join(part)
    (stock,) = spool.stocks(0, report)
    assert stock.daily["close"].tolist() == [close]
    assert stock.values["float_shares"]["value"].tolist() == [size]
    counts = {reason: tally.count for reason, tally in report.inputs["daily"].dropped.items()}
    assert counts == {"again with the same numbers": 1, f"repeated with other values, the {keep} kept": 3}
    warned = report.warnings[f"float_shares: repeated with another float_shares, the {keep} kept"]
    assert warned.count == (1 if keep == "first" else 2)


@pytest.mark.parametrize(("keep", "flag"), [("first", 1.0), ("last", 0.0)])
@pytest.mark.parametrize("name", ["st_day", "st_step"])
def test_of_flags_that_differ_one_is_kept(
    tmp_path: Path, name: str, keep: Literal["first", "last"], flag: float
) -> None:
    report, known = IngestReport(), registry()
    spool = Spool(tmp_path / "s", 1, known, {"st": keep})
    part = spool.part(known)
    part.append("daily", daily((0, 1, 0, 11)))
    part.append(name, values((0, 5, 1.0), (0, 5, 0.0), (0, 6, 1.0), (0, 6, 1.0)))
    spool.join(part)
    (stock,) = spool.stocks(0, report)
    assert stock.values[name]["value"].tolist() == [flag, 1.0]
    tally = report.warnings[f"st: repeated with another flag, the {keep} kept"]
    assert (tally.count, tally.examples) == (1, ["a.csv: SH600000 1970-01-06"])


def test_a_row_without_a_value_equals_another_without_it(tmp_path: Path) -> None:
    report = IngestReport()
    known = registry()
    spool = Spool(tmp_path / "s", 1, known)
    part = spool.part(known)
    part.append("daily", daily((0, 1, 0, np.nan), (0, 1, 1, np.nan)))
    spool.join(part)
    list(spool.stocks(0, report))
    assert list(report.inputs["daily"].dropped) == ["again with the same numbers"]


def test_industries_are_numbered_by_name_not_by_the_order_of_the_rows(tmp_path: Path) -> None:
    stocks = spooled(tmp_path / "spool", 1, IngestReport())
    assert stocks["SH600000"].values["industry"]["value"].tolist() == [1], "Zinc comes after Alu"
    assert stocks["SZ300750"].values["industry"]["value"].tolist() == [0]


@pytest.mark.parametrize(("keep", "close"), [("first", [10, 11]), ("last", [10, 21])])
def test_parts_have_their_own_numbers_and_their_order_is_that_of_reading(
    tmp_path: Path, keep: Literal["first", "last"], close: list[float]
) -> None:
    report, known = IngestReport(), Registry()
    known.stock_number("600000", "renames", "r.csv")
    spool = Spool(tmp_path / "s", 3, known, {"daily": keep})
    parts = [spool.part(known.part()) for _ in range(2)]
    for part, codes in zip(parts, (("000001", "600000"), ("300750", "600000")), strict=True):
        numbers = [part.registry.stock_number(code, "daily", "f.csv") for code in codes]
        assert numbers == [1, 0]
    assert [part.registry.file_number(name) for part, name in zip(parts, "ab", strict=True)] == [0, 0]
    # the part that is read last is done first
    parts[1].append("daily", daily((0, 1, 0, 21), (1, 0, 0, 30)))
    parts[0].append("daily", daily((0, 1, 0, 11), (0, 0, 0, 10), (1, 0, 0, 20)))
    for part in parts:
        spool.join(part)
    stocks = {rows.code: rows for bucket in range(3) for rows in spool.stocks(bucket, report)}
    assert known.codes == ["SH600000", "SZ000001", "SZ300750"], "as if the files were read one after the other"
    assert known.files == ["a", "b"]
    assert {code: rows.daily["close"].tolist() for code, rows in stocks.items()} == {
        "SH600000": close, "SZ000001": [20], "SZ300750": [30]
    }  # fmt: skip
    dropped = report.inputs["daily"].dropped[f"repeated with other values, the {keep} kept"]
    assert dropped.examples == [f"{'b' if keep == 'first' else 'a'}: SH600000 2025-03-04"]


@pytest.mark.parametrize("in_part", [["600000", "sh600000"], ["sh600000"]])
def test_a_stock_is_spelled_one_way_over_all_parts(in_part: list[str]) -> None:
    known, parts = Registry(), []
    for file, spellings in (("a.csv", ["600000"]), ("b.csv", ["600000"]), ("c.csv", in_part)):
        parts.append(known.part())
        with suppress(InputError):  # a part knows no other's files, so that its own message may be another
            for spelling in spellings:
                parts[-1].stock_number(spelling, "bars", file)
    known.join(parts[0])
    known.join(parts[1])
    with pytest.raises(InputError, match=r"bars: SH600000 is written '600000' in a\.csv and 'sh600000' in c\.csv"):
        known.join(parts[2])


def test_what_a_killed_spool_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "daily.0").write_bytes(b"half a row")
    spool = Spool(tmp_path / "spool", 1, registry())
    assert list(spool.stocks(0, IngestReport())) == []


def test_a_stock_is_spelled_one_way_within_an_input() -> None:
    known = Registry()
    number = known.stock_number("600000", "bars", "a.csv")
    assert known.stock_number("sh.600000", "daily", "b.csv") == number, "another input may spell it otherwise"
    assert known.stock_number(" 600000", "bars", "c.csv") == number
    assert known.stock_number("HK00700", "bars", "a.csv") == -1
    assert known.codes == ["SH600000"]
    with pytest.raises(InputError, match=r"bars: SH600000 is written '600000' in a\.csv and 'SH600000' in d\.csv"):
        known.stock_number("SH600000", "bars", "d.csv")


def test_a_bare_code_is_an_index_where_indices_are_read() -> None:
    known = Registry()
    assert known.stock_number("000300", "index", "i.csv", index=True) == 0
    assert known.stock_number("000300", "bars", "b.csv") == 1
    assert known.codes == ["SH000300", "SZ000300"]
