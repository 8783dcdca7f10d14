"""Prices that cannot be: they jump beyond any limit, and are back on the next day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.provider.boards import ordinary_ratio
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.moves import FREE_BOUND, LIMIT_MARGIN, LONG_IDLE, Moves
from qlib_mfgru.provider.judge.series import PRICES, StockSeries

WILD = 3.0
"""A price this many times another one is wrong even where there is no limit."""
FREE_DAYS = 5
"""Days with trade of a new share that may have no limit."""

SPIKE = Kind(
    "days with a price that is far beyond any limit, and back on the next day", outcome="left out, or made from bars"
)
VOLUME_JUMP = Kind("days whose volume is 50 to 200 times that of the day before, or less by as much", role="dated")
VOLUME_SPIKE = Kind(
    "days whose volume is more than 200 times those of both days beside it, or less by as much",
    role="systematic",
    cause="the day's volume, or that of one bar, is in another unit",
)


def far(days: np.ndarray, board: str | None) -> np.ndarray:
    """How many times another one a stock's price may be on the same day or the next, as a logarithm; shape (n_days,).

    Twice the board's limit, 1.23 times at 10 %. `WILD` where there is none, on a stock's first days, and on the first
    one after `LONG_IDLE`.

    Parameters
    ----------
    days : ndarray of shape (n_days,)
        ``datetime64[D]``, those with trade.
    board : str, optional
        A key of `boards.RULES`.
    """
    bound = 2 * np.log1p(ordinary_ratio(days, board) + LIMIT_MARGIN)
    is_free = np.isnan(bound)
    is_free[1:] |= (days[1:] - days[:-1]).astype("i8") > LONG_IDLE
    is_free[:FREE_DAYS] = True
    bound[is_free] = np.log(WILD)
    return bound


def is_spike(days: np.ndarray, prices: Mapping[str, np.ndarray], moves: Moves, board: str | None) -> np.ndarray:
    """Days with such a price; shape (n_days,).

    The close is more than `far` times, or less than 1 / `far` of, both that of the day before and that of the day
    after, which are in turn no further apart than that, and the factor of the three days is the same; or open, high or
    low are as far from the close of their own day.

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
    """
    close, bound = prices["close"][moves.places], far(days[moves.places], board)
    spike = np.zeros(len(days), dtype=bool)
    for name in PRICES[:-1]:
        spike[moves.places] |= np.abs(np.log(prices[name][moves.places] / close)) > bound
    there, back = moves.raw[:-1], moves.raw[1:]
    same_factor = ~moves.changes[:-1] & ~moves.changes[1:]
    gone = np.minimum(np.abs(there), np.abs(back)) > np.maximum(bound[1:-1], np.log1p(FREE_BOUND))
    spike[moves.places[1:-1]] |= gone & (np.abs(there + back) < bound[1:-1]) & same_factor
    return spike


def spikes(series: StockSeries) -> Finding:
    """Days of `is_spike`, and those that are left out already because of it."""
    faulty = is_spike(series.days, series.prices, series.moves, series.board) | series.spiked
    return Finding(SPIKE, faulty, series.traded | series.spiked, series.days)


def volume_jumps(series: StockSeries) -> Finding:
    """|log(volume(t) / volume(t-1))| between that of 50 and of 200, from a day with trade to the next."""
    places = np.flatnonzero(series.traded)
    jump = np.abs(np.diff(np.log(series.volume[places])))
    faulty = np.zeros(len(series.days), dtype=bool)
    faulty[places[1:]] = (jump > np.log(50)) & (jump < np.log(200))
    return Finding(VOLUME_JUMP, faulty, series.traded, series.days)


def volume_spikes(series: StockSeries) -> Finding:
    """The volume goes up 200 times from a day with trade to the next one, and back; or down, while the price moves.

    A stock that stands at its limit all day trades that little.
    """
    places = np.flatnonzero(series.traded)
    step = np.diff(np.log(series.volume[places]))
    there, back = step[:-1], -step[1:]
    moves = (series.prices["high"] > series.prices["low"])[places[1:-1]]
    faulty = np.zeros(len(series.days), dtype=bool)
    faulty[places[1:-1]] = np.minimum(there, back) > np.log(200)
    faulty[places[1:-1]] |= moves & (np.maximum(there, back) < -np.log(200))
    return Finding(VOLUME_SPIKE, faulty, series.traded, series.days)
