"""Date axes of all lengths."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta

import pytest
from matplotlib.figure import Figure

from qlib_mfgru.report import style


@pytest.mark.parametrize("start", [datetime(2020, 1, 2), datetime(2021, 7, 30)])
def test_dates_have_ticks_and_no_warning(start: datetime) -> None:
    """From two days to twelve years: matplotlib's own steps have gaps at 3.5 to 5 days and at 3.5 to 5 years."""
    ax, spans = Figure().subplots(), [*range(2, 200), *range(200, 4400, 13)]
    style.date_axis(ax)
    locator = ax.xaxis.get_major_locator()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        counts = {days: len(locator.tick_values(start, start + timedelta(days))) for days in spans}
    assert min(counts.values()) >= 2
    assert max(counts.values()) <= 14
