"""``DayShape``: how a day's trading spreads over its bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.provider.session import Session

U_SHAPE = np.array([2.4, 1.6, 1.3, 1.1, 0.95, 0.85, 0.8, 0.75, 0.85, 0.8, 0.75, 0.75, 0.8, 0.9, 1.1, 1.6])
"""How busy the bars of an A-share's day are, from open to close."""
EDGE_SHARE = 3 / 16
"""Share of the day's bars at either end whose volume the intraday state moves against the middle's."""
EARLY_CLOSE = 13 * 60
"""When half days end, in minutes after midnight."""


@dataclass(frozen=True)
class DayShape:
    """How the days' trading spreads over their bars; arrays of shape (n_days, n_bars).

    Attributes
    ----------
    open : ndarray of bool
        The market trades in the bar: in all of them but the last ones of half days.
    share : ndarray
        Usual share of the bar in the day's volume, and in the day's variance; 1 in sum.
    edge : ndarray of bool
        The first and last open bars: the intraday state moves volume between them and the middle.
    """

    open: np.ndarray
    share: np.ndarray
    edge: np.ndarray

    @classmethod
    def of(cls, days: pd.DatetimeIndex, half_days: pd.DatetimeIndex, session: Session, freq: str) -> DayShape:
        """The shapes of `days`, some of which are half days."""
        ends = session.bar_ends(freq)
        is_open = ~(days.isin(half_days)[:, None] & (ends > EARLY_CLOSE))
        n_open = is_open.sum(axis=1)
        full = u_shape(len(ends))
        whole = np.array([full[:n].sum() if n < len(ends) else 1.0 for n in n_open])
        reach = np.rint(EDGE_SHARE * n_open)[:, None]
        bar, last = np.arange(len(ends)), n_open[:, None] - 1
        edge = is_open & ((bar < reach) | (bar > last - reach))
        return cls(is_open, np.where(is_open, full, 0.0) / whole[:, None], edge)

    @property
    def last(self) -> np.ndarray:
        """Position of each day's last open bar, (n_days,)."""
        return self.open.sum(axis=1) - 1


def u_shape(n_bars: int) -> np.ndarray:
    """`U_SHAPE` stretched over any number of bars, 1 in sum; shape (n_bars,)."""
    middle, at = ((np.arange(n) + 0.5) / n for n in (len(U_SHAPE), n_bars))
    stretched = np.interp(at, middle, U_SHAPE)
    return np.asarray(stretched / stretched.sum())
