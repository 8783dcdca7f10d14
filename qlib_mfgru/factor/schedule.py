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
        The next trading day: the layers are bought.
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
    def make(cls, days: pd.DatetimeIndex, freq: str | int, first: pd.Timestamp, last: pd.Timestamp) -> Schedule:
        """Test dates of the calendar `days` between `first` and `last`, both included.

        Weeks are calendar weeks, read off the trading days, so a week of holidays has no date and one before a holiday
        ends early. A number of days counts from the first trading day in the range.

        Raises
        ------
        InputError
            If no test date is followed by another one whose next day is in the calendar.
        """
        begin, end = int(days.searchsorted(first)), int(days.searchsorted(last, side="right"))
        signal = _signal_days(days, freq, begin)
        exits = np.append(signal[1:], len(days)) + 1
        inside = (signal >= begin) & (signal < end)
        finished = inside & (exits < len(days))
        if not finished.any():
            raise InputError(
                f"no test date ({freq}) between {first:%Y-%m-%d} and {last:%Y-%m-%d} has a holding period that ends "
                f"within the calendar, which ends on {days[-1]:%Y-%m-%d}"
            )
        return cls(signal[finished], signal[finished] + 1, exits[finished], int(inside.sum() - finished.sum()))


def _signal_days(days: pd.DatetimeIndex, freq: str | int, begin: int) -> np.ndarray:
    if isinstance(freq, int):
        return np.arange(begin, len(days), freq)
    if freq == "day":
        return np.arange(len(days))
    period = days.to_period(_PERIODS[freq])
    return np.flatnonzero(np.append(period[1:] != period[:-1], True))
