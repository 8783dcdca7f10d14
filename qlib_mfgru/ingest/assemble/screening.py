"""Rows whose prices cannot be: far beyond any limit on one day, or far from the other prices of their day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.stamps import days_of_bars
from qlib_mfgru.provider.judge import WILD, is_spike

if TYPE_CHECKING:
    from qlib_mfgru.ingest.assemble.stock import Stock

OUT_OF_DAY = 0.1
"""By how much a bar's price may leave the day's [low, high]; less is counted by the judge."""

SPIKED = "a price far beyond any limit, back on the next day"
FAR_BAR = "a price far outside those of its day"


def spiked_days(stock: Stock) -> np.ndarray:
    """Days with trade whose daily row has such a price, by `is_spike`; shape (n_days,)."""
    days, traded = stock.calendars.days.astype("datetime64[D]"), stock.traded
    prices = {name: np.where(traded, stock.daily[name], np.nan) for name in PRICES}
    with np.errstate(all="ignore"):  # prices of 0 are the judge's
        return is_spike(days, prices, stock.factor, stock.board)


def without_far_bars(stock: Stock) -> np.ndarray:
    """The vendor's bars without those that are `_far_bars`, which are counted."""
    rows = stock.rows.bars
    far = _far_bars(rows, stock)
    if not far.any():
        return rows
    files = stock.rows.files
    cases = (f"{files[row['file']]}: {stock.code} {np.datetime64(int(row['when']), 'm')}" for row in rows[far])
    stock.report.input("bars").drop_count(FAR_BAR, int(far.sum()), cases)
    return rows[~far]


def _far_bars(rows: np.ndarray, stock: Stock) -> np.ndarray:
    """Bars that leave the day's [low, high] by more than `OUT_OF_DAY`; shape (n_rows,).

    Where there is no daily row, those that are `WILD` times the day's median close, or less by as much. Not where most
    bars of the day are so, which is no single value, nor on days without trade.
    """
    days = days_of_bars(rows["when"])
    places = np.searchsorted(stock.calendars.days, days)
    starts = np.flatnonzero(np.diff(days, prepend=-1))
    of_day = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(rows))))
    low, high = _ranges(stock.daily, stock.traded, places)
    if stock.conventions.bars_adjusted:
        low, high = low * stock.factor[places], high * stock.factor[places]
    median = _medians(rows["close"], of_day, starts)
    low, high = np.where(low > 0, low, median / WILD), np.where(high > 0, high, median * WILD)
    far = (rows["low"] < low) | (rows["high"] > high)
    far &= np.all([rows[name] > 0 for name in PRICES], axis=0)
    n_far, n_rows, volume = (np.bincount(of_day, values) for values in (far, None, np.nan_to_num(rows["volume"])))
    return far & ((n_far * 2 < n_rows) & (volume > 0))[of_day]


def _ranges(daily: Mapping[str, np.ndarray], traded: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest price of bars whose days lie at `places`; NaN without a daily row."""
    low = np.where(traded, daily["low"] * (1 - OUT_OF_DAY), np.nan)
    high = np.where(traded, daily["high"] * (1 + OUT_OF_DAY), np.nan)
    return low[places], high[places]


def _medians(values: np.ndarray, of_day: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The upper median of the values of each row's day; of shape (n_rows,)."""
    ranked = values[np.lexsort((values, of_day))]
    middle = starts + np.diff(np.append(starts, len(values))) // 2
    return np.asarray(ranked[middle][of_day], dtype="f8")
