"""``FactorTestInputs``: all that a factor test reads besides the scores, on common (test date, stock) axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.exclusions import FIELDS, exclusion_rules
from qlib_mfgru.factor.schedule import Schedule
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import as_exposure, check_daily, read_daily
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.refusals import within


@dataclass(frozen=True)
class FactorTestInputs:
    """Dates, members, exclusions, exposures and prices; the stocks are the provider's ``all`` market.

    Attributes
    ----------
    settings : FactorTestSettings
    days : DatetimeIndex of length n_days
        The provider's whole calendar; `schedule` and `prices` are on it.
    stocks : list of str, length n_stocks
    schedule : Schedule
    members : mapping of str to ndarray of shape (n_dates, n_stocks), bool
        Each pool's members on the test dates.
    excluded : mapping of str to ndarray of shape (n_dates, n_stocks), bool
        Whom each rule excludes: `exclusion_rules`.
    exposures : mapping of str to ndarray of shape (n_dates, n_stocks)
        What to neutralise against.
    prices : ndarray of shape (n_days, n_stocks), float32
        Deal prices, carried forward.
    """

    settings: FactorTestSettings
    days: pd.DatetimeIndex
    stocks: list[str]
    schedule: Schedule
    members: Mapping[str, np.ndarray]
    excluded: Mapping[str, np.ndarray]
    exposures: Mapping[str, np.ndarray]
    prices: np.ndarray

    @classmethod
    def read(cls, settings: FactorTestSettings, first: pd.Timestamp, last: pd.Timestamp) -> FactorTestInputs:
        """Read the provider for test dates between `first` and `last`, which `settings` may narrow.

        Raises
        ------
        InputError
            No test date; a pool that the provider lacks, or without members on the test dates; a field that it lacks:
            the message says what needs it and which setting does without it.
        """
        days, stocks = reader.calendar("day"), list(reader.member_spans("all", "day"))
        start, end = settings.start_time or first, settings.end_time or last
        schedule = Schedule.make(days, settings.freq, max(first, start), min(last, end))
        members = {pool: _members(pool, days, stocks, schedule) for pool in settings.pools}
        fields = read_daily(stocks, _needs(settings))
        exposures = {name: as_exposure(name, fields[name][schedule.signal]) for name in settings.neutralize}
        prices = carried_forward(fields[settings.deal_price])
        excluded = exclusion_rules(fields, schedule, settings, exposures, prices)
        return cls(settings, days, stocks, schedule, members, excluded, exposures, prices)

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Test dates."""
        return self.days[self.schedule.signal]

    def returns(self, begin: np.ndarray, end: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Returns from price to price, float64 of shape (n_dates, n_columns); NaN on dates that end after the calendar.

        Parameters
        ----------
        begin, end : ndarray of int64, shape (n_dates,)
            Positions in the calendar.
        columns : ndarray of int64, shape (n_columns,)
            Stocks.
        """
        returns = np.full((len(begin), len(columns)), np.nan)
        within = np.flatnonzero(end < len(self.days))
        start, stop = (self.prices[np.ix_(day[within], columns)].astype(np.float64) for day in (begin, end))
        returns[within] = stop / start - 1
        return returns


def check_provider(settings: FactorTestSettings) -> None:
    """Refuse a provider without a pool or a field of the settings, before there are scores.

    Raises
    ------
    InputError
        As of `FactorTestInputs.read`.
    """
    for pool in settings.pools:
        with within("pools"):
            reader.member_spans(pool, "day")
    check_daily(list(reader.member_spans("all", "day")), _needs(settings))


def _members(pool: str, days: pd.DatetimeIndex, stocks: list[str], schedule: Schedule) -> np.ndarray:
    with within("pools"):
        members = reader.member_mask(pool, days, stocks)[schedule.signal]
    if not members.any():
        first, last = days[schedule.signal[[0, -1]]]
        raise InputError(f"{pool} has no members on the test dates, {first:%Y-%m-%d} .. {last:%Y-%m-%d}; leave it out")
    return members


def _needs(settings: FactorTestSettings) -> dict[str, str]:
    """Fields to read: name -> what needs it and what to do without it."""
    other_price = "close" if settings.deal_price == "vwap" else "vwap"
    needs: dict[str, str] = {settings.deal_price: f"it is the deal price; set deal_price: {other_price}, or ingest it"}
    for rule in settings.exclude:
        rest: list[str] = [other for other in settings.exclude if other != rule]
        need = f"excluding {rule} stocks needs it; set exclude: {rest}, or ingest it"
        needs |= dict.fromkeys(FIELDS[rule], need)
    for exposure in settings.neutralize:
        rest = [other for other in settings.neutralize if other != exposure]
        needs[exposure] = f"neutralising against it needs it; set neutralize: {rest}, or ingest it"
    return needs
