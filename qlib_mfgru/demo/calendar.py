"""Trading days: weekdays other than public holidays, much like those of the mainland's exchanges."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from qlib_mfgru.errors import InputError

# fmt: off
SPRING_FESTIVALS: dict[int, str] = {
    2010: "02-14", 2011: "02-03", 2012: "01-23", 2013: "02-10", 2014: "01-31", 2015: "02-19", 2016: "02-08",
    2017: "01-28", 2018: "02-16", 2019: "02-05", 2020: "01-25", 2021: "02-12", 2022: "02-01", 2023: "01-22",
    2024: "02-10", 2025: "01-29", 2026: "02-17", 2027: "02-06", 2028: "01-26", 2029: "02-13", 2030: "02-03",
}
# fmt: on
"""First day of the lunar year, ``month-day``, by year."""

FIXED_HOLIDAYS: tuple[tuple[str, int], ...] = (("01-01", 1), ("04-04", 2), ("05-01", 5), ("10-01", 7))
"""First day and length in calendar days: New Year, Qingming, Labour Day, National Day."""


def holidays(year: int) -> Iterator[pd.DatetimeIndex]:
    """Runs of calendar days without trading in `year`; the Spring Festival's begins on its eve."""
    yield pd.date_range(f"{year}-{SPRING_FESTIVALS[year]}", periods=8) - pd.Timedelta(days=1)
    for first, length in FIXED_HOLIDAYS:
        yield pd.date_range(f"{year}-{first}", periods=length)


def trading_days(start: str, n_days: int) -> pd.DatetimeIndex:
    """The first `n_days` trading days on or after `start`, at midnight.

    Raises
    ------
    InputError
        If the calendar would leave the years of `SPRING_FESTIVALS`.
    """
    first, last = min(SPRING_FESTIVALS), max(SPRING_FESTIVALS)
    if not first <= pd.Timestamp(start).year <= last:
        raise InputError(f"start is {start}: the demo calendar covers {first} to {last}")
    weekdays = pd.bdate_range(pd.Timestamp(start).normalize(), f"{last}-12-31")
    for year in range(weekdays[0].year, last + 1):
        for closed in holidays(year):
            weekdays = weekdays.difference(closed)
    if len(weekdays) < n_days:
        raise InputError(f"n_days is {n_days}: only {len(weekdays)} trading days from {start} to the end of {last}")
    return pd.DatetimeIndex(weekdays[:n_days])
