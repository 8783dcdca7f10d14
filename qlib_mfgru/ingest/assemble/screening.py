"""Rows that cannot be: prices far beyond any limit, or far from the others of their day; volumes beyond the day's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.spool.day_runs import DayRuns
from qlib_mfgru.provider.judge import far, is_bar_spike, outside_range
from qlib_mfgru.provider.judge.ranges import AMOUNT_TOLERANCE, all_positive, mean_price

OUT_OF_DAY = 0.1
"""By how much a bar's price may leave the day's [low, high]; less is counted by the judge."""
FAR_VOLUME = 3.0
"""How many times the day's volume bars add up to before the largest of them is held to be wrong."""
TWICE = 2.0
"""How many times amount / volume may leave [low, high] before one of them, and not both, is far off."""

SPIKED = "a price far beyond any limit, gone on the days beside it"
FAR_BAR = "a price far outside those of its day"
BEYOND_DAY = "bars whose volume alone is far beyond the day's, brought to what the others leave of it"


def far_bars(
    rows: np.ndarray,
    days: np.ndarray,
    daily: Mapping[str, np.ndarray],
    traded: np.ndarray,
    factor: np.ndarray,
    board: str | None,
) -> np.ndarray:
    """The vendor's bars that leave the day's [low, high] by more than `OUT_OF_DAY`; shape (n_rows,).

    Where there is no daily row, those that are far from the bars beside them, by `is_bar_spike`. Not where most bars of
    the day are so, which is no single value, nor on days without trade.

    Parameters
    ----------
    rows : structured ndarray
        Of dtype `spool.BAR`, one stock, sorted by time.
    days, daily, traded
        As of a `Stock`; days since 1970.
    factor : ndarray of shape (n_days,)
        What brings raw prices to those of the bars.
    board : str, optional
        A key of `boards.RULES`.
    """
    runs = DayRuns.of(rows["when"])
    places = np.searchsorted(days, runs.days)
    low, high = (
        np.where(traded, daily[name] * factor * (1 + margin), np.nan)[places]
        for name, margin in (("low", -OUT_OF_DAY), ("high", OUT_OF_DAY))
    )
    is_lone, gone = ~((low > 0) & (high > 0)), np.zeros(len(rows), dtype=bool)
    if is_lone.any():
        gone = runs.spread(is_lone) & _gone_bars(rows, runs.spread(far(runs.days.astype("datetime64[D]"), board)))
    is_far = (rows["low"] < runs.spread(low)) | (rows["high"] > runs.spread(high)) | gone
    if not is_far.any():
        return is_far
    is_far &= all_positive(rows)
    n_far = np.add.reduceat(is_far, runs.starts, dtype=int)
    has_trade = np.logical_or.reduceat(rows["volume"] > 0, runs.starts)
    return is_far & runs.spread((n_far * 2 < runs.lengths) & has_trade)


def _gone_bars(rows: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Rows of `is_bar_spike` among those with prices and trade; each of shape (n_rows,)."""
    traded, gone = all_positive(rows) & (rows["volume"] > 0), np.zeros(len(rows), dtype=bool)
    gone[traded] = is_bar_spike({name: rows[name][traded] for name in PRICES}, bound[traded])
    return gone


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
    runs, volume = DayRuns.of(rows["when"]), np.nan_to_num(rows["volume"])
    place = np.searchsorted(days, runs.days)
    expected = day_volume[place] / volume_factor[place]
    total, largest = (function.reduceat(volume, runs.starts) for function in (np.add, np.maximum))
    left = expected - (total - largest)
    is_off = (total > FAR_VOLUME * expected) & (left > -AMOUNT_TOLERANCE * expected)
    if not is_off.any() or is_off.sum() * 2 > (expected > 0).sum():
        return np.empty(0, dtype=int), np.empty(0)
    cases = np.flatnonzero(runs.spread(is_off) & (volume == runs.spread(largest)))
    days_of_cases, bars = runs.spread(np.arange(len(runs.days)))[cases], rows[cases]
    mean = mean_price(bars["amount"], bars["volume"]) * (price_factor / volume_factor)[place[days_of_cases]]
    fits = ~outside_range(mean, bars["low"] / TWICE, bars["high"] * TWICE, 0.0)
    share = np.maximum(left, 0)[days_of_cases] / bars["volume"]
    return cases[fits], share[fits]
