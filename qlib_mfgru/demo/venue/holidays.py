"""Days without trading, much like those of the exchanges, and days that close early."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from dateutil.relativedelta import TH
from pandas.tseries import holiday as rules
from pandas.tseries.offsets import DateOffset, Day, Easter

# fmt: off
SPRING_FESTIVALS: dict[int, str] = {
    2010: "02-14", 2011: "02-03", 2012: "01-23", 2013: "02-10", 2014: "01-31", 2015: "02-19", 2016: "02-08",
    2017: "01-28", 2018: "02-16", 2019: "02-05", 2020: "01-25", 2021: "02-12", 2022: "02-01", 2023: "01-22",
    2024: "02-10", 2025: "01-29", 2026: "02-17", 2027: "02-06", 2028: "01-26", 2029: "02-13", 2030: "02-03",
}
# fmt: on
"""First day of the lunar year, ``month-day``, by year."""
YEARS = (min(SPRING_FESTIVALS), max(SPRING_FESTIVALS))
"""First and last year of the demo calendars."""

Fixed = tuple[tuple[str, int], ...]
"""First day, ``month-day``, and length in calendar days."""
MAINLAND: Fixed = (("01-01", 1), ("04-04", 2), ("05-01", 5), ("10-01", 7))
"""New Year, Qingming, Labour Day, National Day."""
HONG_KONG: Fixed = (("01-01", 1), ("04-04", 1), ("05-01", 1), ("07-01", 1), ("10-01", 1), ("12-25", 2))
"""New Year, Qingming, Labour Day, Establishment Day, National Day, Christmas; one on a Sunday is not moved."""

NEW_YORK: tuple[rules.Holiday, ...] = (
    rules.Holiday("New Year", month=1, day=1, observance=rules.sunday_to_monday),
    rules.USMartinLutherKingJr,
    rules.USPresidentsDay,
    rules.GoodFriday,
    rules.USMemorialDay,
    rules.Holiday("Juneteenth", month=6, day=19, observance=rules.nearest_workday, start_date="2022-01-01"),
    rules.Holiday("Independence Day", month=7, day=4, observance=rules.nearest_workday),
    rules.USLaborDay,
    rules.USThanksgivingDay,
    rules.Holiday("Christmas", month=12, day=25, observance=rules.nearest_workday),
)
EARLY_IN_NEW_YORK: tuple[rules.Holiday, ...] = (
    rules.Holiday("After Thanksgiving", month=11, day=1, offset=[DateOffset(weekday=TH(4)), Day(1)]),
    rules.Holiday("Christmas Eve", month=12, day=24),
)
"""Days that close at 13:00, where they are trading days."""


def mainland(year: int) -> pd.DatetimeIndex:
    """Closed days of the mainland's exchanges; the Spring Festival's begin on its eve."""
    return _spans(year, MAINLAND).union(_spring_festival(year, 8) - Day(1))


def hong_kong(year: int) -> pd.DatetimeIndex:
    """Closed days in Hong Kong: three of the Lunar New Year, Good Friday and Easter Monday among them."""
    easter = pd.Timestamp(year, 1, 1) + Easter()
    return _spans(year, HONG_KONG).union(_spring_festival(year, 3)).union([easter - Day(2), easter + Day(1)])


def new_york(year: int) -> pd.DatetimeIndex:
    """Closed days in New York."""
    return _dates(year, NEW_YORK)


def early_in_new_york(year: int) -> pd.DatetimeIndex:
    """Days that close early in New York, holidays among them as well."""
    return _dates(year, EARLY_IN_NEW_YORK)


CLOSED: dict[str, Callable[[int], pd.DatetimeIndex]] = {"ashare": mainland, "us": new_york, "hk": hong_kong}
"""Closed weekdays of a year by session; a session that is not here trades on every day, weekends included."""


def _spring_festival(year: int, length: int) -> pd.DatetimeIndex:
    return pd.date_range(f"{year}-{SPRING_FESTIVALS[year]}", periods=length)


def _spans(year: int, spans: Fixed) -> pd.DatetimeIndex:
    days = [day for first, length in spans for day in pd.date_range(f"{year}-{first}", periods=length)]
    return pd.DatetimeIndex(days)


def _dates(year: int, holidays: tuple[rules.Holiday, ...]) -> pd.DatetimeIndex:
    first, last = pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)
    return pd.DatetimeIndex([day for holiday in holidays for day in holiday.dates(first, last)]).sort_values()
