"""Rows whose prices cannot be: far beyond any limit on one day, or far from the other prices of their day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.ingest.assemble.on_calendar import DayRuns
from qlib_mfgru.provider.judge import WILD
from qlib_mfgru.provider.judge.ranges import all_positive

OUT_OF_DAY = 0.1
"""By how much a bar's price may leave the day's [low, high]; less is counted by the judge."""

SPIKED = "a price far beyond any limit, back on the next day"
FAR_BAR = "a price far outside those of its day"


def far_bars(
    rows: np.ndarray, days: np.ndarray, daily: Mapping[str, np.ndarray], traded: np.ndarray, factor: np.ndarray
) -> np.ndarray:
    """The vendor's bars that leave the day's [low, high] by more than `OUT_OF_DAY`; shape (n_rows,).

    Where there is no daily row, those that are `WILD` times the day's median close, or less by as much. Not where most
    bars of the day are so, which is no single value, nor on days without trade.

    Parameters
    ----------
    rows : structured ndarray
        Of dtype `spool.BAR`, one stock, sorted by time.
    days, daily, traded
        As of a `Stock`; days since 1970.
    factor : ndarray of shape (n_days,)
        What brings raw prices to those of the bars.
    """
    runs = DayRuns.of(rows["when"])
    places = np.searchsorted(days, runs.days)
    low, high = (
        np.where(traded, daily[name] * factor * (1 + margin), np.nan)[places]
        for name, margin in (("low", -OUT_OF_DAY), ("high", OUT_OF_DAY))
    )
    if not (low > 0).all() or not (high > 0).all():
        median = _medians(rows["close"], runs)
        low, high = np.where(low > 0, low, median / WILD), np.where(high > 0, high, median * WILD)
    far = (rows["low"] < runs.spread(low)) | (rows["high"] > runs.spread(high))
    if not far.any():
        return far
    far &= all_positive(rows)
    n_far = np.add.reduceat(far, runs.starts, dtype=int)
    has_trade = np.logical_or.reduceat(rows["volume"] > 0, runs.starts)
    return far & runs.spread((n_far * 2 < runs.lengths) & has_trade)


def _medians(values: np.ndarray, runs: DayRuns) -> np.ndarray:
    """The upper median of the values of each day; of shape (n_runs,)."""
    ranked = values[np.lexsort((values, runs.spread(runs.days)))]
    return np.asarray(ranked[runs.starts + runs.lengths // 2], dtype="f8")
