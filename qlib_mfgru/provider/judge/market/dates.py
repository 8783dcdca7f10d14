"""How many stocks are faulty, and how many were judged, on each date: a fault of one date is that of one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

MANY = 4
"""Stocks that are faulty on a date from which on it is the date's fault, if they are more than half of those judged."""


@dataclass
class Dates:
    """Counts of stocks by date, over the days that are seen.

    Attributes
    ----------
    days : ndarray of shape (n_days,)
        ``datetime64[D]``, ascending and unique.
    faulty, judged : ndarray of int32, shape (n_days,)
    files : dict of datetime64[D] to set of str
        The vendor's files of faulty days, of stocks where they are known.
    """

    days: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype="datetime64[D]"))
    faulty: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype="i4"))
    judged: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype="i4"))
    files: dict[np.datetime64, set[str]] = field(default_factory=dict)

    def add(self, days: np.ndarray, judged: np.ndarray, faulty: np.ndarray | None) -> None:
        """Count one stock, or the counts of several.

        Parameters
        ----------
        days : ndarray of shape (n,)
            ``datetime64[D]``, ascending and unique; mostly those of the stock before.
        judged, faulty : ndarray of bool or int32, shape (n,)
            No `faulty` where none is.
        """
        if self._are(days):
            self.judged += judged
            if faulty is not None:
                self.faulty += faulty
            return
        places = self._places(days)
        self.judged[places] += judged
        if faulty is not None:
            self.faulty[places] += faulty

    def add_files(self, days: np.ndarray, files: Sequence[str]) -> None:
        """Keep the files of a stock's faulty days."""
        for day, file in zip(days, files, strict=True):
            self.files.setdefault(day, set()).add(file)

    def add_all(self, other: Dates) -> None:
        """Count other stocks."""
        self.add(other.days, other.judged, other.faulty)
        for day, files in other.files.items():
            self.files.setdefault(day, set()).update(files)

    def wrong(self) -> list[np.datetime64]:
        """Dates on which `MANY` stocks are faulty, and more than half of those judged."""
        wrong = (self.faulty >= MANY) & (self.faulty * 2 > self.judged)
        return list(self.days[wrong])

    @property
    def n_judged(self) -> int:
        """Dates on which any stock was judged."""
        return int((self.judged > 0).sum())

    def worst(self, n: int) -> list[tuple[np.datetime64, int]]:
        """Up to `n` days with the most faulty stocks, of those with more than one."""
        order = np.argsort(-self.faulty, kind="stable")[:n]
        return [(self.days[place], int(self.faulty[place])) for place in order if self.faulty[place] > 1]

    def file(self, day: np.datetime64) -> str:
        """The one file of a day's faulty stocks; empty where there are several, or it is not known."""
        files = self.files.get(day, set())
        return next(iter(files)) if len(files) == 1 else ""

    def _are(self, days: np.ndarray) -> bool:
        """Whether the days are those that are seen; nearly all stocks have the calendar's, mostly the same object."""
        if days is not self.days and days.tobytes() == self.days.tobytes():
            self.days = days
        return days is self.days

    def _places(self, days: np.ndarray) -> np.ndarray:
        """Where the days lie; those not seen before get a place."""
        seen = np.union1d(self.days, days)
        if len(seen) > len(self.days):
            before = np.searchsorted(seen, self.days)
            for name in ("faulty", "judged"):
                counts = np.zeros(len(seen), dtype="i4")
                counts[before] = getattr(self, name)
                setattr(self, name, counts)
            self.days = seen
        return np.searchsorted(self.days, days)
