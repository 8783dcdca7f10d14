"""How a stock's price and factor move from one day with trade to the next, and which moves no market allows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qlib_mfgru.provider.boards import ordinary_ratio

FREE_BOUND = 0.3
"""The largest return that is taken for ordinary where no limit holds."""
LIMIT_MARGIN = 0.01
"""What rounding to ticks may add to a board's limit."""
EVENT = 0.002
"""The smallest change of a factor, as a logarithm, that is one; less is the rounding of prices it was made from."""
SAME = 1e-6
"""By how much, as a logarithm, a factor that comes back to a former value may differ from it."""
LONG_IDLE = 30
"""Calendar days without trade from which on the board's limit is not relied on: reforms and relistings have none."""


@dataclass(frozen=True)
class Moves:
    """Logarithms of one day's price or factor by those of the day with trade before; n days, n - 1 moves.

    Attributes
    ----------
    places : ndarray of int, shape (n,)
        Positions of the days with trade.
    idle : ndarray of int, shape (n - 1,)
        Calendar days from one to the next.
    raw, change : ndarray of shape (n - 1,)
        Of the raw close, and of the factor.
    up, down : ndarray of shape (n - 1,)
        The largest and the smallest ordinary return: the board's limit and `LIMIT_MARGIN`, or `FREE_BOUND` where there
        is none, or after `LONG_IDLE`.
    within_limit : ndarray of bool, shape (n - 1,)
        Whether the raw return is within the board's limit, however long the stock was idle, or `FREE_BOUND`.
    """

    places: np.ndarray
    idle: np.ndarray
    raw: np.ndarray
    change: np.ndarray
    up: np.ndarray
    down: np.ndarray
    within_limit: np.ndarray

    @classmethod
    def of(cls, days: np.ndarray, close: np.ndarray, factor: np.ndarray, board: str | None) -> Moves:
        """Of raw closes, NaN on days without trade, with a factor; each of shape (n_days,).

        Parameters
        ----------
        days : ndarray of shape (n_days,)
            ``datetime64[D]``.
        board : str, optional
            A key of `boards.RULES`.
        """
        places = np.flatnonzero((close > 0) & (factor > 0))
        days, log_close, log_factor = days[places], np.log(close[places]), np.log(factor[places])
        idle = (days[1:] - days[:-1]).astype("i8")
        ratio = ordinary_ratio(days[1:], board)
        limit = np.where(np.isnan(ratio), FREE_BOUND, ratio + LIMIT_MARGIN)
        raw, most, least = log_close[1:] - log_close[:-1], np.log1p(limit), np.log1p(-limit)
        within = (raw <= most) & (raw >= least)
        relied = idle <= LONG_IDLE
        up, down = np.where(relied, most, np.log1p(FREE_BOUND)), np.where(relied, least, np.log1p(-FREE_BOUND))
        return cls(places, idle, raw, log_factor[1:] - log_factor[:-1], up, down, within)

    @cached_property
    def changes(self) -> np.ndarray:
        """Whether the factor changes, by more than rounding."""
        return np.abs(self.change) > EVENT

    @cached_property
    def is_alone(self) -> np.ndarray:
        """Whether the factor changes and the raw price does not make up for half of it."""
        return self.changes & (-self.raw * np.sign(self.change) < np.abs(self.change) / 2)

    @cached_property
    def is_jump(self) -> np.ndarray:
        """Whether the adjusted return is not ordinary while the raw one is, and explains less than half of the change.

        Otherwise the factor only overstates a payout.
        """
        jump = self.beyond(self.raw + self.change) & self.within_limit
        return jump & (np.abs(self.change) > 0.01) & (np.abs(self.raw) < np.abs(self.change) / 2)

    @cached_property
    def is_unadjusted(self) -> np.ndarray:
        """Whether the raw return is not ordinary, as on an ex-date, whatever the factor does."""
        return self.beyond(self.raw) & ~self.is_jump

    def on_days(self, moves: np.ndarray, n_days: int) -> np.ndarray:
        """A mask of moves as one of the days on which they end; shape (n_days,)."""
        mask = np.zeros(n_days, dtype=bool)
        mask[self.places[1:]] = moves
        return mask

    def beyond(self, moves: np.ndarray, times: float = 1.0) -> np.ndarray:
        """Whether moves are larger than that many ordinary ones; shape (n - 1,)."""
        return np.logical_or(moves > self.up * times, moves < self.down * times)
