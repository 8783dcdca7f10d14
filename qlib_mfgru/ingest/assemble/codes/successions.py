"""A code that ends where another begins at its last close: most likely one stock whose code changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.ingest.read.spool import StockRows
from qlib_mfgru.ingest.read.stamps import day_text

_CENT = 0.005
"""Prices that are nearer to each other than half of one are equal."""


class Successions:
    """Remembers with which daily row each stock begins and ends.

    A previous close to the cent leaves chance little room: on the market of 2012 to 2022, no stock was first listed the
    day after another one's end with its close. Where histories overlap, `Twins` tells.
    """

    def __init__(self) -> None:
        self._begins: list[tuple[int, str, float]] = []
        self._ends: list[tuple[int, str, float]] = []

    def add(self, rows: StockRows, *, is_new: bool = True) -> None:
        """Remember a stock whose daily rows hold raw prices; of one that is not new the rows end, but begin nothing."""
        daily = rows.daily
        if not len(daily):
            return
        self._ends.append((int(daily["when"][-1]), rows.code, float(daily["close"][-1])))
        if is_new:
            self._begins.append((int(daily["when"][0]), rows.code, float(daily["prev_close"][0])))

    def add_all(self, other: Successions) -> None:
        """Remember other stocks."""
        self._begins += other._begins
        self._ends += other._ends

    def pairs(self, days: np.ndarray) -> Iterator[str]:
        """Pairs of codes of one exchange, with the last day of the one and the first of the other.

        Parameters
        ----------
        days : ndarray of shape (n_days,)
            The calendar, in days since 1970.
        """
        following = dict(zip(days[:-1].tolist(), days[1:].tolist(), strict=True))
        begins: dict[int, list[tuple[str, float]]] = {}
        for day, code, previous in self._begins:
            begins.setdefault(day, []).append((code, previous))
        for last, old, close in sorted(self._ends):
            first = following.get(last, -1)
            for new, previous in begins.get(first, ()):
                if old[:2] == new[:2] and abs(close - previous) < _CENT:
                    yield f"{old} ends on {day_text(last)}, {new} begins on {day_text(first)}"
