"""The newest day whose bars are whole: that of yesterday while today's still come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from qlib_mfgru.data import BarPanel
from qlib_mfgru.errors import InputError

USUAL_DAYS = 20
"""Days before one that say how many stocks usually trade."""
ENOUGH = 0.5
"""Share of the usual number: halts of half a market have been seen (July 2015), and count as whole."""
_LOOK_BACK = 10


class NewestDay(NamedTuple):
    """The newest whole day, and of each later day of the calendar what it lacks."""

    day: pd.Timestamp
    faults: dict[pd.Timestamp, str]


def newest_whole_day(days: pd.DatetimeIndex, panels: Sequence[BarPanel]) -> NewestDay:
    """The newest of `days` on which every panel has bars up to the day's last one.

    Parameters
    ----------
    days : DatetimeIndex
        The daily calendar.
    panels : sequence of BarPanel
        Of the frequencies that the model reads.

    Raises
    ------
    InputError
        None of the last ten days is whole: the message says why not, and which one is the last that is.
    """
    faults: dict[pd.Timestamp, str] = {}
    for day in days[::-1]:
        fault = next((found for panel in panels if (found := fault_of(panel, day))), "")
        if not fault:
            if len(faults) < _LOOK_BACK:
                return NewestDay(day, faults)
            raise InputError(
                f"{_told(faults)}: update the provider, or take the last whole day with --date {day:%Y-%m-%d}"
            )
        faults[day] = fault
    raise InputError(f"{_told(faults)}: name a day with --date")


def _told(faults: Mapping[pd.Timestamp, str]) -> str:
    """Days that are not whole, newest first, in words."""
    newest, fault = next(iter(faults.items()))
    return f"the bars of the last {len(faults)} days are not whole ({newest:%Y-%m-%d}: {fault})"


def fault_of(panel: BarPanel, day: pd.Timestamp) -> str:
    """What a day lacks in a panel, in words; empty where it is whole.

    A day is whole if at least half as many stocks trade in its last bar as usually do, on the median of the 20 days
    before it. Nothing of later days counts.
    """
    row = int(panel.days.searchsorted(day))
    if row == len(panel.days) or panel.days[row] != day:
        return f"no {panel.freq} bars"
    counts = _trading_at_the_end(panel, slice(max(row - USUAL_DAYS, 0), row + 1))
    now, usual = int(counts[-1]), float(np.median(counts[:-1])) if len(counts) > 1 else 0.0
    if now >= ENOUGH * usual:
        return ""
    last = "" if panel.bars_per_day == 1 else " in the last bar"
    return f"{now} stocks trade{last} at {panel.freq}, usually {usual:.0f}"


def _trading_at_the_end(panel: BarPanel, rows: slice) -> np.ndarray:
    """How many stocks trade in each day's last bar, (n_rows,); without volumes, on each day."""
    names = [field.name for field in panel.fields]
    if "volume" not in names:
        return panel.traded[rows].sum(axis=1)
    return (panel.bars[rows, -1, names.index("volume")] > 0).sum(axis=1)
