"""``Schedule``: the test dates, and the days on which the layers are bought and sold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError

_PERIODS = {"week": "W-SUN", "month": "M"}


@dataclass(frozen=True)
class Schedule:
    """Test dates and the trades that follow them, as positions in the daily calendar; all of shape (n_dates,).

    Attributes
    ----------
    signal : ndarray of int64
        The factor is known at this day's close.
    entry : ndarray of int64
        The layers are bought: on the next trading day, or on this one.
    exit : ndarray of int64
        The entry of the next test date: they are sold.
    unfinished : int
        Test dates left out because the calendar ends before their exit.
    """

    signal: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    unfinished: int

    def __len__(self) -> int:
        return len(self.signal)

    def periods(self) -> Iterator[tuple[int, int, int]]:
        """(number of the date, entry, exit) in order."""
        yield from zip(range(len(self)), self.entry.tolist(), self.exit.tolist(), strict=True)

    @classmethod
    def make(
        cls, days: pd.DatetimeIndex, freq: str | int, first: pd.Timestamp, last: pd.Timestamp, entry: int = 1
    ) -> Schedule:
        """Test dates of the calendar `days` between `first` and `last`, both included, traded `entry` days later.

        Weeks are calendar weeks, read off the trading days, so a week of holidays has no date and one before a holiday
        ends early. A number of days counts from the first trading day in the range. The dates are the same for all
        entries: only after the day that follows is a date known to be the last one of its week.

        Raises
        ------
        InputError
            If no test date is followed by another one whose next day is in the calendar.
        """
        begin, end = int(days.searchsorted(first)), int(days.searchsorted(last, side="right"))
        signal = _signal_days(days, freq, begin)
        following = np.append(signal[1:], len(days))
        inside = (signal >= begin) & (signal < end)
        finished = inside & (following + 1 < len(days))
        if not finished.any():
            raise InputError(
                f"no test date ({freq}) between {first:%Y-%m-%d} and {last:%Y-%m-%d} has a holding period that ends "
                f"within the calendar, which ends on {days[-1]:%Y-%m-%d}"
            )
        traded, sold = signal[finished] + entry, following[finished] + entry
        return cls(signal[finished], traded, sold, int(inside.sum() - finished.sum()))


def _signal_days(days: pd.DatetimeIndex, freq: str | int, begin: int) -> np.ndarray:
    if isinstance(freq, int):
        return np.arange(begin, len(days), freq)
    if freq == "day":
        return np.arange(len(days))
    period = days.to_period(_PERIODS[freq])
    return np.flatnonzero(np.append(period[1:] != period[:-1], True))
