"""Limit prices: what trades beyond them, and whether they are those of the day at all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from qlib_mfgru.provider.boards import RULES, ordinary_ratio
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.ranges import beyond_limits
from qlib_mfgru.provider.judge.series import StockSeries
from qlib_mfgru.provider.limits import reference_price

CENT = 0.0151
"""Yuan by which a limit may be off a board's ratio: vendors round halves of a cent either way."""

LIMITS = Kind(
    "closes outside the limits, given or derived",
    role="systematic",
    cause="special treatment at the time unknown, no limit that day, or an ex-date without a factor",
)
SPAN_LIMITS = Kind(
    "days whose high or low lies outside the limits, given or derived, and the close does not",
    role="systematic",
    cause="highs and lows of another source, special treatment at the time unknown, or no limit that day",
)
LIMITS_OFF = Kind(
    "days whose limits are not the previous close and a ratio of the board",
    role="chance",
    cause="limits of another day, another scale or adjusted ones: look at limit_up, limit_down and their dates, or "
    "leave them out of the mapping, so that they are derived",
)
LIMITS_STEP = Kind(
    "days whose limits are of another ratio than the day before, by no rule of the board",
    role="dated",
    cause="limits of another board, or of special treatment, on some dates: mend them, or leave them out of the "
    "mapping",
)
LIMITS_HIGH = Kind(
    "days whose limits are both five times the close, and more",
    role="chance",
    cause="limits are in fen, or prices are not in yuan: divide limit_up and limit_down by 100, or leave them out of "
    "the mapping, so that they are derived",
)
LIMITS_LOW = Kind(
    "days whose limits are both less than half the close",
    role="chance",
    cause="limits are ratios or returns, not prices: leave limit_up and limit_down out of the mapping, so that they "
    "are derived",
)


def limit_rules(series: StockSeries) -> Iterator[Finding]:
    """Every rule on limit prices: their scale, what trades beyond them, and whether they are those of the day."""
    up, down, close = series.limit_up, series.limit_down, series.prices["close"]
    known = series.traded & ~(np.isnan(up) & np.isnan(down))
    high, low = known & (down > 5 * close), known & (up < close / 2)
    scaled = [Finding(kind, faulty, known, series.days) for kind, faulty in ((LIMITS_HIGH, high), (LIMITS_LOW, low))]
    yield from scaled
    judged = known & ~np.any([found.faulty & found.is_most for found in scaled], axis=0)
    beyond = beyond_limits(close, up, down)
    yield Finding(LIMITS, judged & beyond, judged & (close > 0), series.days)
    yield span_beyond_limits(series, judged & ~beyond)
    if series.board and RULES[series.board]:
        yield from ratio_rules(series, series.board, judged)


def span_beyond_limits(series: StockSeries, judged: np.ndarray) -> Finding:
    """limit_down - 0.006 <= low, high <= limit_up + 0.006 in raw yuan (`LIMIT_TOLERANCE`), where the close is so."""
    prices, none = series.prices, np.full(len(series.days), np.nan)
    faulty = beyond_limits(prices["high"], series.limit_up, none)
    faulty |= beyond_limits(prices["low"], none, series.limit_down)
    return Finding(SPAN_LIMITS, judged & faulty, judged, series.days)


def ratio_rules(series: StockSeries, board: str, judged: np.ndarray) -> Iterator[Finding]:
    """|limit - reference * (1 +- ratio)| <= `CENT` for one of the board's ratios, and for that of the day before.

    The reference is the vendor's previous close or ours, the last close by the factor's step, whichever fits.
    """
    close = np.where(series.traded, series.prices["close"], np.nan)
    references = np.array([series.prev_close, reference_price(close, series.factor)])
    misses = [
        np.fmin.reduce(np.abs(references * (1 + _ratios(board, sign)[:, None, None]) - limit), axis=1)
        for sign, limit in ((1, series.limit_up), (-1, series.limit_down))
    ]
    miss = np.fmax(*(np.fmin.reduce(each, axis=0) for each in misses))
    judged = judged & ~np.isnan(miss)
    yield Finding(LIMITS_OFF, judged & (miss > CENT), judged, series.days)
    places = np.flatnonzero(judged & (miss <= CENT) & ~np.isnan(series.limit_up))
    nearest = np.nan_to_num(misses[0][:, places], nan=np.inf).argmin(axis=0)
    rule = ordinary_ratio(series.days[places], board)
    steps, known = np.zeros((2, len(series.days)), dtype=bool)
    known[places[1:]] = rule[1:] == rule[:-1]
    steps[places[1:]] = known[places[1:]] & (nearest[1:] != nearest[:-1])
    yield Finding(LIMITS_STEP, steps, known, series.days)


@lru_cache
def _ratios(board: str, sign: int) -> np.ndarray:
    """The ratios of limit to reference, less 1, that a board has ever had: upwards (1) or downwards (-1)."""
    rules = RULES[board]
    first = [rule.first_up if sign > 0 else rule.first_down for rule in rules]
    ratios = {rule.ratio for rule in rules} | {rule.st_ratio for rule in rules} | set(first)
    return sign * np.array(sorted(ratios - {0.0}))
