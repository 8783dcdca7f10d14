"""15-minute bars that end exactly at the day's close, and the daily bars that they add up to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qlib_mfgru.demo.prices import DailyPath
from qlib_mfgru.demo.signal import autoregress
from qlib_mfgru.demo.spec import DemoSpec
from qlib_mfgru.demo.universe import Universe
from qlib_mfgru.demo.venue.shape import DayShape
from qlib_mfgru.provider.fill import carried_forward

EDGE_TILT = 0.30
"""Log change of the edge bars' volume against the middle's for one standard deviation of the intraday state."""
VOLUME_NOISE = 0.35
"""Standard deviation of a bar's log volume around its profile."""
GAP_SHARE = 0.15
"""Share of a day's variance that falls overnight."""
QUIET_LIMIT_SHARE = 0.3
"""Of the days that close at a limit, the share that trade at it from the first bar to the last."""


@dataclass(frozen=True)
class Bars:
    """Raw bars of some stocks, each of shape (n_days, n_bars, n_stocks); meaningless where a stock did not trade.

    Attributes
    ----------
    open, high, low, close : ndarray of int
        Cents.
    volume : ndarray of int
        Shares.
    amount : ndarray
        Yuan.
    """

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    amount: np.ndarray

    def daily(self) -> Bars:
        """The daily bars, with one bar a day: first, max, min, last, sums."""
        return Bars(
            open=self.open[:, :1],
            high=self.high.max(axis=1, keepdims=True),
            low=self.low.min(axis=1, keepdims=True),
            close=self.close[:, -1:],
            volume=self.volume.sum(axis=1, keepdims=True),
            amount=self.amount.sum(axis=1, keepdims=True),
        )


def draw_bars(
    spec: DemoSpec, universe: Universe, path: DailyPath, shape: DayShape, state: np.ndarray, stocks: slice
) -> Bars:
    """Bars of all days for the stocks of a slice.

    Parameters
    ----------
    shape : DayShape
        Of all days.
    state : ndarray of shape (n_days, n_stocks)
        The intraday state of all stocks.
    """
    random = spec.stream("bars", stocks.start)
    close, reference = path.close[:, None, stocks], path.reference[:, None, stocks]
    up, down = path.limit_up[:, None, stocks], path.limit_down[:, None, stocks]
    sigma = np.hypot(universe.volatility[stocks], 0.012) * np.sqrt((1 - GAP_SHARE) * shape.share)[:, :, None]
    at_limit = (close == up) | (close == down)
    silent = draw_silent(random, thinness(universe)[stocks], shape)
    locked_all_day = at_limit & (random.random(close.shape) < QUIET_LIMIT_SHARE)

    points = draw_path(random, reference, close, sigma)
    points = np.clip(points, down, up)
    locked = locked_all_day | (at_limit & np.logical_or.accumulate(points[:, 1:] == close, axis=1))
    points[:, 1:] = np.where(locked, close, points[:, 1:])
    points[:, :1] = np.where(locked_all_day, close, points[:, :1])
    points[:, 1:] = carried_forward(points[:, 1:], known=~silent, axis=1)

    begin, end = points[:, :-1], points[:, 1:]
    still = silent | (locked & (begin == end))
    high, low = draw_extremes(random, begin, end, sigma)
    high = np.where(still, end, np.minimum(high, up))
    low = np.where(still, end, np.maximum(low, down))
    lot = spec.rules.lot or 1
    lots = draw_lots(random, universe, path, shape, state, stocks, lot)
    lots = np.where(silent, 0, np.where(locked, lots // 4 + 1, lots))
    volume = lots * lot
    amount = (begin + high + low + end) * volume / 400
    return Bars(begin, high, low, end, volume, amount)


def thinness(universe: Universe) -> np.ndarray:
    """Rank of the stocks by size, 0 the largest and 1 the smallest; shape (n_stocks,)."""
    return np.argsort(np.argsort(-universe.float_cap)) / (len(universe.float_cap) - 1)


def draw_silent(random: np.random.Generator, thin: np.ndarray, shape: DayShape) -> np.ndarray:
    """Bars without a trade, (n_days, n_bars, n_stocks): those in which the market is closed, and 0.1 % in large to 1 %
    in small stocks of the others, but never a day's first or last one."""
    silent = random.random((*shape.open.shape, len(thin))) < 0.001 + 0.009 * thin
    silent[:, 0] = False
    silent[np.arange(len(silent)), shape.last] = False
    return silent | ~shape.open[:, :, None]


def draw_path(random: np.random.Generator, reference: np.ndarray, close: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """The open and the bars' closes in cents: a random walk tied to the day's close; (n_days, n_bars + 1, n_stocks)."""
    night = np.sqrt((sigma**2).sum(axis=1, keepdims=True) * GAP_SHARE / (1 - GAP_SHARE))
    scale = np.concatenate([night, sigma], axis=1)
    share = scale**2 / (scale**2).sum(axis=1, keepdims=True)
    steps = scale * random.standard_normal(scale.shape)
    steps += share * (np.log(close / reference) - steps.sum(axis=1, keepdims=True))
    points = np.rint(reference * np.exp(np.cumsum(steps, axis=1))).astype(np.int64)
    points[:, -1:] = close
    return points


def draw_extremes(
    random: np.random.Generator, begin: np.ndarray, end: np.ndarray, sigma: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """High and low in cents: the exact law of a Brownian bridge's maximum, and of its minimum."""
    span = np.log(end / begin)
    draws = -2 * sigma**2 * np.log(random.random((2, *begin.shape)))
    reach = (np.sqrt(span**2 + draws) + np.array([1, -1])[:, None, None, None] * span) / 2
    high = np.rint(begin * np.exp(reach[0])).astype(np.int64)
    low = np.rint(begin * np.exp(-reach[1])).astype(np.int64)
    return np.maximum(high, np.maximum(begin, end)), np.minimum(low, np.minimum(begin, end))


def draw_lots(
    random: np.random.Generator,
    universe: Universe,
    path: DailyPath,
    shape: DayShape,
    state: np.ndarray,
    stocks: slice,
    lot: int,
) -> np.ndarray:
    """Volume of each bar in lots of `lot` shares, at least 1; the state moves it between edges and middle only."""
    shares = path.shares[:, stocks]
    mood = autoregress(0.25 * random.standard_normal(shares.shape), 0.85)
    move = np.abs(np.log(path.close[:, stocks] / path.reference[:, stocks])) / universe.volatility[stocks]
    turnover = 0.01 * np.exp(mood + 0.25 * random.standard_normal(shares.shape) + 0.25 * np.minimum(move, 5) - 0.3)
    noise = VOLUME_NOISE * random.standard_normal((*shape.edge.shape, shares.shape[1]))
    tilt = EDGE_TILT * shape.edge[:, :, None] * state[:, None, stocks]
    profile = shape.share[:, :, None] * np.exp(noise + tilt)
    profile /= profile.sum(axis=1, keepdims=True)
    return np.rint(profile * (turnover * shares)[:, None] / lot).astype(np.int64) + 1
