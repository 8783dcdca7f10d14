"""Where the days begin among the bars of one stock."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

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

    def of_any(self, cases: np.ndarray) -> np.ndarray:
        """Days of which any bar is a case; `cases` of shape (n_rows,)."""
        return self.days[np.logical_or.reduceat(cases, self.starts)] if len(cases) else self.days


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
