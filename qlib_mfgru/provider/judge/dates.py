"""How many stocks are faulty, and how many were judged, on each date: a fault of one date is that of one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

MANY = 4
"""Stocks that are faulty on a date from which on it is the date's fault, if they are more than half of those judged."""


@dataclass
class Dates:
    """Counts of stocks by date, over the calendar days from the first to the last one seen.

    Attributes
    ----------
    first : int
        The day of the first counts, in days since 1970.
    faulty, judged : ndarray of int32, shape (n_calendar_days,)
    files : dict of datetime64[D] to set of str
        The vendor's files of faulty days, of stocks where they are known.
    """

    first: int = 0
    faulty: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype="i4"))
    judged: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype="i4"))
    files: dict[np.datetime64, set[str]] = field(default_factory=dict)

    def add(self, days: np.ndarray, faulty: np.ndarray, judged: np.ndarray) -> None:
        """Count one stock; each array of shape (n_days,), `days` as ``datetime64[D]``, ascending and unique."""
        self._add(days.astype("datetime64[D]").astype("i8"), faulty, judged)

    def add_files(self, days: np.ndarray, files: Sequence[str]) -> None:
        """Keep the files of a stock's faulty days."""
        for day, file in zip(days, files, strict=True):
            self.files.setdefault(day, set()).add(file)

    def add_all(self, other: Dates) -> None:
        """Count other stocks."""
        self._add(other.first + np.arange(len(other.judged)), other.faulty, other.judged)
        for day, files in other.files.items():
            self.files.setdefault(day, set()).update(files)

    def wrong(self) -> list[np.datetime64]:
        """Dates on which `MANY` stocks are faulty, and more than half of those judged."""
        wrong = (self.faulty >= MANY) & (self.faulty * 2 > self.judged)
        return [self._day(int(place)) for place in np.flatnonzero(wrong)]

    @property
    def n_judged(self) -> int:
        """Dates on which any stock was judged."""
        return int((self.judged > 0).sum())

    def worst(self, n: int) -> list[tuple[np.datetime64, int]]:
        """Up to `n` days with the most faulty stocks, of those with more than one."""
        order = np.argsort(-self.faulty, kind="stable")[:n]
        return [(self._day(int(place)), int(self.faulty[place])) for place in order if self.faulty[place] > 1]

    def file(self, day: np.datetime64) -> str:
        """The one file of a day's faulty stocks; empty where there are several, or it is not known."""
        files = self.files.get(day, set())
        return next(iter(files)) if len(files) == 1 else ""

    def _day(self, place: int) -> np.datetime64:
        return np.datetime64(self.first + place, "D")

    def _add(self, days: np.ndarray, faulty: np.ndarray, judged: np.ndarray) -> None:
        if not len(days):
            return
        self._cover(int(days[0]), int(days[-1]) + 1)
        self.faulty[days - self.first] += faulty
        self.judged[days - self.first] += judged

    def _cover(self, begin: int, end: int) -> None:
        """Make room for the days from `begin` to `end`, which is not included."""
        if not len(self.judged):
            self.first = begin
        first, last = min(self.first, begin), max(self.first + len(self.judged), end)
        room = (self.first - first, last - self.first - len(self.judged))
        if any(room):
            self.first, self.faulty, self.judged = first, np.pad(self.faulty, room), np.pad(self.judged, room)
