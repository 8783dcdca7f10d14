"""Trading days: weekdays other than the exchange's holidays, or all days where a market never closes."""

from __future__ import annotations

import pandas as pd

from qlib_mfgru.demo.venue.holidays import CLOSED, YEARS, early_in_new_york
from qlib_mfgru.errors import InputError


def trading_days(start: str, n_days: int, session: str = "ashare") -> pd.DatetimeIndex:
    """The first `n_days` trading days on or after `start`, at midnight.

    Raises
    ------
    InputError
        If the calendar would leave the years of `holidays.YEARS`.
    """
    first, last = YEARS
    if not first <= pd.Timestamp(start).year <= last:
        raise InputError(f"start is {start}: the demo calendar covers {first} to {last}")
    days = open_days(pd.Timestamp(start).normalize(), pd.Timestamp(last, 12, 31), session)
    if len(days) < n_days:
        raise InputError(f"n_days is {n_days}: only {len(days)} trading days from {start} to the end of {last}")
    return days[:n_days]


def open_days(first: pd.Timestamp, last: pd.Timestamp, session: str) -> pd.DatetimeIndex:
    """Trading days from `first` to `last`, both included."""
    if session not in CLOSED:
        return pd.date_range(first, last)
    days = pd.bdate_range(first, last)
    for year in range(first.year, last.year + 1):
        days = days.difference(CLOSED[session](year))
    return pd.DatetimeIndex(days)


def closes_early(days: pd.DatetimeIndex, session: str) -> pd.DatetimeIndex:
    """Those of `days` on which trading ends at 13:00."""
    if session != "us":
        return days[:0]
    early = [day for year in days.year.unique() for day in early_in_new_york(year)]
    return days[days.isin(early)]
