"""``MarketSnapshot``: the daily market that decisions are made of, handed out one day's knowledge at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import AT_LIMIT, as_exposure, read_daily
from qlib_mfgru.provider.fill import carried_forward

if TYPE_CHECKING:
    from qlib_mfgru.portfolio.settings import IndexEnhancementSettings

DEALS = ("open", "close", "vwap", "volume", "factor", "limit_up", "limit_down")
"""Fields without which no deal can be simulated."""


@dataclass(frozen=True)
class MarketView:
    """What is known of every stock at one day's close; all arrays of shape (n_stocks,), float64 or bool.

    Attributes
    ----------
    date : Timestamp
    stocks : sequence of str
    close : ndarray
        Adjusted, carried forward over suspensions; NaN before the first bar.
    factor : ndarray
        Adjusted price over raw price, carried forward like it.
    weight : ndarray
        The index's weights, 0 outside it, 1 in sum.
    covered : float
        Sum of the stored weights that `weight` was scaled up from: 1 where all of the index is in the provider.
    member : ndarray of bool
    industry : ndarray
        Codes, NaN where unknown.
    exposures : mapping of str to ndarray
        z-scored over all stocks traded on the date (``market_cap``: its logarithm), 0 where unknown. Like industry and
        ST flag they hold on over suspensions.
    suspended, at_limit_up, at_limit_down, is_st : ndarray of bool
        Without a trade on the date; closing at a limit price; flagged on the date.
    """

    date: pd.Timestamp
    stocks: Sequence[str]
    close: np.ndarray
    factor: np.ndarray
    weight: np.ndarray
    covered: float
    member: np.ndarray
    industry: np.ndarray
    exposures: Mapping[str, np.ndarray]
    suspended: np.ndarray
    at_limit_up: np.ndarray
    at_limit_down: np.ndarray
    is_st: np.ndarray


@dataclass(frozen=True)
class MarketSnapshot:
    """Daily fields of the provider's ``all`` market over its whole calendar, and one index's members.

    Attributes
    ----------
    index : str
        A market of the provider, e.g. ``csi300``.
    weighting : str
        ``drifted``: `$<index>_weight`, from the last day on which it changed on with the stocks' prices; a member's
        missing value (a suspension, a gap) is no change. ``market_cap``: the members' float capitalisations.
    days : DatetimeIndex of length n_days
    stocks : list of str, length n_stocks
    member : ndarray of shape (n_days, n_stocks), bool
    fields : mapping of str to ndarray of shape (n_days, n_stocks), float32
        NaN where nothing is stored.
    exposures : tuple of str
        Fields that `MarketView.exposures` serves.
    """

    index: str
    weighting: str
    days: pd.DatetimeIndex
    stocks: list[str]
    member: np.ndarray
    fields: Mapping[str, np.ndarray]
    exposures: tuple[str, ...]

    @classmethod
    def read(cls, index: str, weighting: str = "drifted", exposures: Sequence[str] = ("market_cap",)) -> MarketSnapshot:
        """Read what an index enhancement needs from the initialised provider.

        Raises
        ------
        InputError
            Unknown index or weighting, or a field that the provider lacks: the message says what to do without it.
        """
        if weighting not in ("drifted", "market_cap"):
            raise InputError(f"index_weights is {weighting!r}; it must be 'drifted' or 'market_cap'")
        days, stocks = reader.calendar("day"), list(reader.member_spans("all", "day"))
        member = reader.member_mask(index, days, stocks)
        weight = {
            "drifted": {f"{index}_weight": "the index's weights; set index_weights: market_cap, or ingest them"},
            "market_cap": {"market_cap": "index_weights: market_cap needs it; ingest float_shares, or market_cap"},
        }[weighting]
        needs = dict.fromkeys(DEALS, "deals cannot be simulated without it; ingest it")
        needs |= {"is_st": "ST stocks cannot be told; ingest it", "industry": "industry exposures need it; ingest it"}
        needs |= dict.fromkeys(exposures, "an exposure limit names it; leave that out, or ingest it") | weight
        return cls(index, weighting, days, stocks, member, read_daily(stocks, needs), tuple(exposures))

    @classmethod
    def of(cls, settings: IndexEnhancementSettings) -> MarketSnapshot:
        """Read what these settings need."""
        return cls.read(settings.index, settings.index_weights, settings.exposure_fields())

    def known_at(self, date: pd.Timestamp) -> MarketView:
        """What is known at the close of a trading day: nothing of any later day enters.

        Raises
        ------
        InputError
            Not a trading day of the provider, or no index weight is known by then.
        """
        day = self.position(date)
        weight, covered = self._weights(day)
        close, volume = self.fields["close"][day], self.fields["volume"][day]
        suspended = ~(np.isfinite(close) & (volume > 0))
        return MarketView(
            date=self.days[day],
            stocks=self.stocks,
            close=self.last_known["close"][day].astype(np.float64),
            factor=self.last_known["factor"][day].astype(np.float64),
            weight=weight,
            covered=covered,
            member=self.member[day],
            industry=self.last_known["industry"][day].astype(np.float64),
            exposures={
                name: _standardised(as_exposure(name, self.last_known[name][day]), ~suspended)
                for name in self.exposures
            },
            suspended=suspended,
            at_limit_up=close >= AT_LIMIT * self.fields["limit_up"][day],
            at_limit_down=close * AT_LIMIT <= self.fields["limit_down"][day],
            is_st=self.last_known["is_st"][day] > 0,
        )

    def position(self, date: pd.Timestamp) -> int:
        """Row of a trading day; an InputError if it is none."""
        day = int(self.days.searchsorted(date))
        if day == len(self.days) or self.days[day] != date:
            raise InputError(
                f"{date:%Y-%m-%d} is no trading day of the provider, whose days are {self.days[0]:%Y-%m-%d} .. "
                f"{self.days[-1]:%Y-%m-%d}"
            )
        return day

    def column(self, code: str) -> int:
        """Column of a stock."""
        return self._columns[code]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {code: column for column, code in enumerate(self.stocks)}

    @cached_property
    def last_known(self) -> dict[str, np.ndarray]:
        """The fields that hold on over suspensions, carried forward, (n_days, n_stocks)."""
        lasting = {"close", "factor", "industry", "is_st", *self.exposures, *({"market_cap"} & self.fields.keys())}
        return {name: carried_forward(self.fields[name]) for name in lasting}

    @cached_property
    def _given(self) -> tuple[np.ndarray, np.ndarray]:
        """The members' last known stored weights, (n_days, n_stocks); and for each day the last day up to it on which
        a member's changed, -1 before the first."""
        stored = self.fields[f"{self.index}_weight"]
        known = self.member & (stored > 0)
        given = np.nan_to_num(carried_forward(np.where(known, stored, np.where(self.member, np.nan, np.float32(0)))))
        before = np.vstack([np.zeros_like(given[:1]), given[:-1]])
        changed = (known & (stored != before)).any(axis=1)
        return given, np.maximum.accumulate(np.where(changed, np.arange(len(given)), -1))

    def _weights(self, day: int) -> tuple[np.ndarray, float]:
        if self.weighting == "market_cap":
            weight, covered = np.nan_to_num(self.last_known["market_cap"][day].astype(np.float64)), 1.0
        else:
            given, changed = self._given
            published = int(changed[day])
            if published < 0:
                raise InputError(
                    f"no weight of {self.index} is known by {self.days[day]:%Y-%m-%d}: start later, or set "
                    "index_weights: market_cap"
                )
            stored, close = given[published].astype(np.float64), self.last_known["close"]
            weight = stored * np.nan_to_num(close[day] / close[published], nan=1.0)
            covered = float(stored.sum())
        weight = np.where(self.member[day], weight, 0.0)
        if not weight.sum() > 0:
            raise InputError(f"no member of {self.index} has a weight on {self.days[day]:%Y-%m-%d}")
        return weight / weight.sum(), covered


def _standardised(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """z-scores by mean and deviation `among` stocks, 0 where unknown or where nothing varies."""
    known = values[among & np.isfinite(values)]
    spread = known.std() if len(known) else 0.0
    return np.nan_to_num((values - known.mean()) / spread) if spread > 0 else np.zeros_like(values)
