"""What is known of a stock, and of all of them, on the way from the spool to the provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars


@dataclass(frozen=True)
class StockRows:
    """What the spool holds of one stock, sorted by time and without duplicates; `values` by field."""

    code: str
    daily: np.ndarray
    bars: np.ndarray
    values: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Setting:
    """What is the same for all stocks.

    `days` is the calendar and `bar_days` the part of it with bars, in days since 1970. `factorless` says that
    prices are stored as they came, because no factor is known; `bars_adjusted` and `daily_adjusted` that the vendor's
    prices are already adjusted.
    """

    days: np.ndarray
    bar_days: np.ndarray
    files: list[str]
    has_daily: bool
    factorless: bool
    daily_adjusted: bool
    bars_adjusted: bool
    typical_vwap: bool

    @property
    def raw_unknown(self) -> bool:
        """Prices are adjusted by a factor that is not known, so amount / volume is on another scale than they are."""
        return self.factorless and (self.daily_adjusted or self.bars_adjusted)

    @property
    def bar_span(self) -> slice:
        """Where `bar_days` lies in `days`."""
        first = int(np.searchsorted(self.days, self.bar_days[0])) if len(self.bar_days) else 0
        return slice(first, first + len(self.bar_days))


@dataclass
class Stock:
    """Raw values of one stock on the calendar; each daily array of shape (n_days,).

    `live` marks the days with trade: on all others every price is NaN. `first_row` is the position of its first day
    in the vendor's files, traded or not. `reference` holds vendor-given previous closes.
    """

    code: str
    factor: np.ndarray
    daily: dict[str, np.ndarray]
    bars: DayBars | None
    bar_vwap: np.ndarray | None
    live: np.ndarray
    first_row: int
    extras: dict[str, np.ndarray] = field(default_factory=dict)
