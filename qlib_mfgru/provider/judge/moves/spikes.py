"""Prices that cannot be: they jump beyond any limit, and are gone on the days beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from qlib_mfgru.provider.boards import ordinary_ratio
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.moves import FREE_BOUND, LIMIT_MARGIN, LONG_IDLE, Moves
from qlib_mfgru.provider.judge.series import PRICES, StockSeries

WILD = 3.0
"""A price this many times another one is looked at even where there is no limit."""
FREE_DAYS = 5
"""Days with trade of a new share that may have no limit."""
TICKS = 0.02
"""Yuan by which limits up and down are further apart than their ratios, together: both are rounded to cents."""

Prices = Mapping[str, np.ndarray]

SPIKE = Kind(
    "days with a price that is far beyond any limit, and gone on the days beside it",
    outcome="left out, or made from bars",
)
WILD_DAY = Kind(
    "days with a price 3 times, or a third of, those of the days beside it, where there may be no limit", role="note"
)


def far(days: np.ndarray, board: str | None) -> np.ndarray:
    """How many times another one a stock's price may be on the same day, as a logarithm; shape (n_days,).

    From limit-down to limit-up: (1 + r) / (1 - r), 1.25 times at 10 % with the margin. `WILD` where there is none, on a
    stock's first days, and on the first one after `LONG_IDLE`.

    Parameters
    ----------
    days : ndarray of shape (n_days,)
        ``datetime64[D]``, those with trade.
    board : str, optional
        A key of `boards.RULES`.
    """
    limit = ordinary_ratio(days, board) + LIMIT_MARGIN
    bound = np.log1p(limit) - np.log1p(-limit)
    is_free = np.isnan(bound)
    is_free[1:] |= (days[1:] - days[:-1]).astype("i8") > LONG_IDLE
    is_free[:FREE_DAYS] = True
    bound[is_free] = np.log(WILD)
    return bound


def is_spike(
    days: np.ndarray, prices: Prices, moves: Moves, board: str | None, shown: Callable[[], Prices] | None = None
) -> np.ndarray:
    """Days with a price that cannot be; shape (n_days,).

    - The close is more than `far` times, or less than 1 / `far` of, both that of the day before and that of the day
      after, which are in turn no further apart than that, and the factor of the three days is the same. Where there is
      no limit that happens: then the day as a whole must lie apart from the close before and the open after.
    - Open, high or low are as far from the close of their own day, and from both closes beside it, beyond a limit.
    - Either of them without the latter, where the day's bars show another price.

    Parameters
    ----------
    days : ndarray of shape (n_days,)
        ``datetime64[D]``.
    prices : mapping of str to ndarray of shape (n_days,)
        Raw.
    moves : Moves
        Of these closes, on the days with trade: those that can be spikes.
    board : str, optional
        A key of `boards.RULES`.
    shown : callable, optional
        Gives the raw prices of the days by their bars, NaN where there are none; called only where it matters.
    """
    return _wild_and_spiked(days, prices, moves, board, shown)[1]


def _wild_and_spiked(
    days: np.ndarray, prices: Prices, moves: Moves, board: str | None, shown: Callable[[], Prices] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Days with prices that are far from those of both days beside them, and those of `is_spike`."""
    masks = np.zeros((2, len(days)), dtype=bool)
    own = {name: prices[name][moves.places] for name in PRICES}
    bound, has_limit = bounds(days, moves, own["close"], board)
    away = {name: np.abs(np.log(own[name] / own["close"])) > bound for name in PRICES[:-1]}
    away["close"] = _gone(moves, bound)
    cases = np.logical_or.reduce(list(away.values()))
    if not cases.any():
        return masks[0], masks[1]
    others = _beside(own["close"])
    lone = {name: away[name] & _is_apart(own[name], own[name], others, bound) for name in PRICES[:-1]}
    wild = np.logical_or.reduce([*lone.values(), away["close"]])
    after = np.append(own["open"][1:], np.nan)
    spiked = away["close"] & _is_apart(own["low"], own["high"], (others[0], after), bound)
    if shown is not None:
        off = {name: np.abs(np.log(values[moves.places] / own[name])) for name, values in shown().items()}
        spiked &= ~(off["close"] <= bound)
        spiked |= np.logical_or.reduce([away[name] & (off[name] > bound) for name in PRICES])
    masks[:, moves.places] = wild, spiked | (wild & has_limit)
    return masks[0], masks[1]


def bounds(days: np.ndarray, moves: Moves, close: np.ndarray, board: str | None) -> tuple[np.ndarray, np.ndarray]:
    """`far` on the days with trade, with ticks, and whether it is that of a limit.

    After any day without trade it is not relied on: resumptions have none.
    """
    bound = far(days[moves.places], board)
    has_limit = bound < np.log(WILD)
    has_limit[1:] &= np.diff(moves.places) == 1
    return np.where(has_limit, bound + TICKS / close, np.log(WILD)), has_limit


def _gone(moves: Moves, bound: np.ndarray) -> np.ndarray:
    """Whether a close is far from both beside it, which are near each other; of shape (n_places,)."""
    gone = np.zeros(len(bound), dtype=bool)
    there, back, inner = moves.raw[:-1], moves.raw[1:], bound[1:-1]
    gone[1:-1] = np.minimum(np.abs(there), np.abs(back)) > np.maximum(inner, np.log1p(FREE_BOUND))
    gone[1:-1] &= (np.abs(there + back) < inner) & ~moves.changes[:-1] & ~moves.changes[1:]
    return gone


def _beside(close: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The closes before and after; on the last day both are that before."""
    return np.append(np.nan, close[:-1]), np.append(close[1:], close[-2:-1])


def _is_apart(low: np.ndarray, high: np.ndarray, others: tuple[np.ndarray, ...], bound: np.ndarray) -> np.ndarray:
    """Whether [low, high] lies as a whole above, or below, all others, by more than the bound."""
    times = np.exp(bound)
    return (low > np.maximum(*others) * times) | (high * times < np.minimum(*others))


def spikes(series: StockSeries) -> Iterator[Finding]:
    """Days of `is_spike`, with those that are left out already because of it; and those that only look like it."""
    bars = series.bars
    shown = None if bars is None else lambda: bars.on_days(len(series.days))
    wild, spiked = _wild_and_spiked(series.days, series.prices, series.moves, series.board, shown)
    yield Finding(SPIKE, spiked | series.spiked, series.traded | series.spiked, series.days)
    yield Finding(WILD_DAY, wild & ~spiked, series.traded, series.days)
