"""Earlier codes of a stock, whose rows become rows of its last code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.spool.records import DAY, NEVER
from qlib_mfgru.ingest.read.stamps import day_text, days_of_bars


@dataclass(frozen=True)
class Renames:
    """Which stock a code stands for, and when; by stock numbers, each of shape (n_known,).

    Attributes
    ----------
    current : ndarray of int
        Number of the stock's last code.
    since, until : ndarray of int
        Days since 1970 between which the code was in use, `until` excluded.
    """

    current: np.ndarray
    since: np.ndarray
    until: np.ndarray

    @classmethod
    def of(cls, changes: Mapping[int, tuple[int, int]], codes: Sequence[str]) -> Renames:
        """From each old number's new one and the day of the change.

        Raises
        ------
        InputError
            If codes change in a circle, or a code ends before it begins.
        """
        current = np.arange(len(codes))
        since, until = np.full(len(codes), -NEVER), np.full(len(codes), NEVER)
        for old, (new, day) in changes.items():
            until[old], since[new] = day, max(day, since[new])
            chain = [old]
            while chain[-1] in changes:
                chain.append(changes[chain[-1]][0])
                if chain[-1] == old:
                    raise InputError(f"renames: {codes[old]} is renamed in a circle, through {codes[new]}")
            current[old] = chain[-1]
        if (backwards := until <= since).any():
            number = int(backwards.argmax())
            raise InputError(
                f"renames: {codes[number]} ends on {day_text(until[number])}, not after it begins on "
                f"{day_text(since[number])}"
            )
        return cls(current, since, until)

    def follow(self, stock: np.ndarray, days: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Each row's stock under its last code, and whether its code was not in use on the row's day; shape (n,).

        Parameters
        ----------
        stock : ndarray of shape (n,)
            Stock numbers, -1 where unknown.
        days : ndarray of shape (n,), optional
            Days since 1970; by default rows hold on all days.
        """
        known = (stock >= 0) & (stock < len(self.current))
        number = np.where(known, stock, 0)
        outside = np.zeros(len(stock), dtype=bool)
        if days is not None:
            outside = known & ((days < self.since[number]) | (days >= self.until[number]))
        return np.where(known, self.current[number], stock).astype(stock.dtype), outside


_FEW_DAYS = 3
"""Days with trade that may be lost where the day of a change is told a little early or late."""


def check_one_stock(rows: np.ndarray, unused: np.ndarray, codes: Sequence[str]) -> None:
    """Check that prices under a code that was not in use are those under the one that was, and that none are lost.

    Parameters
    ----------
    rows : structured ndarray of shape (n,)
        Prices under the codes in use, sorted by stock and time, each once.
    unused : structured ndarray of shape (m,)
        Those with trade under codes that were not in use then.
    codes : sequence of str
        By stock number.

    Raises
    ------
    InputError
        If most of a stock's are others: two stocks that both trade. Or if a stock has more than `_FEW_DAYS` days with
        trade under codes that were not in use alone.
    """
    if not len(unused):
        return
    keys, others = ((each["stock"].astype("i8") << 32) + each["when"] for each in (rows, unused))
    there = np.isin(others, keys)
    _check_lost(rows, unused[~there], codes)
    unused, mine = unused[there], rows[np.searchsorted(keys, others[there])]
    both = mine["volume"] > 0
    differs = both & ~np.isclose(mine["close"], unused["close"], rtol=1e-4)
    for stock in np.unique(unused["stock"][differs]):
        of_stock = unused["stock"] == stock
        if differs[of_stock].sum() > both[of_stock].sum() / 2:
            raise InputError(
                f"renames: {codes[stock]} trades under its earlier and its later code at the same time, at other "
                f"prices ({differs[of_stock].sum()} rows): these are two stocks"
            )


def _check_lost(rows: np.ndarray, lost: np.ndarray, codes: Sequence[str]) -> None:
    """Check that few of a stock's days have trade only under codes that were not in use."""
    days, known = (each["when"] if each.dtype == DAY else days_of_bars(each["when"]) for each in (lost, rows))
    for stock in np.unique(lost["stock"]):
        mine = np.setdiff1d(days[lost["stock"] == stock], known[rows["stock"] == stock])
        if len(mine) > _FEW_DAYS:
            span = f"{day_text(mine[0])} .. {day_text(mine[-1])}"
            raise InputError(
                f"renames: {codes[stock]} has {len(mine)} days with trade, {span}, under codes not in use "
                "then: is the day of the change right? where leaves rows of another stock out"
            )
