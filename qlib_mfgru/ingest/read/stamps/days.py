"""Stamps judged by stock and day: a file may hold days of another convention than the rest of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qlib_mfgru.ingest.read.stamps.grid import Grid
from qlib_mfgru.ingest.read.stamps.stamps import MINUTES_A_DAY

_WHOLE = 0.75
"""Share of a day's bars from which on its convention is judged."""
_DAYS = 1 << 24
"""More days than since 1970."""


def late_bars(grid: Grid, stamps: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """Which bars end when the session's pause begins, but are stamped when it ends: 13:00 for 11:30; shape (n,).

    So on the days of a stock that have the one and not the other. Days with a stamp at the opening may be stamped at
    the start of bars, too: they are only put right where more days show that the convention is another.

    Parameters
    ----------
    grid : Grid
    stamps : ndarray of shape (n,)
        ``datetime64[s]`` of one file.
    stock : ndarray of shape (n,)
        Each row's stock number.
    """
    if grid.pause is None or grid.convention == "start":
        return np.zeros(len(stamps), dtype=bool)
    clock = _clock(stamps)
    at_end = clock == grid.pause[1]
    if not at_end.any():
        return at_end
    days = _days(stamps, stock)
    begins, ends, opens, closes = _with_stamps(days, clock, (*grid.pause, *_bounds(grid)))
    unended = np.setdiff1d(ends, begins)
    plain = np.setdiff1d(np.intersect1d(unended, closes), opens)
    either = np.setdiff1d(unended, np.union1d(plain, np.setdiff1d(opens, closes)))
    late = np.union1d(plain, either) if len(either) < len(begins) + len(plain) else plain
    return at_end & np.isin(days, late)


def swapped_days(grid: Grid, stamps: np.ndarray, stock: np.ndarray) -> list[str]:
    """The days on which a stock's bars are stamped at their other end, told by the pause, the opening and the close.

    Parameters are those of `late_bars`. Days of few bars tell nothing.
    """
    if grid.pause is None:
        return []
    clock = _clock(stamps)
    (begins, ends), (opens, closes) = grid.pause, _bounds(grid)
    others, own = ((ends, opens), (begins, closes)) if grid.convention == "end" else ((begins, closes), (ends, opens))
    if not all((clock == time).any() for time in others):
        return []
    days = _days(stamps, stock)
    begin, end = _with_stamps(days, clock, others)
    swapped = np.setdiff1d(np.intersect1d(begin, end), np.concatenate(_with_stamps(days, clock, own)))
    whole, n_bars = np.unique(days[np.isin(days, swapped)], return_counts=True)
    swapped = whole[n_bars >= _WHOLE * len(grid.session.bar_ends(grid.freq))]
    return [str(np.datetime64(int(day), "D")) for day in np.unique(swapped % _DAYS)]


def _bounds(grid: Grid) -> tuple[int, int]:
    """Opening and close in minutes of the day."""
    return grid.session.opening, int(grid.session.bar_ends(grid.freq)[-1]) % MINUTES_A_DAY


def _clock(stamps: np.ndarray) -> np.ndarray:
    """Each row's minute of the day, -1 where a stamp is none; shape (n,)."""
    return np.where(np.isnat(stamps), -1, stamps.astype("i8") // 60 % MINUTES_A_DAY)


def _days(stamps: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """A number for each row's stock and day; shape (n,)."""
    return stock.astype("i8") * _DAYS + stamps.astype("datetime64[D]").astype("i8")


def _with_stamps(days: np.ndarray, clock: np.ndarray, times: Sequence[int]) -> list[np.ndarray]:
    """The days that have a stamp at each of some times."""
    return [np.unique(days[clock == time]) for time in times]
