"""Lists of an index's members by date: each holds from its date until the next, and none before it is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.report import IngestReport

from ..vendor import MEMBERS, csv, make_bars, make_daily, refused, run, spans, text, with_inputs, write

CODES = ("600000", "000001", "300750")


def lists(folder: Path, by_date: dict[str, tuple[str, ...]], name: str = "lists.csv", date: str = "date") -> str:
    rows = [{date: day, "symbol": code} for day, codes in by_date.items() for code in codes]
    return csv(folder, name, rows)


def made(source: Path, target: Path, members: object, **content: object) -> IngestReport:
    return run(source, target, with_inputs(members={"own": members}, **content))


def test_a_list_holds_from_its_date_until_the_next(source: Path, target: Path) -> None:
    given = {"2025-02-28": CODES[:2], "2025-03-04": CODES[:1], "2025-03-06": CODES}
    report = made(source, target, lists(source, given))
    assert spans(target, "own") == [
        ["SH600000", "2025-03-03", "2025-03-06"],
        ["SZ000001", "2025-03-03", "2025-03-03"],
        ["SZ000001", "2025-03-06", "2025-03-06"],
        ["SZ300750", "2025-03-06", "2025-03-06"],
    ]
    held = "3 lists by date, 2025-02-28 .. 2025-03-06, with 1 .. 3 members; each holds from its date until the next"
    assert f"members.own: {held}" in report.notes
    cut = report.warnings["members.own: lists with over a tenth fewer members than the one before, taken as they are: "
                          "cut short?"]  # fmt: skip
    assert (cut.count, cut.examples) == (1, ["2025-03-04: 1 after 2"])


def test_random_lists_are_the_newest_of_each_day(tmp_path: Path, target: Path) -> None:
    """Against the plain rule, day by day; lists lie on weekends and before the calendar too."""
    days = pd.bdate_range("2025-03-03", periods=40)
    bars = make_bars(days=days)
    source = write(tmp_path / "lists", bars, make_daily(bars))
    generator = np.random.default_rng(3)
    dates = sorted(generator.choice(pd.date_range("2025-02-20", days[-1]).strftime("%Y-%m-%d"), 15, replace=False))
    given = {day: tuple(np.array(CODES)[generator.permutation(3)[: generator.integers(2, 4)]]) for day in dates}
    made(source, target, lists(source, given), carry_members=True)
    found = {day: set() for day in days}
    for code, first, last in spans(target, "own"):
        for day in days[(days >= first) & (days <= last)]:
            found[day].add(code[2:])
    for day in days:
        known = [date for date in dates if date <= day.strftime("%Y-%m-%d")]
        assert found[day] == (set(given[known[-1]]) if known else set()), day


@pytest.mark.parametrize(("carry", "last"), [(True, "2025-03-06"), (False, "2025-03-04")])
def test_the_last_list_holds_on_only_if_asked(source: Path, target: Path, carry: bool, last: str) -> None:
    report = made(
        source, target, lists(source, {"2025-03-03": CODES[:2], "2025-03-04": CODES[1:]}), carry_members=carry
    )
    assert spans(target, "own") == [
        ["SH600000", "2025-03-03", "2025-03-03"],
        ["SZ000001", "2025-03-03", last],
        ["SZ300750", "2025-03-04", last],
    ]
    assert "members.own: the list ends on 2025-03-04" in " ".join(report.notes)


def test_a_list_a_file_has_its_date_in_the_name(source: Path, target: Path) -> None:
    csv(source, "own_20250303.csv", [{"code": "600000.SH"}, {"code": "000001.SZ"}])
    csv(source, "own_20250305.csv", [{"code": "600000.SH"}, {"code": "300750.SZ"}])
    report = made(source, target, "own_*.csv", carry_members=True)
    assert spans(target, "own") == [
        ["SH600000", "2025-03-03", "2025-03-06"],
        ["SZ000001", "2025-03-03", "2025-03-04"],
        ["SZ300750", "2025-03-05", "2025-03-06"],
    ]
    assert "members.own: no column of dates: they are taken from the files' names" in report.notes


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        ([("index_code", "con_code", "trade_date", "weight"), ("399300.SZ", "600000.SH", "20250303", "0.4"),
          ("399300.SZ", "000001.SZ", "20250303", "0.3")], {}),  # tushare: pro.index_weight
        ([("updateDate", "code", "code_name"), ("2025-03-03", "sh.600000", "浦发银行"),
          ("2025-03-03", "sz.000001", "平安银行"), ("2025-03-03", "sz.000001", "平安银行")],
         {"columns": {"date": "updateDate"}}),  # baostock: query_hs300_stocks, asked for twice in a week
        ([("date", "code"), ("2025-03-03", "600000.XSHG"), ("2025-03-03", "000001.XSHE")], {}),  # get_index_stocks
    ],
    ids=["tushare", "baostock", "joinquant"],
)  # fmt: skip
def test_exports_of_vendors(
    rows: list[tuple[str, ...]], options: dict[str, object], source: Path, target: Path
) -> None:
    name = csv(source, "own.csv", [dict(zip(rows[0], row, strict=True)) for row in rows[1:]])
    report = made(source, target, {"files": name, **options}, carry_members=True)
    assert spans(target, "own") == [[code, "2025-03-03", "2025-03-06"] for code in ("SH600000", "SZ000001")]
    counted = report.inputs["members.own"]
    repeats = counted.dropped["again with the same numbers"].count if counted.dropped else 0
    assert (counted.read, counted.kept, repeats) == (len(rows) - 1, 2, len(rows) - 3)


def test_a_list_that_is_missing_is_counted(tmp_path: Path, target: Path) -> None:
    days = pd.bdate_range("2025-03-03", periods=30)
    bars = make_bars(days=days)
    source = write(tmp_path / "gap", bars, make_daily(bars))
    dates = days[[0, 5, 10, 20, 25]].strftime("%Y-%m-%d")  # weekly, but for 2025-03-24
    report = made(source, target, lists(source, dict.fromkeys(dates, CODES)))
    late = report.warnings["members.own: lists that hold much longer than most until the next: is one missing?"]
    assert (late.count, late.examples) == (1, ["2025-03-17 .. 2025-03-31"])


def test_rows_by_the_date_of_entry_are_no_lists(source: Path, target: Path) -> None:
    entries = {"2025-03-03": CODES, "2025-03-04": CODES[:1], "2025-03-05": CODES[1:2], "2025-03-06": CODES[2:]}
    message = refused(source, target, with_inputs(members={"own": lists(source, entries)}))
    assert message == (
        "members.own: 4 lists by date, 2025-03-03 .. 2025-03-06, with 1 .. 3 rows: each has to name all members of its "
        "date; where a row is a change, give spans, with columns start and end"
    )


def test_rows_without_a_date_are_no_members(source: Path, target: Path) -> None:
    name = csv(source, "own.csv", [{"code": "600000", "out_date": "2025-03-05", "day": "2025-03-03"}])
    message = refused(source, target, with_inputs(members={"own": name}))
    assert message.endswith("Name it in the mapping: columns: {start: ...}, or {date: ...}")
    assert "own.csv: no column for 'start' (spans of membership)" in message
    assert "no column for 'start'" in refused(
        source, target, with_inputs(members={"own": csv(source, "snapshot.csv", [{"code": "600000"}])})
    )


def test_spans_and_lists_do_not_mix(source: Path, target: Path) -> None:
    csv(source, "a.csv", [{"symbol": "600000", "start": "2025-03-03", "end": ""}])
    csv(source, "b.csv", [{"symbol": "600000", "date": "2025-03-03"}])
    message = refused(source, target, with_inputs(members={"own": ["a.csv", "b.csv"]}))
    assert message == "members.own: some of its files have spans, others lists by date: give one kind"


def test_a_date_beside_an_open_span_is_refused(source: Path, target: Path) -> None:
    """Lists with the day on which each member joined: as spans without an end they would never leave."""
    rows = [
        {"code": code, "date": day, "in_date": "2010-01-01"} for day in ("2025-03-03", "2025-03-05") for code in CODES
    ]
    message = refused(source, target, with_inputs(members={"own": csv(source, "own.csv", rows)}))
    assert message.endswith(
        "own.csv: date is a date and in_date a start, without an end: are these lists by date, or spans? Leave one of "
        "the two columns out, or give spans an end"
    )


def test_other_dates_beside_a_span_say_nothing(source: Path, target: Path) -> None:
    row = {"symbol": "600000", "date": "no date", "start": "2025-03-04", "end": "2025-03-05"}
    made(source, target, csv(source, "own.csv", [row]))
    assert spans(target, "own") == [["SH600000", "2025-03-04", "2025-03-05"]]
    text(source, "own_20250306.txt", "SH600000\t2025-03-03\t2025-03-04\n")
    report = made(source, target, {**MEMBERS, "files": "own_20250306.txt"})
    assert spans(target, "own") == [["SH600000", "2025-03-03", "2025-03-04"]]
    assert not any("files' names" in note for note in report.notes)
