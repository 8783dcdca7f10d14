"""Flags of special treatment, in daily rows and in tables of their own: words that are none are bad rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import csv, make_bars, make_daily, run, stored, with_inputs, write

REASON = "a flag of special treatment that is neither 0 nor 1"
DATES = ("2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06")


def flagged(flags: list[object]) -> list[dict[str, object]]:
    """A row a day of one stock with its flag."""
    return [{"symbol": "600000", "date": day, "is_st": flag} for day, flag in zip(DATES, flags, strict=True)]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([1, 0, 1, 0], [1, 0, 1, 0]),
        ([1.0, 0.0, "", 1.0], [1, 0, 0, 1]),
        (["True", "False", "True", "False"], [1, 0, 1, 0]),
        (["是", "否", "--", "是"], [1, 0, 0, 1]),
        (["Y", "N", "yes", "no"], [1, 0, 1, 0]),
        (["T", "f", "TRUE", "1"], [1, 0, 1, 1]),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_flags_in_the_words_of_vendors(
    source: Path, target: Path, flags: list[object], expected: list[int], suffix: str
) -> None:
    rows = pd.DataFrame(flagged(flags))
    if suffix == "csv":
        rows.to_csv(source / "st.csv", index=False)
    else:
        rows.astype({"is_st": "str"}).to_parquet(source / "st.parquet")
    report = run(source, target, with_inputs(st=f"st.{suffix}"))
    assert stored(target, "SH600000", "is_st").tolist() == expected
    assert report.inputs["st"].dropped == {}


@pytest.mark.parametrize("wrong", [2, -1, 0.5, "L", "ST", "浦发银行"])
def test_any_other_word_is_a_bad_row(source: Path, target: Path, wrong: object) -> None:
    rows = flagged([0, wrong, 1, 0])
    with pytest.raises(InputError, match=rf"st: 25\.0% of 4 rows are bad(.|\n)*{REASON} \(e\.g\. st\.csv row 2: 6"):
        run(source, target, with_inputs(st=csv(source, "st.csv", rows)))
    report = run(source, target, with_inputs(st={"files": "st.csv", "max_dropped": 0.3}))
    assert {what: tally.count for what, tally in report.inputs["st"].dropped.items()} == {REASON: 1}
    assert stored(target, "SH600000", "is_st").tolist() == [0, 0, 1, 0]


def test_daily_rows_carry_them_too(tmp_path: Path, target: Path) -> None:
    bars = make_bars()
    daily = make_daily(bars).assign(is_st="否").sort_values(["symbol", "date"])
    daily.loc[daily["symbol"] == "600000", "is_st"] = ["是", "是", "可能", "否"]
    source = write(tmp_path / "in", bars, daily)
    report = run(source, target, with_inputs(daily={"files": "daily.csv", "max_dropped": 0.1}))
    assert {what: tally.count for what, tally in report.inputs["daily"].dropped.items()} == {REASON: 1}
    assert stored(target, "SH600000", "is_st").tolist() == [1, 1, 1, 0], "the day is made from its bars"
    assert stored(target, "SZ000001", "is_st").tolist() == [0, 0, 0, 0]


def test_a_span_that_is_flagged_0_is_none(source: Path, target: Path) -> None:
    rows = [
        {"symbol": "600000", "start": "2025-03-03", "end": "2025-03-04", "is_st": 1},
        {"symbol": "600000", "start": "2025-03-05", "end": "2025-03-06", "is_st": 0},
        {"symbol": "000001", "start": "2025-03-03", "end": "2025-03-06", "is_st": 0},
        {"symbol": "300750", "start": "2025-03-03", "end": "2025-03-06", "is_st": 3},
    ]
    report = run(source, target, with_inputs(st={"files": csv(source, "st.csv", rows), "max_dropped": 0.3}))
    assert stored(target, "SH600000", "is_st").tolist() == [1, 1, 0, 0]
    assert stored(target, "SZ000001", "is_st").tolist() == [0, 0, 0, 0]
    assert report.inputs["st"].dropped[REASON].count == 1


def test_a_table_of_all_names_is_no_table_of_special_treatment(source: Path, target: Path) -> None:
    names = [("600000", "甲", DATES[0], DATES[1]), ("600000", "ST甲", DATES[2], ""), ("000001", "乙", DATES[0], "")]
    rows = [dict(zip(("symbol", "name", "start", "end"), row, strict=True)) for row in names]
    file = csv(source, "st.csv", rows)
    with pytest.raises(InputError, match=r"only 1 of 3 names say so: write st\.from_name: true"):
        run(source, target, with_inputs(st=file))
    run(source, target, with_inputs(st={"files": file, "from_name": True}))
    assert stored(target, "SH600000", "is_st").tolist() == [0, 0, 1, 1]
    assert stored(target, "SZ000001", "is_st").tolist() == [0, 0, 0, 0]
