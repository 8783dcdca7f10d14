"""``FactorMarket``: the daily fields that a factor test reads from the provider, as dense (day, stock) arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import AT_LIMIT, as_exposure, read_daily

_OF_EXCLUSION = {"st": "is_st", "suspended": "volume", "limit_up": "limit_up"}


@dataclass(frozen=True)
class FactorMarket:
    """Fields over the whole calendar and the provider's ``all`` market.

    Attributes
    ----------
    days : DatetimeIndex of length n_days
    stocks : list of str, length n_stocks
    fields : mapping of str to ndarray of shape (n_days, n_stocks), float32
        NaN where nothing is stored.
    """

    days: pd.DatetimeIndex
    stocks: list[str]
    fields: Mapping[str, np.ndarray]

    @classmethod
    def read(cls, settings: FactorTestSettings) -> FactorMarket:
        """Read what `settings` need.

        Raises
        ------
        InputError
            A field that the provider lacks: the message says what needs it and which option turns that off.
        """
        days, stocks = reader.calendar("day"), list(reader.member_spans("all", "day"))
        return cls(days, stocks, read_daily(stocks, _needs(settings)))

    def tradable(self) -> np.ndarray:
        """Whether a stock has volume on a day, (n_days, n_stocks) bool."""
        return np.nan_to_num(self.fields["volume"]) > 0

    def opens_at_limit_up(self) -> np.ndarray:
        """Whether a stock opens at its upper limit, so also whether it trades there all day; (n_days, n_stocks) bool.

        A day without a limit (new shares) cannot be at it.
        """
        return self.fields["open"] >= AT_LIMIT * self.fields["limit_up"]

    def exposure(self, name: str) -> np.ndarray:
        """A field to neutralise against, (n_days, n_stocks): see `as_exposure`."""
        return as_exposure(name, self.fields[name])


def _needs(settings: FactorTestSettings) -> dict[str, str]:
    """Fields to read: name -> what needs it and what to do without it."""
    other = "close" if settings.deal_price == "vwap" else "vwap"
    needs = {
        settings.deal_price: f"it is the deal price; set deal_price: {other}, or ingest it",
        "volume": "days without trade cannot be told; ingest it",
    }
    for name in settings.exclude:
        rest = [exclusion for exclusion in settings.exclude if exclusion != name]
        needs[_OF_EXCLUSION[name]] = f"leaving out {name} stocks needs it; set exclude: {rest}, or ingest it"
        if name == "limit_up":
            needs["open"] = needs["limit_up"]
    for name in settings.neutralize:
        rest = [other for other in settings.neutralize if other != name]
        needs[name] = f"neutralising against it needs it; set neutralize: {rest}, or ingest it"
    return needs
