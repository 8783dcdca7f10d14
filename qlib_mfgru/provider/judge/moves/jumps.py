"""Prices that jump beyond any limit and stay: those of another stock, or on another scale, from a day on."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.spikes import bounds
from qlib_mfgru.provider.judge.series import StockSeries

JUMP = Kind(
    "days on which the price jumps beyond any limit and stays there, and the factor does not",
    role="fatal",
    cause="from that day on prices are those of another stock, on another scale, or adjusted otherwise; or the factor "
    "misses an ex-date",
)


def price_jumps(series: StockSeries) -> Finding:
    """The close is more than a limit up and a limit down away from that of the day before, and does not come back.

    Of days in a row with the same factor, where a limit holds: not in a stock's first days, or after one without trade
    (`bounds`). Of 7.0 million moves of real A-shares none is that large.
    """
    moves = series.moves
    bound, has_limit = bounds(series.days, moves, series.prices["close"][moves.places], series.board)
    far = (np.abs(moves.raw) > bound[1:]) & ~moves.changes
    returns = np.abs(moves.raw[1:] + moves.raw[:-1]) < bound[1:-1]
    far[1:] &= ~(returns & far[:-1])
    far[:-1] &= ~(returns & (np.abs(moves.raw[1:]) > bound[2:]))
    judged = has_limit[1:] & series.is_adjusted
    n_days = len(series.days)
    return Finding(JUMP, moves.on_days(far & judged, n_days), moves.on_days(judged, n_days), series.days)
