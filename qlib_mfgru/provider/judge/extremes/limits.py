"""Limit prices: what trades beyond them, and whether they are those of the day at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.boards import RULES
from qlib_mfgru.provider.judge.kinds import Finding, Kind, if_most
from qlib_mfgru.provider.judge.ranges import beyond_limits
from qlib_mfgru.provider.judge.series import StockSeries
from qlib_mfgru.provider.limits import reference_price

CENT = 0.0151
"""Yuan by which a limit may be off a board's ratio: vendors round halves of a cent either way."""

SPAN_LIMITS = Kind(
    "days whose high or low lies outside the limits, given or derived, and the close does not",
    role="systematic",
    cause="highs and lows of another source, special treatment at the time unknown, or no limit that day",
)
LIMITS_OFF = Kind(
    "days whose limits are not the previous close and a ratio of the board, on most days of a stock",
    role="systematic",
    cause="limits of another day, another scale or adjusted ones: look at limit_up, limit_down and their dates, or "
    "leave them out of the mapping, so that they are derived",
)


def limit_rules(series: StockSeries) -> Iterator[Finding]:
    """Every rule on limit prices but that on closes."""
    yield span_beyond_limits(series)
    if series.board and RULES[series.board]:
        yield limits_off(series, series.board)


def span_beyond_limits(series: StockSeries) -> Finding:
    """limit_down - 0.006 <= low, high <= limit_up + 0.006 in raw yuan (`LIMIT_TOLERANCE`), where the close is so."""
    up, down, prices, none = series.limit_up, series.limit_down, series.prices, np.full(len(series.days), np.nan)
    judged = series.traded & ~(np.isnan(up) & np.isnan(down)) & ~beyond_limits(prices["close"], up, down)
    faulty = beyond_limits(prices["high"], up, none) | beyond_limits(prices["low"], none, down)
    return Finding(SPAN_LIMITS, judged & faulty, judged, series.days)


def limits_off(series: StockSeries, board: str) -> Finding:
    """|limit - reference * (1 +- ratio)| <= `CENT` for one of the board's ratios, on most days.

    The reference is the vendor's previous close or ours, the last close by the factor's step, whichever fits.
    """
    close = np.where(series.traded, series.prices["close"], np.nan)
    references = np.array([series.prev_close, reference_price(close, series.factor)])
    misses = [
        np.fmin.reduce(np.abs(references[None] * (1 + _ratios(board, sign)[:, None, None]) - limit), axis=(0, 1))
        for sign, limit in ((1, series.limit_up), (-1, series.limit_down))
    ]
    miss = np.fmax(*misses)
    judged = series.traded & ~np.isnan(miss)
    return Finding(LIMITS_OFF, if_most(judged & (miss > CENT), judged), judged, series.days)


def _ratios(board: str, sign: int) -> np.ndarray:
    """The ratios of limit to reference, less 1, that a board has ever had: upwards (1) or downwards (-1)."""
    rules = RULES[board]
    first = [rule.first_up if sign > 0 else rule.first_down for rule in rules]
    ratios = {rule.ratio for rule in rules} | {rule.st_ratio for rule in rules} | set(first)
    return sign * np.array(sorted(ratios - {0.0}))
