"""The day's limit prices in whole cents, by the boards' rules; none where the session has none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.provider.boards import RULES, board_of
from qlib_mfgru.provider.session import Session

UNLIMITED = (np.iinfo(np.int64).max, 0)
"""Limits, up and down, that no price reaches."""


def limit_rates(codes: Sequence[str], is_st: np.ndarray, days: pd.DatetimeIndex, session: Session) -> np.ndarray:
    """The day's price limit as a fraction, NaN for none; shape (n_days, n_stocks).

    New shares have no free days here: they are limited from their first day on, against the issue price. A board's
    first rule also applies before its date.

    Parameters
    ----------
    codes : sequence of str, length n_stocks
    is_st : ndarray of bool, shape (n_days, n_stocks)
    days : DatetimeIndex of length n_days
    session : Session
    """
    rates = np.full(is_st.shape, np.nan)
    if not session.price_limits:
        return rates
    for stock, code in enumerate(codes):
        rules = RULES[board_of(code)]
        since = np.array([rule.since for rule in rules[1:]], dtype="datetime64[D]")
        rule = np.searchsorted(since, days.to_numpy().astype("datetime64[D]"), side="right")
        plain, st = np.array([(each.ratio, each.st_ratio) for each in rules]).T
        rates[:, stock] = np.where(is_st[:, stock], st[rule], plain[rule])
    return rates


def limit_prices(reference: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Limits, up and down, in cents, rounded half up; `UNLIMITED` where the rate is NaN; each of shape (n_stocks,)."""
    free, rates = np.isnan(rates), np.nan_to_num(rates)
    up, down = to_cents(reference * (1 + rates)), to_cents(reference * (1 - rates))
    return np.where(free, UNLIMITED[0], up), np.where(free, UNLIMITED[1], down)


def to_cents(price: np.ndarray) -> np.ndarray:
    """Round half up to whole cents, at least 1; the small shift makes up for binary rounding just below a half."""
    return np.maximum(np.floor(price + 0.5 + 1e-6), 1).astype(np.int64)
