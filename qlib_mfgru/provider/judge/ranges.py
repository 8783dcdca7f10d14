"""Whether prices lie where they must: within the day's or bar's range, and within the limits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

RANGE_TOLERANCE = 0.001
"""By how much, of the price, a mean price may leave [low, high]: amounts and prices are rounded apart."""
AMOUNT_TOLERANCE = 0.05
"""By how much figures of two sources may differ, which count auctions and block trades apart."""
LIMIT_TOLERANCE = 0.006
"""By how many yuan a close may leave its limits: half a tick, and the rounding of what is stored."""


def outside_range(
    price: np.ndarray, low: np.ndarray, high: np.ndarray, tolerance: np.ndarray | float = RANGE_TOLERANCE
) -> np.ndarray:
    """Whether price < low * (1 - tolerance) or price > high * (1 + tolerance); False where any of them is NaN."""
    return np.logical_or(price < low * (1 - tolerance), price > high * (1 + tolerance))


def beyond_limits(close: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Whether a raw close lies beyond the raw limit prices by more than rounding; False where there is none."""
    return np.logical_or(close > up + LIMIT_TOLERANCE, close < down - LIMIT_TOLERANCE)


def all_positive(prices: Mapping[str, np.ndarray] | np.ndarray) -> np.ndarray:
    """Whether open, high, low and close are there and positive; of their shape."""
    return np.asarray((prices["open"] > 0) & (prices["high"] > 0) & (prices["low"] > 0) & (prices["close"] > 0))


def mean_price(amount: np.ndarray, volume: np.ndarray) -> np.ndarray:
    """amount / volume where both are positive, else NaN; of the inputs' shape."""
    known = (volume > 0) & (amount > 0)
    return np.divide(amount, volume, out=np.full(np.shape(volume), np.nan), where=known)
