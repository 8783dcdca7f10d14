"""Bars of the session that no stock ever has, or most stocks mostly lack, though those around them are there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.judge.series import BarSeries
from qlib_mfgru.provider.judge.tally import NEARLY_ALL

USUAL = 0.9
"""Share of days on which the usual bar is there, where bars without trade are given; else none can be missed."""

LEAST_DAYS = 10
"""Days of stocks from which on a bar that is always missing is no chance: quiet hours of a few thin stocks are."""

NEVER = "bars of the session that no stock ever has: they are in no file; look at the vendor's times of the day"
SELDOM = "bars of the session that most stocks lack on most days, and the others not"
SELDOM_CAUSE = "they are missing in most files: look at the vendor's times of the day"


class Slots:
    """Counts on how many days of how many stocks each bar of the session is there; on days with half of them."""

    def __init__(self) -> None:
        self._ends = np.zeros(0)
        self._n_there = np.zeros(0, dtype="i8")
        self._n_days = 0

    def add(self, bars: BarSeries) -> None:
        """Count a stock's bars; all stocks have the same session."""
        if not len(bars.ends):
            return
        judged = bars.traded & (bars.n_bars * 2 >= len(bars.ends))
        self._count(bars.ends, bars.priced[judged].sum(axis=0), int(judged.sum()))

    def add_all(self, other: Slots) -> None:
        """Count other stocks."""
        if len(other._ends):
            self._count(other._ends, other._n_there, other._n_days)

    def _count(self, ends: np.ndarray, n_there: np.ndarray, n_days: int) -> None:
        self._n_there = self._n_there + n_there if len(self._ends) else n_there
        self._ends, self._n_days = ends, self._n_days + n_days

    def never(self) -> list[str]:
        """Bars inside the session that are there on no day; its first and last one have a rule of their own."""
        return self._named(~self._is_edge & (self._share < 1 - NEARLY_ALL))

    def seldom(self) -> list[str]:
        """Bars that are missing on most days, where the usual one is there on `USUAL` of them."""
        is_missing = (self._share < 0.5) & (self._share >= 1 - NEARLY_ALL)
        is_usual = np.count_nonzero(self._share >= USUAL) * 2 > len(self._share)
        return self._named(is_missing & is_usual)

    @property
    def fault(self) -> str:
        """Bars that are never there, in words; empty where all are."""
        never = self.never()
        return f"{NEVER} ({'; '.join(never)})" if never else ""

    @property
    def _share(self) -> np.ndarray:
        return self._n_there / max(self._n_days, 1)

    @property
    def _is_edge(self) -> np.ndarray:
        return np.isin(np.arange(len(self._ends)), (0, len(self._ends) - 1))

    def _named(self, mask: np.ndarray) -> list[str]:
        """Bars under a mask by the time of their end; none where there is no session, and no day to speak of."""
        return list(self._cases(np.flatnonzero(mask & ~np.isnan(self._ends)))) if self._n_days >= LEAST_DAYS else []

    def _cases(self, places: np.ndarray) -> Iterator[str]:
        for place in places:
            hour, minute = divmod(int(self._ends[place]), 60)
            yield f"{hour:02}:{minute:02}: {self._n_days - self._n_there[place]} of {self._n_days} days of stocks"
