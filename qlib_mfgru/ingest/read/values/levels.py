"""Levels of indices, against those of the days around them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.provider.index.levels import far_from_close, is_most, jumps, large_steps, repeats, wide_days

LARGE_STEP = "levels that move more than 13 % in a day, beyond most stocks' limit: kept"
REPEATED = "levels that are those of the day before: kept"


def is_far(levels: VendorInput[RowInput], stamps: np.ndarray, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Whether a row's prices are far from its close, as far as they are positive; shape (n,)."""
    prices = {name: np.where(values[name] > 0, values[name], np.nan) for name in PRICES}
    return far_from_close(stamps.astype("datetime64[D]"), prices, limited=levels.session.price_limits)


def without_faults(levels: VendorInput[RowInput], rows: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
    """The levels without those of a jump that is taken back, and those that stand still, which are counted out.

    Parameters
    ----------
    rows : DataFrame
        As of `read_levels`, each stock and day once.
    days : ndarray of shape (n_days,)
        The calendar, in days since 1970.

    Raises
    ------
    InputError
        Levels that jump and stay, or days that span too much.
    """
    stays = np.ones(len(rows), dtype=bool)
    for stock in rows["stock"].unique():
        own = np.flatnonzero(rows["stock"] == stock)
        places = np.searchsorted(days, rows["day"].iloc[own])
        prices = {name: np.full(len(days), np.nan) for name in PRICES}
        for name, values in prices.items():
            values[places] = rows[name].iloc[own]
        stays[own] = _stays(levels, levels.registry.codes[stock], days.astype("datetime64[D]"), prices)[places]
    levels.report.kept -= int((~stays).sum())
    return rows[stays]


def _stays(levels: VendorInput[RowInput], code: str, days: np.ndarray, prices: dict[str, np.ndarray]) -> np.ndarray:
    """Which of the levels of one index are kept; shape (n_days,). Smaller steps are counted, and stay."""
    close, limited = prices["close"], levels.session.price_limits
    taken_back, lasting = jumps(days, close, limited=limited)
    if lasting.any():
        place = int(lasting.argmax())
        before = close[:place][~np.isnan(close[:place])][-1]
        raise InputError(
            f"{levels.name}: {code} jumps from {before:g} to {close[place]:g} on {days[place]} and does not come "
            "back: are two indices, or two units, under one code?"
        )
    wide = wide_days(days, prices, limited=limited)
    if is_most(wide, ~np.isnan(close)):
        raise InputError(
            f"{levels.name}: {code} spans more than 10 % on {wide.sum()} days, the first {days[wide][0]}: high or low "
            "is another column, or scaled"
        )
    single, stale = repeats(prices)
    large = large_steps(days, np.where(taken_back, np.nan, close), limited=limited) | (wide & ~taken_back)
    for what, cases in ((LARGE_STEP, large), (REPEATED, single)):
        levels.warn(what, int(cases.sum()), [f"{code} {day}" for day in days[cases]])
    for reason, cases in (("level that jumps and comes back", taken_back), ("level that stands still", stale)):
        levels.report.drop_count(reason, int(cases.sum()), [f"{code} {day}" for day in days[cases]])
    return ~(taken_back | stale)
