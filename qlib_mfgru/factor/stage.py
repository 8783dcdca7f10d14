"""``Stage``: everything of a test that does not depend on the pool, on common (test date, stock) axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.market import FactorMarket
from qlib_mfgru.factor.preprocess import neutralize, standardize, winsorize_mad, winsorize_quantile
from qlib_mfgru.factor.schedule import Schedule
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.factor.universe import Universe
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.fill import carried_forward

_WINSORIZERS: dict[str | None, Callable[[np.ndarray], np.ndarray]] = {
    "mad": winsorize_mad,
    "quantile": winsorize_quantile,
    None: np.asarray,
}


@dataclass(frozen=True)
class Stage:
    """Dates, exclusions, exposures and prices of a test.

    Attributes
    ----------
    settings : FactorTestSettings
    days : DatetimeIndex of length n_days
        The provider's whole calendar; `schedule` and `prices` are on it.
    stocks : list of str, length n_stocks
    schedule : Schedule
    reasons : dict of str to ndarray of shape (n_dates, n_stocks), bool
        Who is left out and why; without scores.
    exposures : mapping of str to ndarray of shape (n_dates, n_stocks)
        What to neutralise against.
    prices : ndarray of shape (n_days, n_stocks), float32
        Deal prices, carried forward.
    """

    settings: FactorTestSettings
    days: pd.DatetimeIndex
    stocks: list[str]
    schedule: Schedule
    reasons: dict[str, np.ndarray]
    exposures: Mapping[str, np.ndarray]
    prices: np.ndarray

    @classmethod
    def set_up(cls, settings: FactorTestSettings, first: pd.Timestamp, last: pd.Timestamp) -> Stage:
        """Read the provider for test dates between `first` and `last`, which `settings` may narrow."""
        market = FactorMarket.read(settings)
        first = max(first, pd.Timestamp(settings.start_time or first))
        last = min(last, pd.Timestamp(settings.end_time or last))
        schedule = Schedule.make(market.days, settings.freq, first, last)
        exposures = {name: market.exposure(name)[schedule.signal] for name in settings.neutralize}
        return cls(
            settings,
            market.days,
            market.stocks,
            schedule,
            _reasons(market, settings, schedule, exposures),
            exposures,
            carried_forward(market.fields[settings.deal_price]),
        )

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Test dates."""
        return self.days[self.schedule.signal]

    def universe(self, pool: str, scores: np.ndarray) -> Universe:
        """Members of `pool` with a score that nothing excludes; `scores` of shape (n_dates, n_stocks)."""
        members = reader.member_mask(pool, self.days, self.stocks)[self.schedule.signal]
        if not members.any():
            raise InputError(f"{pool} has no members on the test dates {self.dates[0]:%Y-%m-%d} ..; leave it out")
        return Universe.exclude(members, {**self.reasons, "no score": np.isnan(scores)}, self.dates)

    def preprocess(self, scores: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Winsorise, neutralise, standardise across the stocks of each date.

        Parameters
        ----------
        scores : ndarray of shape (n_dates, n_columns)
            NaN for stocks that take no part.
        columns : ndarray of int64, shape (n_columns,)
            Which stocks these are.
        """
        factor = _WINSORIZERS[self.settings.winsorize](scores)
        if self.exposures:
            here = {name: values[:, columns] for name, values in self.exposures.items()}
            groups = here.pop("industry", None)
            factor = neutralize(factor, list(here.values()), groups)
        return standardize(factor)

    def growth(self, begin: np.ndarray, end: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Returns from deal to deal, float64 of shape (n_dates, n_columns); NaN on dates that end after the calendar.

        Parameters
        ----------
        begin, end : ndarray of int64, shape (n_dates,)
            Positions in the calendar.
        columns : ndarray of int64, shape (n_columns,)
        """
        returns = np.full((len(begin), len(columns)), np.nan)
        known = np.flatnonzero(end < len(self.days))
        start, stop = (self.prices[np.ix_(place[known], columns)].astype(np.float64) for place in (begin, end))
        returns[known] = stop / start - 1
        return returns


def _reasons(
    market: FactorMarket, settings: FactorTestSettings, schedule: Schedule, exposures: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Exclusions by reason, each (n_dates, n_stocks) bool; a stock without a deal price can never be bought."""
    next_day = schedule.entry
    bought = np.isfinite(market.fields[settings.deal_price][next_day])
    found = {
        "st": lambda: np.nan_to_num(market.fields["is_st"][schedule.signal]) > 0,
        "suspended": lambda: ~(bought & market.tradable()[next_day]),
        "limit_up": lambda: market.opens_at_limit_up()[next_day],
    }
    reasons = {name: found[name]() for name in found if name in settings.exclude}
    if "suspended" not in reasons:
        carried = carried_forward(market.fields[settings.deal_price])[next_day]
        reasons["never traded"] = np.isnan(carried)
    return reasons | {f"no {name}": ~np.isfinite(values) for name, values in exposures.items()}
