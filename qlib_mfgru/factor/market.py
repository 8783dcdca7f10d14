"""``FactorMarket``: the daily fields that a factor test reads from the provider, as dense (day, stock) arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from qlib_mfgru.data import source
from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.settings import FactorTestSettings

_OF_EXCLUSION = {"st": "is_st", "suspended": "volume", "limit_up": "limit_up"}
_AT_LIMIT = 1 - 1e-6
"""Adjusted float32 prices of one tick agree to a few 1e-7; a tick is never below 4e-6 of a price."""


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
        days, stocks = source.calendar("day"), list(source.member_spans("all", "day"))
        needs = _needs(settings)
        fields = {field: np.full((len(days), len(stocks)), np.nan, dtype=np.float32) for field in needs}
        found: set[str] = set()
        for column, code in enumerate(tqdm(stocks, desc="reading daily fields", unit="stock", leave=False)):
            for field, values in fields.items():
                series = source.read_series(code, field, "day")
                if series is not None:
                    found.add(field)
                    values[series[0] : series[0] + len(series[1]), column] = series[1]
        for field, need in needs.items():
            if field not in found:
                raise InputError(f"the provider {source.provider_path('day')} has no ${field}: {need}")
        return cls(days, stocks, fields)

    def tradable(self) -> np.ndarray:
        """Whether a stock has volume on a day, (n_days, n_stocks) bool."""
        return np.nan_to_num(self.fields["volume"]) > 0

    def opens_at_limit_up(self) -> np.ndarray:
        """Whether a stock opens at its upper limit, so also whether it trades there all day; (n_days, n_stocks) bool.

        A day without a limit (new shares) cannot be at it.
        """
        return self.fields["open"] >= _AT_LIMIT * self.fields["limit_up"]

    def exposure(self, name: str) -> np.ndarray:
        """A field to neutralise against, (n_days, n_stocks); ``market_cap`` as its logarithm."""
        values = self.fields[name]
        if name != "market_cap":
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log(values, dtype=np.float64), np.nan)


def carried_forward(prices: np.ndarray) -> np.ndarray:
    """Each stock's last known price, (n_days, n_stocks); NaN before its first."""
    latest = np.where(np.isfinite(prices), np.arange(len(prices), dtype=np.int32)[:, None], 0)
    np.maximum.accumulate(latest, axis=0, out=latest)
    return np.take_along_axis(prices, latest, axis=0)


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
