"""Frames as tables of the page: what rows of a group have in common stands first, and once."""

from __future__ import annotations

import pandas as pd

from qlib_mfgru.study.page.tables import table
from qlib_mfgru.study.page.words import Words


def test_a_pool_stands_once_above_its_rows() -> None:
    pools = ["CSI300", "CSI300", "ALL", "ALL", "ALL"]
    frame = pd.DataFrame({"source": ["report", "run", "report", "run", "run"], "pool": pools, "rank_ic_mean": 0.1})
    shown = table(frame, Words("en"))
    assert [head.name for head in shown.heads] == ["pool", "source", "rank_ic_mean"]
    assert [row.cells[0].text for row in shown.rows] == pools  # a copy or a reader of a screen has all of them
    assert [row.cells[0].as_above for row in shown.rows] == [False, True, False, True, True]
    assert not any(cell.as_above for row in shown.rows for cell in row.cells[1:])


def test_without_groups_nothing_is_left_out() -> None:
    shown = table(pd.DataFrame({"market": ["all", "all"], "stocks": [40, 40]}), Words("en"))
    assert not any(cell.as_above for row in shown.rows for cell in row.cells)


def test_a_seed_has_all_of_its_digits_and_no_commas() -> None:
    seeds = pd.Series([2024, 2**64 - 1], dtype="uint64")
    shown = table(pd.DataFrame({"seed": seeds, "stocks": [2024, 1]}), Words("en"))
    assert [row.cells[0].text for row in shown.rows] == ["2024", "18446744073709551615"]
    assert [row.cells[0].value for row in shown.rows] == [2024.0, float(2**64 - 1)]
    assert shown.rows[0].cells[1].text == "2,024"


def test_a_frequency_is_called_as_in_the_provider() -> None:
    """The word for the column of days is no word for daily bars."""
    shown = table(pd.DataFrame({"freq": ["day", "15min"], "days": [71, 71]}), Words("zh"))
    assert [row.cells[0].text for row in shown.rows] == ["day", "15min"]
