"""The span of the day's bars against that of the day: they are made of the same trades."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.ranges import RANGE_TOLERANCE
from qlib_mfgru.provider.judge.series import BarSeries, StockSeries

WIDE_DAY = 0.005
"""By how much a day may reach beyond its bars: bars made of snapshots miss extremes, on four days of ten by 0.1 %."""
CENT = 0.0101
"""Yuan that are always allowed: a tick, of prices that are rounded."""

_COLUMNS = "high and low of days or of bars are of another source, or scaled: look at their columns"
BARS_BEYOND = Kind(
    "days whose bars leave the daily [low, high] by more than 0.1 % and a cent",
    "both",
    role="chance",
    cause=_COLUMNS,
)
DAY_BEYOND = Kind(
    "days whose high or low is more than 0.5 % and a cent beyond all bars of the day",
    "both",
    role="chance",
    cause=_COLUMNS,
)


def span_rules(series: StockSeries, bars: BarSeries) -> Iterator[Finding]:
    """Highest high and lowest low of the bars against the day's, both ways; the second way of whole days only."""
    day_high, day_low = (series.prices[name][bars.positions] for name in ("high", "low"))
    judged = series.comparable & (day_low > 0)
    days = series.bar_days
    beyond = _is_beyond(bars.highest, bars.lowest, day_high, day_low, RANGE_TOLERANCE)
    yield Finding(BARS_BEYOND, judged & beyond, judged, days)
    whole = judged & bars.is_whole
    beyond = _is_beyond(day_high, day_low, bars.highest, bars.lowest, WIDE_DAY)
    yield Finding(DAY_BEYOND, whole & beyond, whole, days)


def _is_beyond(
    high: np.ndarray, low: np.ndarray, other_high: np.ndarray, other_low: np.ndarray, tolerance: float
) -> np.ndarray:
    """Whether one span reaches beyond another one; False where any of them is NaN."""
    return np.logical_or(
        high > other_high * (1 + tolerance) + CENT,
        low < other_low * (1 - tolerance) - CENT,
    )
