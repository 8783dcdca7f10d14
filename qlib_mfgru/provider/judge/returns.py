"""Rules on the factor: an adjusted return that no market allows, while the raw one is ordinary."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.boards import RULES
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.series import StockSeries

FREE_BOUND = 0.3
"""The largest return that is taken for ordinary where no limit holds."""
LIMIT_MARGIN = 0.01
"""What rounding to ticks may add to a board's limit."""
LONG_IDLE = 30
"""Calendar days without trade from which on the board's limit is not relied on: reforms and relistings have none."""

FACTOR = Kind(
    "days on which the factor changes and the raw close does not (adjusted return beyond any limit): factor lost or wrong",
    role="fatal",
)


def factor_jumps(series: StockSeries) -> Finding:
    """|adjusted return| <= bound wherever the factor changes and |raw return| <= bound.

    The bound is the board's limit and `LIMIT_MARGIN`, or `FREE_BOUND` where there is none or after a long idleness. A
    real ex-date moves the raw price; a factor that is lost, or found again, moves only the adjusted one. Evidence: the
    factor by the one before.
    """
    places = np.flatnonzero(series.traded & (series.prices["close"] > 0) & (series.factor > 0))
    faulty, evidence = np.zeros(len(series.days), dtype=bool), np.full(len(series.days), np.nan)
    close, factor, days = series.prices["close"][places], series.factor[places], series.days[places]
    raw, change = np.log(close[1:] / close[:-1]), np.log(factor[1:]) - np.log(factor[:-1])
    up, down = _bounds(series, days)
    is_jump = _beyond(raw + change, up, down) & ~_beyond(raw, up, down) & (np.abs(change) > 0.01)
    # a raw move half as large, against the factor's, is a payout that the factor overstates, not a lost factor
    is_jump &= np.abs(raw) < np.abs(change) / 2
    faulty[places[1:]] = is_jump
    evidence[places[1:]] = np.exp(np.clip(change, -700, 700))
    return Finding(FACTOR, faulty, max(len(places) - 1, 0), series.days, evidence)


def _beyond(log_return: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    return np.logical_or(log_return > up, log_return < down)


def _bounds(series: StockSeries, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest and smallest ordinary log return of each day after the first of `days`."""
    bound = np.full(max(len(days) - 1, 0), FREE_BOUND)
    if series.board:
        for rule in RULES[series.board]:
            bound = np.where(days[1:] >= rule.since, rule.ratio + LIMIT_MARGIN, bound)
        bound = np.where(np.diff(days).astype(int) > LONG_IDLE, FREE_BOUND, bound)
    return np.log1p(bound), np.log1p(-bound)
