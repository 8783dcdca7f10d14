"""Rows that cannot be: prices far beyond any limit, or far from the others of their day; volumes beyond the day's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.stamps import days_of_bars
from qlib_mfgru.provider.judge import WILD, far, is_bar_spike, is_spike, outside_range
from qlib_mfgru.provider.judge.ranges import AMOUNT_TOLERANCE, mean_price

OUT_OF_DAY = 0.1
"""By how much a bar's price may leave the day's [low, high]; less is counted by the judge."""
FAR_VOLUME = 3.0
"""How many times the day's volume bars add up to before the largest of them is held to be wrong."""
TWICE = 2.0
"""How many times amount / volume may leave [low, high] before one of them, and not both, is far off."""

SPIKED = "a price far beyond any limit, back on the next day"
FAR_BAR = "a price far outside those of its day"
BEYOND_DAY = "bars whose volume alone is far beyond the day's, brought to what the others leave of it"


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


def bars_beyond_day(
    rows: np.ndarray, days: np.ndarray, day_volume: np.ndarray, price_factor: np.ndarray, volume_factor: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bars that alone take their day to `FAR_VOLUME` times its volume, and the share of theirs that the others leave.

    Their amount is as far off: where amount / volume is out of [low, high] only one of the two is. Not where most days
    of the stock are so, which is no single value.

    Parameters
    ----------
    rows, days
        As of `far_bars`.
    day_volume : ndarray of shape (n_days,)
        Raw, NaN where it is unknown.
    price_factor, volume_factor : ndarray of shape (n_days,)
        What brings raw prices to those of the bars, and the bars' volumes to raw ones.

    Returns
    -------
    places : ndarray of int, shape (n_cases,)
        Positions in `rows`, ascending.
    share : ndarray of shape (n_cases,)
    """
    day, volume = days_of_bars(rows["when"]), np.nan_to_num(rows["volume"])
    starts = np.flatnonzero(np.diff(day, prepend=-1))
    place = np.searchsorted(days, day[starts])
    expected = day_volume[place] / volume_factor[place]
    total, largest = np.add.reduceat(volume, starts), np.maximum.reduceat(volume, starts)
    left = expected - (total - largest)
    is_off = (total > FAR_VOLUME * expected) & (left > -AMOUNT_TOLERANCE * expected)
    if not is_off.any() or is_off.sum() * 2 > (expected > 0).sum():
        return np.empty(0, dtype=int), np.empty(0)
    of_day = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(rows))))
    cases = np.flatnonzero(is_off[of_day] & (volume == largest[of_day]))
    days_of_cases, bars = of_day[cases], rows[cases]
    mean = mean_price(bars["amount"], bars["volume"]) * (price_factor / volume_factor)[place[days_of_cases]]
    fits = ~outside_range(mean, bars["low"] / TWICE, bars["high"] * TWICE, 0.0)
    share = np.maximum(left, 0)[days_of_cases] / bars["volume"]
    return cases[fits], share[fits]
