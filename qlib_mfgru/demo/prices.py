"""Daily closes: the returns of a factor model, subject to ticks, price limits, suspensions and ex-days.

From here on raw prices are whole cents (0.01 yuan), so that bars can agree exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.demo.spec import DemoSpec
from qlib_mfgru.demo.universe import INDUSTRIES, Universe
from qlib_mfgru.demo.venue.limits import limit_prices, limit_rates, to_cents
from qlib_mfgru.provider.session import Session

MARKET_DRIFT = 0.0004
MARKET_VOLATILITY = 0.011
INDUSTRY_VOLATILITY = 0.007
SIZE_VOLATILITY = 0.004
"""Daily log returns of the common factors; the size factor's is for one standard deviation of log size."""

SPLIT_PRICE = 1000
"""Cents: cheaper shares do not split, or a tick would be a large part of the price."""


@dataclass(frozen=True)
class DailyPath:
    """Raw closes and what they are measured from, each of shape (n_days, n_stocks).

    Attributes
    ----------
    close, reference, limit_up, limit_down : ndarray of int
        Cents. The reference is the previous close after the ex-day's dividend and split; the limits are the
        reference plus and minus the limit rate, rounded half up, or `limits.UNLIMITED`. A day without trade repeats
        the last close.
    factor : ndarray
        ``adjusted = raw * factor``; it moves on ex-days only, so that adjusted returns are ``close / reference``.
    shares : ndarray
        Float shares.
    traded : ndarray of bool
        Listed and not suspended.
    """

    close: np.ndarray
    reference: np.ndarray
    limit_up: np.ndarray
    limit_down: np.ndarray
    factor: np.ndarray
    shares: np.ndarray
    traded: np.ndarray


def common_returns(spec: DemoSpec, universe: Universe) -> np.ndarray:
    """Log returns from the market, industry and size factors; shape (n_days, n_stocks)."""
    random = spec.stream("factors")
    n_days, n = spec.n_days, spec.n_stocks
    market = MARKET_DRIFT + MARKET_VOLATILITY * random.standard_t(5, n_days) * np.sqrt(3 / 5)
    industry = INDUSTRY_VOLATILITY * random.standard_normal((n_days, len(INDUSTRIES)))
    size = SIZE_VOLATILITY * random.standard_normal(n_days)
    beta = 1.0 + 0.15 * random.standard_normal(n)
    log_cap = np.log(universe.float_cap)
    exposure = (log_cap - log_cap.mean()) / log_cap.std()
    return market[:, None] * beta + industry[:, universe.industry - 1] + size[:, None] * exposure


def run_prices(universe: Universe, days: pd.DatetimeIndex, log_returns: np.ndarray, session: Session) -> DailyPath:
    """Run the closes day by day; a return is cut at the limit, and the rest of it is lost.

    Parameters
    ----------
    log_returns : ndarray of shape (n_days, n_stocks)
        The returns that the stocks would have without ticks and limits.
    """
    traded = universe.listed & ~universe.suspended
    rates = limit_rates(universe.codes, universe.is_st, days, session)
    close = to_cents(universe.issue_price * 100)
    factor, shares = np.ones(len(close)), universe.float_cap / universe.issue_price
    rows = []
    for t in range(len(days)):
        split = np.where(close >= SPLIT_PRICE, universe.split[t], 1.0)
        reference = to_cents(close * (1 - universe.dividend[t]) / split)
        factor = factor * (close / reference)
        shares = shares * split
        up, down = limit_prices(reference, rates[t])
        moved = np.clip(to_cents(reference * np.exp(log_returns[t])), down, up)
        close = np.where(traded[t], moved, reference)
        rows.append((close, reference, up, down, factor, shares))
    close, reference, up, down, factor, shares = (np.stack(column) for column in zip(*rows, strict=True))
    return DailyPath(close, reference, up, down, factor, shares, traded)
