"""Members of indices: point in time, merged, and within the life of each stock."""

from pathlib import Path

import pandas as pd
import pytest

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
