"""Annual figures of less than a year are said to be extrapolated."""

from __future__ import annotations

import pandas as pd

from qlib_mfgru.report.spans import extrapolated


def test_of_two_months() -> None:
    assert extrapolated(pd.bdate_range("2023-11-01", periods=42), 252) == [
        "What is annual here extrapolates 42 trading days, 2023-11-01 .. 2023-12-28, to a year of 252: so short a "
        "time says little of a year."
    ]


def test_of_a_year_and_of_nothing() -> None:
    assert extrapolated(pd.bdate_range("2023-01-02", periods=252), 252) == []
    assert len(extrapolated(pd.bdate_range("2023-01-02", periods=251), 252)) == 1
    assert extrapolated(pd.DatetimeIndex([]), 252) == []
