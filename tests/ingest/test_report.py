"""The report of an ingest: counts, examples, and what is printed and kept."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.report import IngestReport, InputReport

from .vendor import DAYS, make_daily, run, write


def test_the_report_is_printed_and_kept(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    report = run(write(tmp_path / "in", bars, make_daily(bars)), target)
    text = str(report)
    assert "2025-03-03 09:45:00 .. 2025-03-06 15:00:00" in text
    assert "bars rows                    192 read, 192 kept, 0 dropped" in text
    kept = json.loads((target / "mfgru.json").read_text())["report"]
    assert kept == json.loads(json.dumps(report.as_dict()))
    assert kept["facts"]["stocks"] == 3
    assert kept["facts"]["days"] == f"{len(DAYS)}: 2025-03-03 .. 2025-03-06"


def test_the_line_of_an_input_says_which_rows_it_need_not_have_kept() -> None:
    report = IngestReport()
    rows = report.input("index")
    rows.read, rows.kept = 8494, 2920
    rows.drop_count("not in the stocks' calendar", 5573, [])
    rows.drop_count("no close", 1, [])
    line = "8494 read, 2920 kept, 5574 dropped (no fault: 5573 not in the stocks' calendar)"
    assert str(report).splitlines()[0] == f"index rows                   {line}"


def test_rows_are_counted_by_reason_with_the_first_three_cases() -> None:
    rows = InputReport("bars", read=10, kept=5)
    rows.drop("high < low", np.array([False, True, False, True, True, True]), lambda position: f"row {position}")
    rows.drop_count("high < low", 1, iter(["never read"]))
    assert (rows.dropped["high < low"].count, rows.dropped["high < low"].examples) == (5, ["row 1", "row 3", "row 4"])
    rows.drop("negative volume", np.zeros(6, dtype=bool), lambda position: f"row {position}")
    assert list(rows.dropped) == ["high < low"]


def test_what_files_hold_is_printable_in_the_report() -> None:
    report = IngestReport()
    report.input("bars").drop_count("unknown symbol", 1, ["x.csv row 1: 6\x0000\u3000A"])
    report.warn("lines before the header, \x1b[2J", 1, ["a\tb"])
    report.note("x\x08.csv has no dates")
    assert report.inputs["bars"].dropped["unknown symbol"].examples == ["x.csv row 1: 6\ufffd00 A"]
    assert report.warnings["lines before the header, \ufffd[2J"].examples == ["a b"]
    assert report.notes == ["x\ufffd.csv has no dates"]
    assert all(line.isprintable() for line in str(report).splitlines())


def test_only_the_vendors_faults_count_towards_max_dropped() -> None:
    report = IngestReport()
    rows = report.input("daily")
    rows.read = 100
    rows.drop_count("suspended day", 90, [])
    rows.drop_count("high < low", 5, ["daily.csv row 7: 600000"])
    report.check(max_dropped=0.05)
    with pytest.raises(
        InputError, match=r"daily: 5\.0% of 100 rows are bad, more than max_dropped = 4\.0%:\n +5  high < low"
    ):
        report.check(max_dropped=0.04)


def test_a_note_is_said_once_and_warnings_add_up() -> None:
    report = IngestReport()
    for count in (2, 0, 3):
        report.note("daily bars: made from the intraday bars")
        report.warn("live days without bars", count, ["SH600000 2025-03-03"])
    assert report.notes == ["daily bars: made from the intraday bars"]
    assert report.warnings["live days without bars"].count == 5
