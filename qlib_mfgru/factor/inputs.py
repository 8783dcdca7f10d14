"""``FactorTestInputs``: all that a factor test reads besides the scores, on common (test date, stock) axes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.entry import ENTRIES
from qlib_mfgru.factor.exclusions import exclusion_rules, rule_fields
from qlib_mfgru.factor.schedule import Schedule
from qlib_mfgru.factor.settings import FEWEST_LAYERS, FactorTestSettings
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import as_exposure, check_daily, is_stored, read_daily
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.refusals import together, within


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
        Prices of the entry, carried forward.
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
            No test date; a pool without members on the test dates; or as of `check_provider`.
        """
        check_provider(settings)
        days, stocks = reader.calendar("day"), list(reader.member_spans("all", "day"))
        start, end = settings.start_time or first, settings.end_time or last
        schedule = Schedule.make(days, settings.freq, max(first, start), min(last, end), settings.trade.days)
        members = {pool: _members(pool, days, stocks, schedule) for pool in settings.pools}
        fields = read_daily(stocks, _needs(settings))
        exposures = {name: as_exposure(name, fields[name][schedule.signal]) for name in settings.neutralize}
        prices = carried_forward(fields[settings.trade.price])
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
        It lacks pools or fields; the message names all of them, what needs them, and the settings that do without.
    """
    stocks = list(reader.member_spans("all", "day"))
    together(
        lambda: _check_pools(settings),
        lambda: check_daily(stocks, _all_needs(settings), lambda missing: _instead(missing, settings, stocks)),
    )


def _check_pools(settings: FactorTestSettings) -> None:
    known, pools = reader.markets(), settings.pools
    unknown = [pool for pool in pools if pool.lower() not in known]
    if unknown:
        others = [pool for pool in pools if pool not in unknown] or ["all"]
        raise InputError(
            f"pools: unknown market {', '.join(map(repr, unknown))}; the provider {reader.provider_path('day')} has "
            f"{known}: set pools: {_listed(others)}"
        )
    with within("pools"):
        sizes = {pool: len(reader.member_spans(pool, "day")) for pool in pools}
    for pool, size in sizes.items():
        if size < settings.n_layers:
            raise too_small(pool, f"{size} stocks", settings.n_layers)


def too_small(pool: str, most: str, n_layers: int) -> InputError:
    """What is said of a pool with fewer stocks than layers; fewer than `FEWEST_LAYERS` cannot be advised."""
    if n_layers == FEWEST_LAYERS:
        return InputError(f"{pool} has at most {most}, and needs {n_layers}: take another pool")
    return InputError(
        f"{pool} has at most {most}, too few for {n_layers} layers: set n_layers lower or leave the pool out"
    )


def _members(pool: str, days: pd.DatetimeIndex, stocks: list[str], schedule: Schedule) -> np.ndarray:
    with within("pools"):
        members = reader.member_mask(pool, days, stocks)[schedule.signal]
    if not members.any():
        first, last = days[schedule.signal[[0, -1]]]
        raise InputError(f"{pool} has no members on the test dates, {first:%Y-%m-%d} .. {last:%Y-%m-%d}; leave it out")
    return members


def _needs(settings: FactorTestSettings) -> dict[str, str]:
    """Fields to read: name -> what needs it."""
    needs: dict[str, str] = {settings.trade.price: f"entry: {settings.entry}"}
    for rule in settings.exclude:
        needs |= dict.fromkeys(rule_fields(rule, settings.trade), f"excluding {rule}")
    return needs | dict.fromkeys(settings.neutralize, "neutralising")


def _all_needs(settings: FactorTestSettings) -> dict[str, str]:
    """Those of the entries that are compared as well."""
    needs = _needs(settings)
    for other in settings.compared:
        needs = {**_needs(other), **needs}
    return needs


def _instead(missing: Collection[str], settings: FactorTestSettings, stocks: Sequence[str]) -> str:
    """The settings that need none of the missing fields; empty where no price is left to trade at."""
    ways: list[str] = []
    if settings.trade.price in missing:
        stored = [name for name, entry in ENTRIES.items() if entry.tradable and is_stored(stocks, entry.price)]
        if not stored:
            return ""
        ways.append(f"entry: {stored[0]}")
        settings = settings.changed(entry=stored[0], compare_entries=())
    others = [other.entry for other in settings.compared if other.trade.price not in missing]
    ways += [f"compare_entries: {_listed(others)}"] if len(others) < len(settings.compared) else []
    rules = [rule for rule in settings.exclude if not set(missing) & set(rule_fields(rule, settings.trade))]
    exposures = [name for name in settings.neutralize if name not in missing]
    ways += [f"exclude: {_listed(rules)}"] if len(rules) < len(settings.exclude) else []
    ways += [f"neutralize: {_listed(exposures)}"] if len(exposures) < len(settings.neutralize) else []
    return f"set {', '.join(ways)}"


def _listed(names: Sequence[str]) -> str:
    """Names as a list of YAML."""
    return f"[{', '.join(names)}]"
