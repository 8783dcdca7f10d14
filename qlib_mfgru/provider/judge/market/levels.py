"""Levels of indices against the stocks: of another day, or of another index."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from qlib_mfgru.provider.judge.market.shifts import DAYS, FOLLOWS, Shifts, shift_of

MEMBERS = 10
"""Members with a return on a day that stand for an index."""

SHIFTED_LEVELS = "indices whose returns go with the stocks' of the day before or after"
SHIFTED_CAUSE = "their dates are shifted, or those of all stocks: look at the stamps of both"
SWAPPED_LEVELS = "pairs of indices whose returns go with each other's members rather than with their own"
SWAPPED_CAUSE = "their levels, or their lists of members, are swapped"


def shifted_levels(levels: Mapping[str, np.ndarray], shifts: Shifts) -> list[str]:
    """Indices whose levels are a day early or late, by the rule for stocks: ``SH000300 a day late``.

    Parameters
    ----------
    levels : mapping of str to ndarray of shape (n_days,)
        Closes by code, NaN where there is none.
    shifts : Shifts
        The stocks' returns on the same days.
    """
    market = np.pad(shifts.mean(), 1, constant_values=np.nan)
    found = {code: shift_of(_returns(close), market) for code, close in levels.items()}
    return [f"{code} {shift}" for code, shift in found.items() if shift]


def swapped_levels(
    levels: Mapping[str, np.ndarray], members: Mapping[str, Mapping[str, np.ndarray]], shifts: Shifts
) -> list[str]:
    """Pairs of indices of which the one that gains on the other is that whose members lose.

    The correlation of the differences, of returns and of the members' mean returns, is `-FOLLOWS` or less. Over 580
    days it is 0.45 to 0.61 for three real indices whose members are those of 67 stocks.

    Parameters
    ----------
    members : mapping of str to (mapping of str to ndarray of bool, shape (n_days,))
        By code of the index: the days on which a stock is a member, by its code.
    """
    own = {code: _returns(levels[code]) for code in members if code in levels}
    means = {code: shifts.mean(members[code], MEMBERS) for code in own}
    return [
        f"{one} and {other}"
        for one, other in combinations(own, 2)
        if _correlation(own[one] - own[other], means[one] - means[other]) <= -FOLLOWS
    ]


def _returns(close: np.ndarray) -> np.ndarray:
    """Logarithm of each close by that of the day before; shape (n_days,), NaN where either is missing."""
    return np.diff(np.log(np.where(close > 0, close, np.nan)), prepend=np.nan)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Over the days that both have; 0 of too few, or where either never differs."""
    known = ~np.isnan(one) & ~np.isnan(other)
    if known.sum() < DAYS or min(one[known].std(), other[known].std()) == 0:
        return 0.0
    return float(np.corrcoef(one[known], other[known])[0, 1])
