"""Daily returns of an index as backtests take them: right across days without a level, refused where none is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from qlib.log import get_module_logger

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.provider.storage.stored import read_series


def index_returns(code: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    """Returns of an index from `start` to `end`, on the initialised provider: what qlib takes as ``benchmark``.

    A day's return is the one since the last known level, so that a day without a level returns 0 and the next one with
    a level the whole of it. qlib itself takes 0 for both.

    Returns
    -------
    Series of float32 by trading day
        Where no level is missing, bit for bit what qlib computes with pandas 2; with pandas 3 qlib averages, and goes
        on, in float64.

    Raises
    ------
    InputError
        There is no trading day from `start` to `end`; or the index has no level on the one before `start`, or on the
        last one up to `end`: a return would reach back to before the backtest, or would not be known.
    """
    days, close = reader.calendar("day"), _levels(code)
    inside = (days >= start) & (days <= end)
    if not inside.any():
        raise InputError(
            f"the provider has no trading day from {start:%Y-%m-%d} to {end:%Y-%m-%d}, its calendar is "
            f"{days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}: set another start_time or end_time"
        )
    _check_ends(code, close.notna().to_numpy(), days, inside)
    missing = days[inside & close.isna()]
    if len(missing):
        get_module_logger("mfgru").warning(
            f"{code} has no level on {len(missing)} days ({missing[0]:%Y-%m-%d} ..): the next day with one takes the "
            "whole return"
        )
    level = carried_forward(close.to_numpy())
    returns = pd.Series(level[1:] / level[:-1] - np.float32(1), index=days[1:])
    return returns[inside[1:]]


def days_without_level(code: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
    """Trading days from `start` to `end` on which an index of the initialised provider has no level."""
    close = _levels(code)[start:end]
    return pd.DatetimeIndex(close.index[close.isna()])


def _levels(code: str) -> pd.Series:
    """Levels of an index by trading day of the whole calendar, float32, NaN where there is none."""
    days = reader.calendar("day")
    stored = read_series(code, "close", "day", len(days))
    close = np.full(len(days), np.nan, dtype=np.float32)
    if stored is not None:
        close[stored[0] : stored[0] + len(stored[1])] = stored[1]
    return pd.Series(np.where((close > 0) & np.isfinite(close), close, np.float32(np.nan)), index=days)


def _check_ends(code: str, known: np.ndarray, days: pd.DatetimeIndex, inside: np.ndarray) -> None:
    """Refuse a backtest without a level on the day before it, or on its last day; say where it could begin or end."""
    dated = days[known]
    if not len(dated):
        raise InputError(f"benchmark is {code!r}: the provider {reader.provider_path('day')} has no $close of it")
    places = np.flatnonzero(inside)
    before, last = places[0] - 1, places[-1]
    has = f"benchmark is {code!r}: its levels run from {dated[0]:%Y-%m-%d} to {dated[-1]:%Y-%m-%d}, with none on"
    if before < 0 or not known[before]:
        day = f"{days[before]:%Y-%m-%d}, the day before the backtest" if before >= 0 else "a day before the backtest"
        later = np.flatnonzero(known[places[0] : last]) + places[0] + 1
        way = f"start_time: {days[later[0]]:%Y-%m-%d} is the first that can be" if len(later) else _OTHER
        raise InputError(f"{has} {day}: {way}")
    if not known[last]:
        earlier = np.flatnonzero(known[places[0] : last]) + places[0]
        way = f"end_time: {days[earlier[-1]]:%Y-%m-%d} is the last that can be" if len(earlier) else _OTHER
        raise InputError(f"{has} {days[last]:%Y-%m-%d}, the backtest's last day: {way}")


_OTHER = "take other days, or another benchmark"
