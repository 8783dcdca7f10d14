"""Since when a stock is listed, as far as calendar and prices tell: new shares have limits of their own, or none."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.provider.boards import RULES
from qlib_mfgru.provider.judge.ranges import beyond_limits
from qlib_mfgru.provider.limits import derive_limits

LISTED_BEFORE = 10**6
"""Trading days since listing of a stock that was there before the calendar."""
NEW = slice(max(1, *(rule.free_days for rules in RULES.values() for rule in rules)))
"""Days of the calendar on which the limits of a stock listed on the first of them may be others."""


def since_listing(
    code: str, days: np.ndarray, prices: Mapping[str, np.ndarray], reference: np.ndarray, first: int
) -> np.ndarray:
    """Trading days since a stock was listed, 0 on its first one; shape (n_days,).

    One that first appears after the calendar's start was listed on that day. Of one that is there from the start its
    prices decide: if they leave the limits of an ordinary share, and not those of a new one, it was listed then.

    Parameters
    ----------
    code : str
        e.g. ``SH600000``.
    days : ndarray of shape (n_days,)
        ``datetime64[D]``, the calendar.
    prices : mapping of str to ndarray of shape (n_days,)
        Raw; NaN on days without trade.
    reference : ndarray of shape (n_days,)
        As of `derive_limits`.
    first : int
        Where in `days` the stock first appears.
    """
    session = np.arange(len(days)) - first
    if first > 0:
        return session
    before = np.full(len(days), LISTED_BEFORE)
    beyond = _leaves_limits(code, days[NEW], prices, reference[NEW], before[NEW])
    if beyond.any():
        beyond &= ~_leaves_limits(code, days[NEW], prices, reference[NEW], session[NEW])
    return session if beyond.any() else before


def _leaves_limits(
    code: str, days: np.ndarray, prices: Mapping[str, np.ndarray], reference: np.ndarray, session: np.ndarray
) -> np.ndarray:
    up, down = derive_limits(code, days, reference, np.zeros(len(days)), session)
    return np.logical_or(*(beyond_limits(prices[name][NEW], up, down) for name in ("high", "low")))
