"""What is judged: one stock's raw numbers, in days and in the finest bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from qlib_mfgru.provider.judge.kinds import Stated
from qlib_mfgru.provider.judge.moves.moves import Moves
from qlib_mfgru.provider.judge.ranges import all_positive

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
    has_first, has_last : ndarray of bool, shape (n_bar_days,)
        Whether the first and the last bar of the session are there, at the frequency of the source.
    volume_step : float
        Shares that a volume may be off by, because it was rounded to lots; 0 where it was not.
    ends : ndarray of shape (slots,)
        When the bars end, in minutes after midnight, NaN where none need be; of shape (0,) where it is not known.
    undone : bool
        The volume came divided by the factor, and was multiplied by it.
    stated : Stated, optional
        The units in which volume and amount came, where these are the same in all rows.
    """

    prices: Mapping[str, np.ndarray]
    volume: np.ndarray
    amount: np.ndarray
    vwap: np.ndarray
    positions: np.ndarray
    has_first: np.ndarray
    has_last: np.ndarray
    ends: np.ndarray = field(default_factory=lambda: np.zeros(0))
    volume_step: float = 0.0
    undone: bool = False
    stated: Stated | None = None

    @cached_property
    def priced(self) -> np.ndarray:
        """Whether a bar is there."""
        return ~np.isnan(self.prices["close"])

    @cached_property
    def n_bars(self) -> np.ndarray:
        """Bars of each day; shape (n_bar_days,)."""
        return np.asarray(self.priced.sum(axis=1))

    @cached_property
    def with_trade(self) -> np.ndarray:
        """Whether a bar has a volume."""
        return self.volume > 0

    @cached_property
    def traded(self) -> np.ndarray:
        """Whether a day saw any trade; shape (n_bar_days,)."""
        return np.asarray(self.with_trade.any(axis=1))

    @cached_property
    def is_whole(self) -> np.ndarray:
        """Whether a day has at least the bars that the stock has on most days with trade; shape (n_bar_days,)."""
        counts = np.sort(self.n_bars[self.traded])
        middle = counts[[(len(counts) - 1) // 2, len(counts) // 2]] if len(counts) else np.zeros(2)
        return self.n_bars * 2 >= middle.sum()

    @cached_property
    def highest(self) -> np.ndarray:
        """Highest high of each day; shape (n_bar_days,)."""
        return np.asarray(np.fmax.reduce(self.prices["high"], axis=1))

    @cached_property
    def lowest(self) -> np.ndarray:
        """Lowest low of each day; shape (n_bar_days,)."""
        return np.asarray(np.fmin.reduce(self.prices["low"], axis=1))

    @property
    def first_open(self) -> np.ndarray:
        """Open of a day's first bar; shape (n_bar_days,)."""
        return self._at("open", self.priced.argmax(axis=1))

    @property
    def last_close(self) -> np.ndarray:
        """Close of a day's last bar; shape (n_bar_days,)."""
        return self._at("close", self._last)

    @property
    def others_for_close(self) -> list[np.ndarray]:
        """What the last close is taken for by mistake: the last open, the close before and the next day's first one."""
        first_close = self._at("close", self.priced.argmax(axis=1))
        before = self._at("close", np.maximum(self._last - 1, 0))
        return [self._at("open", self._last), before, np.append(first_close[1:], np.nan)]

    def on_days(self, n_days: int) -> dict[str, np.ndarray]:
        """Open, high, low and close of the bars of each of the stock's days, NaN where there are none."""
        days = np.full((len(PRICES), n_days), np.nan)
        days[:, self.positions] = self.first_open, self.highest, self.lowest, self.last_close
        return dict(zip(PRICES, days, strict=True))

    @cached_property
    def _last(self) -> np.ndarray:
        return self.priced.shape[1] - 1 - self.priced[:, ::-1].argmax(axis=1)

    def _at(self, name: str, slots: np.ndarray) -> np.ndarray:
        return self.prices[name][np.arange(len(slots)), slots]


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
    prev_close : ndarray
        The vendor's previous close, ex-rights; NaN where it is not given.
    previous_makes_factor : bool
        The factor is made of them.
    is_adjusted : bool
        A factor is known at all: without one an ex-date looks like a loss.
    factor_held : ndarray of bool, optional
        Days whose factor is that of a day before, though the vendor gives one for most days.
    without_volume : ndarray of bool, optional
        Days without trade whose price moves.
    after_gap : ndarray of bool, optional
        Days with a row, the day before which has none.
    apart : ndarray of bool
        Days that are given apart from the bars, so that the two can be compared.
    as_given : bool
        Prices are raw as they came, not made so by a factor.
    lot : int, optional
        Shares in a lot; None where any fraction trades.
    board : str, optional
        A key of `boards.RULES`; None where the market has no boards with price limits.
    volume_step : float
    undone : bool
    stated : Stated, optional
        As of the bars.
    spiked : ndarray of bool
        Days that are left out already, or made from bars, because a price is far beyond any limit.
    file_of : callable, optional
        Names the vendor's file of the daily row, or of the bars, of a day: ``file_of(day, "days" or "bars")``.
    bars : BarSeries, optional
    known_moves : Moves, optional
        `moves`, where they are made already.
    unmended : Moves, optional
        With the factor as it was given, where single days of it are mended.
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
    prev_close: np.ndarray
    apart: np.ndarray
    spiked: np.ndarray
    as_given: bool = False
    lot: int | None = None
    board: str | None = None
    volume_step: float = 0.0
    undone: bool = False
    previous_makes_factor: bool = False
    is_adjusted: bool = True
    factor_held: np.ndarray | None = None
    without_volume: np.ndarray | None = None
    after_gap: np.ndarray | None = None
    stated: Stated | None = None
    file_of: Callable[[np.datetime64, str], str] | None = None
    bars: BarSeries | None = None
    known_moves: Moves | None = None
    unmended: Moves | None = None

    @cached_property
    def traded(self) -> np.ndarray:
        """Whether a day saw any trade."""
        return self.volume > 0

    @cached_property
    def priced(self) -> np.ndarray:
        """Whether a day saw trade and has all four prices."""
        return self.traded & all_positive(self.prices)

    @cached_property
    def bar_days(self) -> np.ndarray:
        """The days that have bars, if any; shape (n_bar_days,)."""
        return self.days[self.bars.positions if self.bars else []]

    @cached_property
    def comparable(self) -> np.ndarray:
        """Those with trade in bars and in a daily row, which are given apart; shape (n_bar_days,)."""
        if self.bars is None:
            return np.zeros(0, dtype=bool)
        return self.bars.traded & (self.traded & self.apart)[self.bars.positions]

    @cached_property
    def moves(self) -> Moves:
        """How price and factor move from one day with trade to the next."""
        if self.known_moves is not None:
            return self.known_moves
        close = np.where(self.traded, self.prices["close"], np.nan)
        return Moves.of(self.days, close, self.factor, self.board)
