"""Spooled values and bars of one stock on the days of the calendar."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qlib_mfgru.ingest.read.spool import ALWAYS, NEVER
from qlib_mfgru.ingest.read.spool.repeats import run_starts
from qlib_mfgru.ingest.read.stamps import MINUTES_A_DAY, days_of_bars


class DayRuns(NamedTuple):
    """Where the days begin among one stock's bars, which are sorted by time.

    Attributes
    ----------
    minutes : ndarray of shape (n_rows,)
        When each bar ends, in minutes of its day.
    days, starts, lengths : ndarray of shape (n_runs,)
        Day since 1970 of each run, its first bar, and how many it has.
    """

    minutes: np.ndarray
    days: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, when: np.ndarray) -> DayRuns:
        """Of bars by their ends, in minutes since 1970."""
        return _last.of(when)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """A value of each run as one of each bar; shape (n_rows,)."""
        return np.repeat(values, self.lengths)


class _Last:
    """The days of the last bars: those of a stock are asked for several times, and most stocks have the same ends."""

    def __init__(self) -> None:
        self._when, self._runs = np.empty(0, "i4"), _runs(np.empty(0, "i4"))

    def of(self, when: np.ndarray) -> DayRuns:
        """Of bars by their ends; the same object for equal ones."""
        if not np.array_equal(when, self._when):
            self._when, self._runs = when.copy(), _runs(when)
        return self._runs


def _runs(when: np.ndarray) -> DayRuns:
    days = days_of_bars(when)
    starts = run_starts(days)
    return DayRuns(when - days * MINUTES_A_DAY, days[starts], starts, np.append(starts, len(days))[1:] - starts)


_last = _Last()


def step_values(rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Each value holds from its day until the next one.

    Parameters
    ----------
    rows : structured ndarray
        Of dtype `spool.VALUE`, one stock, sorted by time.
    days : ndarray of shape (n_days,)
        The calendar, in days since 1970.

    Returns
    -------
    ndarray of shape (n_days,)
        NaN before the first value.
    """
    padded = np.append(rows["value"], np.nan)
    # without a row before, -1 picks the NaN at the end
    return padded[np.searchsorted(rows["when"].astype("i8"), days, side="right") - 1]


def day_values(rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Each value holds on its day only (a snapshot on all); shape (n_days,), NaN elsewhere."""
    values = np.full(len(days), np.nan)
    if not len(rows):
        return values
    if rows["when"][0] == ALWAYS:
        values[:] = rows["value"][0]
    dated = rows[np.isin(rows["when"], days)]
    values[np.searchsorted(days, dated["when"])] = dated["value"]
    return values


def span_values(rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """What the spans say of each day, from a row's day to the day that is its value: 1, or 0 where that is negative.

    A day is of the span that began last; a span of 1 without an end ends before the next one of 0.

    Returns
    -------
    ndarray of shape (n_days,)
        NaN on days without a span.
    """
    flags = np.full(len(days), np.nan)
    others = rows["when"][rows["value"] < 0]
    for first, value in zip(rows["when"].tolist(), rows["value"].tolist(), strict=True):
        last = abs(value)
        if last == NEVER:
            last = np.append(others, NEVER + 1)[np.searchsorted(others, first, side="right")] - 1
        flags[np.searchsorted(days, first) : np.searchsorted(days, last, side="right")] = value > 0
    return flags
