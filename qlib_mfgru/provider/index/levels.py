"""Levels of an index that cannot be: those that jump, and come back or stay, stand still, or span too much in a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

MOST_A_DAY = 1.25
"""By which factor an index of A-shares may move in a day (up 25 %, down 20 %): stocks have limits since `LIMITED`."""
LIMITED = np.datetime64("1996-12-16")
MOST_ELSEWHERE = 3.0
"""The same before that, when Shanghai rose 105 % in a day (1992-05-21), and in markets without limits."""
MOST_ACROSS = 5.0
"""Between two levels, however many days without one lie between them."""
_ENOUGH = 10
"""Days after which `MOST_ACROSS` is allowed anyway."""
BROAD_A_DAY = 0.13
"""What a broad index of A-shares may return in a day, either way: most stocks' limit is a tenth, that of some a fifth.

CNI 2000 fell and rose by up to 12.4 %; indices of boards with a limit of 20 % may move further.
"""
MOST_WITHIN = 1.25
"""By which factor the prices of one day may differ; `MOST_ELSEWHERE` too. Broad indices span 1.13 at most."""
USUAL_WITHIN = 1.1
"""By which factor high and low of most days differ at most."""
STANDS_STILL = 3
"""Rows in a row, with open, high or low, from which on equal ones are no chance; of closes alone, two more."""


class Jumps(NamedTuple):
    """Where levels jump.

    Attributes
    ----------
    taken_back : ndarray of bool, shape (n_days,)
        Levels between a jump and the one that takes it back.
    lasting : ndarray of bool, shape (n_days,)
        First levels after a jump that is not taken back.
    """

    taken_back: np.ndarray
    lasting: np.ndarray


def jumps(days: np.ndarray, close: np.ndarray, *, limited: bool) -> Jumps:
    """Find the levels that lie further from those around them than an index moves.

    From one level to another, n days later, an index may move by ``min(m ** n, MOST_ACROSS)``, with m that of the later
    day. A jump beyond it is taken back if a later jump leads to where the index may have moved to in the meantime.

    Parameters
    ----------
    days : ndarray of shape (n_days,)
        ``datetime64[D]``, the trading days.
    close : ndarray of shape (n_days,)
        NaN where there is no level; all others are positive.
    limited : bool
        Whether the market's stocks have price limits.
    """
    taken_back, lasting = np.zeros((2, len(close)), dtype=bool)
    most = np.where(limited & (days >= LIMITED), MOST_A_DAY, MOST_ELSEWHERE)
    known = np.flatnonzero(~np.isnan(close))
    steps = np.flatnonzero(_beyond(close, most, known[:-1], known[1:])) + 1
    open_steps = list(known[steps])
    while open_steps:
        step = open_steps.pop(0)
        last = known[np.searchsorted(known, step) - 1]
        returns = np.flatnonzero(~_beyond(close, most, np.array(last), np.array(open_steps, dtype=int)))
        if len(returns):
            taken_back[step : open_steps[returns[0]]] = True
            open_steps = open_steps[returns[0] + 1 :]
        else:
            lasting[step] = True
    return Jumps(taken_back & ~np.isnan(close), lasting)


def large_steps(days: np.ndarray, close: np.ndarray, *, limited: bool) -> np.ndarray:
    """Whether a level is further from the last one than broad indices move; shape (n_days,), bool.

    That is `BROAD_A_DAY` for each day in between; never where nothing limits the market's stocks. Parameters are those
    of `jumps`.
    """
    large, known = np.zeros(len(close), dtype=bool), np.flatnonzero(~np.isnan(close))
    a_day = np.log(close[known][1:] / close[known][:-1]) / np.diff(known)
    large[known[1:]] = (a_day > np.log1p(BROAD_A_DAY)) | (a_day < np.log1p(-BROAD_A_DAY))
    return large & limited & (days >= LIMITED)


def span_in_a_day(prices: Mapping[str, np.ndarray]) -> np.ndarray:
    """The largest of a row's prices by the smallest; shape (n_rows,), NaN without a close."""
    given = np.stack(list(prices.values()))
    return np.where(np.isnan(prices["close"]), np.nan, np.fmax.reduce(given, axis=0) / np.fmin.reduce(given, axis=0))


def far_from_close(days: np.ndarray, prices: Mapping[str, np.ndarray], *, limited: bool) -> np.ndarray:
    """Whether a row's prices are further from each other than a day spans; shape (n_rows,), bool.

    Parameters
    ----------
    days : ndarray of shape (n_rows,)
        ``datetime64[D]``.
    prices : mapping of str to ndarray of shape (n_rows,)
        With ``close``; the others where they are given, NaN where they are unknown.
    limited : bool
        As of `jumps`.
    """
    return span_in_a_day(prices) > np.where(limited & (days >= LIMITED), MOST_WITHIN, MOST_ELSEWHERE)


def wide_days(days: np.ndarray, prices: Mapping[str, np.ndarray], *, limited: bool) -> np.ndarray:
    """Days that span more than `BROAD_A_DAY`, or more than `USUAL_WITHIN` where most do; shape (n_days,), bool.

    Parameters are those of `far_from_close`.
    """
    span, is_limited = span_in_a_day(prices), limited & (days >= LIMITED)
    wide = is_limited & (span > USUAL_WITHIN)
    return wide if is_most(wide, ~np.isnan(span)) else is_limited & (span > 1 + BROAD_A_DAY)


def is_most(cases: np.ndarray, judged: np.ndarray) -> bool:
    """Whether cases are more than half of what was judged, and more than three."""
    return bool(np.count_nonzero(cases) > max(np.count_nonzero(judged) / 2, 3))


class Repeats(NamedTuple):
    """Rows that are those of the day with a level before, once more.

    Attributes
    ----------
    single : ndarray of bool, shape (n_days,)
        Closes that are repeated, as happens by chance once in years.
    stale : ndarray of bool, shape (n_days,)
        Rows of `STANDS_STILL` and more equal ones, but the first.
    """

    single: np.ndarray
    stale: np.ndarray


def repeats(prices: Mapping[str, np.ndarray]) -> Repeats:
    """Find the levels that stand still.

    Parameters
    ----------
    prices : mapping of str to ndarray of shape (n_days,)
        With ``close``, NaN where there is no level; the others where they are given.
    """
    single, stale = np.zeros((2, len(prices["close"])), dtype=bool)
    known = np.flatnonzero(~np.isnan(prices["close"]))
    rows = np.stack([values[known] for values in prices.values()])
    equal = (rows[:, 1:] == rows[:, :-1]) | (np.isnan(rows[:, 1:]) & np.isnan(rows[:, :-1]))
    least = STANDS_STILL - 1 if (~np.isnan(rows)).sum() > len(known) else STANDS_STILL + 1
    same = np.concatenate([[False], equal.all(axis=0), [False]])
    starts, ends = np.flatnonzero(~same[:-1] & same[1:]), np.flatnonzero(same[:-1] & ~same[1:])
    for start, end in zip(starts, ends, strict=True):
        stale[known[start + 1 : end + 1]] = end - start >= least
    close = prices["close"][known]
    single[known[1:]] = close[1:] == close[:-1]
    return Repeats(single & ~stale, stale)


def _beyond(close: np.ndarray, most: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Whether levels move further between two days than an index does; all of the shape of `after`."""
    n_days = np.minimum(after - before, _ENOUGH)
    allowed = np.minimum(most[after] ** n_days, MOST_ACROSS)
    return np.abs(np.log(close[after] / close[before])) > np.log(allowed)
