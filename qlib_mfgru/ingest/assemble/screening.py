"""Rows whose prices cannot be: far beyond any limit on one day, or far from the other prices of their day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.stamps import days_of_bars
from qlib_mfgru.provider.judge import WILD, far, is_bar_spike, is_spike

OUT_OF_DAY = 0.1
"""By how much a bar's price may leave the day's [low, high]; less is counted by the judge."""

SPIKED = "a price far beyond any limit, back on the next day"
FAR_BAR = "a price far outside those of its day"


def spiked_days(
    days: np.ndarray, daily: Mapping[str, np.ndarray], traded: np.ndarray, factor: np.ndarray, board: str | None
) -> np.ndarray:
    """Days with trade whose raw daily row has a price far beyond any limit, by `is_spike`; shape (n_days,).

    Parameters
    ----------
    days : ndarray of shape (n_days,)
        In days since 1970.
    daily, traded, factor, board
        As of a `Stock`.
    """
    prices = {name: np.where(traded, daily[name], np.nan) for name in PRICES}
    with np.errstate(all="ignore"):  # prices of 0 are the judge's
        return is_spike(days.astype("datetime64[D]"), prices, factor, board)


def far_bars(
    rows: np.ndarray,
    days: np.ndarray,
    daily: Mapping[str, np.ndarray],
    traded: np.ndarray,
    factor: np.ndarray,
    board: str | None,
) -> np.ndarray:
    """The vendor's bars that leave the day's [low, high] by more than `OUT_OF_DAY`; shape (n_rows,).

    Where there is no daily row, those that are `WILD` times the day's median close, or less by as much, or far from the
    bars beside them, by `is_bar_spike`. Not where most bars of the day are so, which is no single value, nor on days
    without trade.

    Parameters
    ----------
    rows : structured ndarray
        Of dtype `spool.BAR`, one stock, sorted by time.
    days, daily, traded
        As of `spiked_days`.
    factor : ndarray of shape (n_days,)
        What brings raw prices to those of the bars.
    board : str, optional
        A key of `boards.RULES`.
    """
    day = days_of_bars(rows["when"])
    places, starts = np.searchsorted(days, day), np.flatnonzero(np.diff(day, prepend=-1))
    of_day = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(rows))))
    low, high = (
        np.where(traded, daily[name] * factor * (1 + margin), np.nan)[places]
        for name, margin in (("low", -OUT_OF_DAY), ("high", OUT_OF_DAY))
    )
    priced, gone = np.all([rows[name] > 0 for name in PRICES], axis=0), np.zeros(len(rows), dtype=bool)
    if (lone := ~((low > 0) & (high > 0))).any():
        median = _medians(rows["close"], of_day, starts)
        low, high = np.where(low > 0, low, median / WILD), np.where(high > 0, high, median * WILD)
        gone = lone & _gone_bars(rows, priced, far(day[starts].astype("datetime64[D]"), board)[of_day])
    is_far = priced & ((rows["low"] < low) | (rows["high"] > high) | gone)
    n_far, n_rows, volume = (np.bincount(of_day, values) for values in (is_far, None, np.nan_to_num(rows["volume"])))
    return is_far & ((n_far * 2 < n_rows) & (volume > 0))[of_day]


def _gone_bars(rows: np.ndarray, priced: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Rows of `is_bar_spike` among those with prices and trade; each of shape (n_rows,)."""
    traded, gone = priced & (rows["volume"] > 0), np.zeros(len(rows), dtype=bool)
    gone[traded] = is_bar_spike({name: rows[name][traded] for name in PRICES}, bound[traded])
    return gone


def _medians(values: np.ndarray, of_day: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The upper median of the values of each row's day; of shape (n_rows,)."""
    ranked = values[np.lexsort((values, of_day))]
    middle = starts + np.diff(np.append(starts, len(values))) // 2
    return np.asarray(ranked[middle][of_day], dtype="f8")
