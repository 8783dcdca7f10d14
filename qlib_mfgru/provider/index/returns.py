"""Daily returns of an index as backtests take them: right across days without a level, refused where none is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from qlib.log import get_module_logger

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.fill import carried_forward


def index_returns(code: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    """Returns of an index from `start` to `end`, on the initialised provider: what qlib takes as ``benchmark``.

    A day's return is the one since the last known level, so that a day without a level returns 0 and the next one with
    a level the whole of it. qlib itself takes 0 for both.

    Returns
    -------
    Series of float32 by trading day
        Where no level is missing, bit for bit what qlib computes.

    Raises
    ------
    InputError
        The index has no level before `start`, or none from `end` on.
    """
    days, stored = reader.calendar("day"), reader.read_series(code, "close", "day")
    close = np.full(len(days), np.nan, dtype=np.float32)
    if stored is not None:
        close[stored[0] : stored[0] + len(stored[1])] = stored[1]
    close[~(close > 0)] = np.nan
    inside = (days >= start) & (days <= end)
    _check_known(code, days, np.isfinite(close), inside)
    missing = days[inside & np.isnan(close)]
    if len(missing):
        get_module_logger("mfgru").warning(
            f"{code} has no level on {len(missing)} days ({missing[0]:%Y-%m-%d} ..): the next day with one takes the "
            "whole return"
        )
    level = carried_forward(close)
    returns = pd.Series(level[1:] / level[:-1] - np.float32(1), index=days[1:])
    return returns[inside[1:]]


def _check_known(code: str, days: pd.DatetimeIndex, known: np.ndarray, inside: np.ndarray) -> None:
    """Refuse an index whose levels do not reach from the day before the backtest to its end."""
    wanted, dated = days[inside], days[known]
    span = f"the backtest from {wanted[0]:%Y-%m-%d} to {wanted[-1]:%Y-%m-%d}"
    if not len(dated):
        raise InputError(f"benchmark is {code!r}: the provider {reader.provider_path('day')} has no $close of it")
    if not (dated[0] < wanted[0] and wanted[-1] <= dated[-1]):
        raise InputError(
            f"benchmark is {code!r}: its levels run from {dated[0]:%Y-%m-%d} to {dated[-1]:%Y-%m-%d} and do not cover "
            f"{span} and the day before it"
        )
