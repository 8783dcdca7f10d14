"""Members of indices: point in time, merged, and within the life of each stock."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.index.coverage import index_held

from ..vendor import MEMBERS, csv, make_bars, make_daily, run, spans, text, with_inputs, write


def test_back_to_back_spans_are_merged(source: Path, target: Path) -> None:
    # the second span of 600000 starts on the day after; the one of 000001 skips a trading day
    text(source, "m.txt", "SH600000\t2024-01-01\t2025-03-03\nSH600000\t2025-03-04\t2025-03-06\n"
         "SZ000001\t2025-03-03\t2025-03-03\nSZ000001\t2025-03-05\t2025-03-06\n")  # fmt: skip
    run(source, target, with_inputs(members={"csi300": MEMBERS}))
    assert spans(target, "csi300") == [
        ["SH600000", "2025-03-03", "2025-03-06"],
        ["SZ000001", "2025-03-03", "2025-03-03"],
        ["SZ000001", "2025-03-05", "2025-03-06"],
    ]


def test_a_weekend_between_two_spans_is_no_gap(tmp_path: Path, target: Path) -> None:
    bars = make_bars(days=pd.DatetimeIndex(["2025-03-06", "2025-03-07", "2025-03-10"]))
    source = write(tmp_path / "weekend", bars, make_daily(bars))
    text(source, "m.txt", "SH600000\t2025-03-06\t2025-03-07\nSH600000\t2025-03-10\t2025-03-10\n")
    run(source, target, with_inputs(members={"csi300": MEMBERS}))
    assert spans(target, "csi300") == [["SH600000", "2025-03-06", "2025-03-10"]]


@pytest.mark.parametrize(("carry", "last"), [(True, "2025-03-06"), (False, "2025-03-04")])
def test_members_are_carried_forward_as_an_option(source: Path, target: Path, carry: bool, last: str) -> None:
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-04\nSZ000001\t2025-03-03\t2025-03-03\n")
    report = run(source, target, with_inputs(members={"csi300": MEMBERS}, carry_members=carry))
    assert spans(target, "csi300") == [["SH600000", "2025-03-03", last], ["SZ000001", "2025-03-03", "2025-03-03"]]
    assert ("carried forward unchanged" in " ".join(report.notes)) == carry
    assert "members.csi300: the list ends on 2025-03-04" in " ".join(report.notes)


def test_members_without_data_do_not_appear(source: Path, target: Path) -> None:
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-06\nSH600999\t2025-03-03\t2025-03-06\n")
    report = run(source, target, with_inputs(members={"csi300": MEMBERS}))
    assert [line[0] for line in spans(target, "csi300")] == ["SH600000"]
    tally = report.warnings["members.csi300: members left out: no price data"]
    assert (tally.count, tally.examples) == (1, ["SH600999"])


def test_an_open_end_lasts(source: Path, target: Path) -> None:
    csv(source, "m.csv", [{"ts_code": "600000.SH", "in_date": "20250304", "out_date": ""}])
    run(source, target, with_inputs(members={"csi300": "m.csv"}))
    assert spans(target, "csi300") == [["SH600000", "2025-03-04", "2025-03-06"]]


def test_spans_that_contradict_each_other_are_counted(source: Path, target: Path) -> None:
    text(source, "m.txt", "".join(f"{line}\n" for line in (
        "SH600000\t2025-03-03\t2025-03-05",
        "SH600000\t2025-03-03\t2025-03-05",
        "SH600000\t2025-03-04\t2025-03-06",
        "SZ000001\t2025-03-03\t2025-03-04",
        "SZ000001\t2025-03-05\t2025-03-06",
        "SZ300750\t2025-03-06\t2025-03-03",
    )))  # fmt: skip
    report = run(source, target, with_inputs(members={"csi300": MEMBERS}, max_dropped=0.2))
    overlap = report.warnings["members.csi300: spans that overlap another of the stock, merged"]
    assert (overlap.count, overlap.examples) == (1, ["SH600000 2025-03-04"])
    repeated = report.warnings["members.csi300: spans repeated"]
    assert (repeated.count, repeated.examples) == (1, ["SH600000 2025-03-03"])
    assert report.inputs["members.csi300"].dropped["end before start"].count == 1
    assert [line[0] for line in spans(target, "csi300")] == ["SH600000", "SZ000001"]


def test_members_a_day_are_counted_against_the_index(source: Path, target: Path) -> None:
    """All that are listed, whether the provider has them or not."""
    codes = [f"SH{600000 + number}" for number in range(300)]
    lines = [f"{code}\t2025-03-03\t2025-03-{6 if number else 4:02}\n" for number, code in enumerate(codes)]
    text(source, "m.txt", "".join(lines))
    report = run(source, target, with_inputs(members={"csi300": MEMBERS, "own": MEMBERS}))
    assert "members.csi300: 299 .. 300 members a day by the list from 2025-03-03 on, 300 in the index" in report.notes
    assert "members.own: 299 .. 300 members a day by the list from 2025-03-03 on" in report.notes
    off = report.warnings["members.csi300: days on which the list does not have 300 members"]
    assert (off.count, off.examples) == (2, ["2025-03-05: 299", "2025-03-06: 299"])
    assert not any("members.own: days" in what for what in report.warnings)


def test_the_share_of_an_index_that_is_here_is_kept_by_date(source: Path, target: Path) -> None:
    text(source, "m.txt", "".join(f"SH60000{number}\t2025-03-03\t2025-03-{last}\n" for number, last in
                                  ((0, "06"), (1, "06"), (2, "04"), (3, "04"))))  # fmt: skip
    weights = [{"date": date, "symbol": f"60000{number}", "weight": weight}
               for date, shares in (("2025-03-04", (10, 20, 30, 40)), ("2025-03-06", (30, 20)))
               for number, weight in enumerate(shares)]  # fmt: skip
    weighted = {"files": csv(source, "w.csv", weights)}
    report = run(source, target, with_inputs(members={"csi300": MEMBERS, "own": MEMBERS}, weights={"csi300": weighted}))
    assert (target / "coverage.csv").read_text() == (
        "market,date,members,weight\n"
        "csi300,2025-03-03,0.250000,\n"
        "csi300,2025-03-04,0.250000,0.100000\n"
        "csi300,2025-03-05,0.500000,0.100000\n"
        "csi300,2025-03-06,0.500000,0.300000\n"
        "own,2025-03-03,0.250000,\n"
        "own,2025-03-05,0.500000,\n"
    )
    days = pd.DatetimeIndex(["2025-02-28", "2025-03-03", "2025-03-05", "2025-03-07"])
    np.testing.assert_array_equal(index_held(target, "csi300", days), [np.nan, 0.25, 0.1, 0.3])
    np.testing.assert_array_equal(index_held(target, "own", days), [np.nan, 0.25, 0.5, 0.5])
    assert index_held(target, "csi500", days) is None
    partial = report.warnings["weights.csi300: dates whose weights do not add up to 1 (part of the index, or a fault)"]
    assert (partial.count, partial.examples) == (1, ["2025-03-06: 0.5"])


def test_a_list_of_no_day_of_the_calendar_is_an_error(source: Path, target: Path) -> None:
    text(source, "m.txt", "SH600000\t2024-01-02\t2024-06-28\n")
    with pytest.raises(
        InputError, match=r"^members\.csi300: no span in m\.txt is of the calendar, 2025-03-03 \.\. 2025-03-06$"
    ):
        run(source, target, with_inputs(members={"csi300": MEMBERS}))


def test_a_list_whose_stocks_are_all_absent_is_an_error(source: Path, target: Path) -> None:
    text(source, "m.txt", "SH600998\t2025-03-03\t2025-03-06\nSH600999\t2025-03-03\t2025-03-06\n")
    message = (
        r"^members\.csi300: none of its 2 stocks has price data while it is a member \(e\.g\. SH600998, SH600999\)"
    )
    with pytest.raises(InputError, match=message):
        run(source, target, with_inputs(members={"csi300": MEMBERS}))
    assert not target.exists()


def test_a_list_of_part_of_an_index_is_said_in_a_line(source: Path, target: Path) -> None:
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-06\nSZ000001\t2025-03-05\t2025-03-06\n")
    report = run(source, target, with_inputs(members={"csi300": MEMBERS}))
    assert (
        "members.csi300: 1 .. 2 members a day by the list from 2025-03-03 on, 300 in the index, another number on 100% "
        "of the days"
    ) in report.notes
    assert not any("does not have 300 members" in what for what in report.warnings)


def test_two_indices_in_one_list_are_an_error(source: Path, target: Path) -> None:
    lines = [f"SH{600000 + number}\t2025-03-03\t2025-03-{6 if number < 500 else 5:02}\n" for number in range(800)]
    text(source, "m.txt", "".join(lines))
    message = (
        r"^members\.csi500: 500 \.\. 800 members a day by the list from 2025-03-03 on, and 500 in the index: are two "
        r"indices merged in it\?$"
    )
    with pytest.raises(InputError, match=message):
        run(source, target, with_inputs(members={"csi500": MEMBERS}))


@pytest.mark.parametrize("end", ["", "0", "9999-12-31", "99991231", "2300-01-01", "31/12/9999", "None", "NaT", "-"])
def test_an_end_that_has_not_come(source: Path, target: Path, end: str) -> None:
    rows = [{"symbol": "600000", "start": "2025-03-04", "end": end}]
    run(source, target, with_inputs(members={"csi300": csv(source, "m.csv", rows)}))
    assert spans(target, "csi300") == [["SH600000", "2025-03-04", "2025-03-06"]]


def test_an_end_that_is_no_date_is_named(source: Path, target: Path) -> None:
    rows = [{"symbol": "600000", "start": "2025-03-04", "end": "soon"}]
    with pytest.raises(InputError, match=r"unparsable stamp \(e\.g\. m\.csv row 1: 600000 2025-03-04 \.\. soon\)"):
        run(source, target, with_inputs(members={"csi300": csv(source, "m.csv", rows)}))
