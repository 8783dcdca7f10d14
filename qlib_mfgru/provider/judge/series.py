"""What is judged: one stock's raw numbers, in days and in the finest bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class BarSeries:
    """Raw intraday bars, each array of shape (n_bar_days, slots), NaN where there is no bar.

    Attributes
    ----------
    prices : mapping of str to ndarray
        By the names of `PRICES`.
    volume, amount : ndarray
        In shares and yuan; the amount is NaN where it is unknown.
    vwap : ndarray
        The mean price where it is given apart from the amount, else NaN.
    positions : ndarray of int, shape (n_bar_days,)
        Where the bars' days lie in the stock's days.
    volume_step : float
        Shares that a volume may be off by, because it was rounded to lots; 0 where it was not.
    """

    prices: Mapping[str, np.ndarray]
    volume: np.ndarray
    amount: np.ndarray
    vwap: np.ndarray
    positions: np.ndarray
    volume_step: float = 0.0

    @cached_property
    def priced(self) -> np.ndarray:
        """Whether a bar is there."""
        return ~np.isnan(self.prices["close"])

    @cached_property
    def traded(self) -> np.ndarray:
        """Whether a day saw any trade; shape (n_bar_days,)."""
        return np.nansum(self.volume, axis=1) > 0

    @property
    def last_close(self) -> np.ndarray:
        """Close of a day's last bar; shape (n_bar_days,)."""
        last = self.priced.shape[1] - 1 - self.priced[:, ::-1].argmax(axis=1)
        return self.prices["close"][np.arange(len(last)), last]


@dataclass(frozen=True)
class StockSeries:
    """Raw daily numbers of one stock, each array of shape (n_days,), NaN on days without trade.

    Attributes
    ----------
    code : str
        e.g. ``SH600000``.
    days : ndarray
        ``datetime64[D]``, ascending.
    prices : mapping of str to ndarray
        By the names of `PRICES`.
    volume, amount : ndarray
        In shares and yuan; the amount is NaN where it is unknown.
    vwap : ndarray
        The mean price where it is given apart from the amount, else NaN.
    factor : ndarray
        ``adjusted = raw * factor``; 1 throughout where no factor is known.
    limit_up, limit_down : ndarray
        NaN where there is no limit.
    market_cap : ndarray
        In yuan, NaN where it is unknown.
    apart : ndarray of bool
        Days that are given apart from the bars, so that the two can be compared.
    lot : int, optional
        Shares in a lot; None where any fraction trades.
    board : str, optional
        A key of `boards.RULES`; None where the market has no boards with price limits.
    volume_step : float
        As of the bars.
    bars : BarSeries, optional
    """

    code: str
    days: np.ndarray
    prices: Mapping[str, np.ndarray]
    volume: np.ndarray
    amount: np.ndarray
    vwap: np.ndarray
    factor: np.ndarray
    limit_up: np.ndarray
    limit_down: np.ndarray
    market_cap: np.ndarray
    apart: np.ndarray
    lot: int | None = None
    board: str | None = None
    volume_step: float = 0.0
    bars: BarSeries | None = None

    @cached_property
    def traded(self) -> np.ndarray:
        """Whether a day saw any trade."""
        return np.nan_to_num(self.volume) > 0
