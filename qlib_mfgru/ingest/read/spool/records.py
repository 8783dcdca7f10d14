"""What a spool keeps: the dtypes of its rows, and all rows of one stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qlib_mfgru.ingest.read.stamps import days_of_bars
from qlib_mfgru.provider.judge.series import PRICES

_KEYS = [("stock", "i4"), ("when", "i4"), ("file", "i4")]

BAR = np.dtype([*_KEYS, *((name, "f4") for name in PRICES)] + [(name, "f8") for name in ("volume", "amount")])
"""An intraday bar; `when` is its end in minutes since 1970."""

DAILY_OPTIONAL = ("amount", "vwap", "factor", "prev_close", "limit_up", "limit_down", "is_st")
DAY = np.dtype([*_KEYS, *((name, "f8") for name in (*PRICES, "volume", *DAILY_OPTIONAL))])
"""A daily bar; `when` is its day, in days since 1970."""

VALUE = np.dtype([*_KEYS, ("value", "f8")])
"""A value of a stock from a day on (or on a day)."""

ALWAYS = -(2**31)
"""The `when` of a snapshot without a date: it holds on every day."""

NEVER = 10**6
"""A day number after every calendar: the end of what has not ended."""

VALUE_FIELDS = (
    "factor", "limit_up", "limit_down", "float_shares", "market_cap", "industry", "st_step", "st_day", "st_span",
    "made",
)  # fmt: skip
"""What values are kept as; of an ``st_span``, the value is the last day, negative where it says no treatment; ``made``
is the factor that previous closes made up before an update, which goes on from it."""


UNUSED = "unused_"
"""Before the name of prices under a code that was not in use on their day: what they are of is checked."""

Records = tuple[str, np.ndarray]
"""What rows are kept as, and the rows: ``bars`` of dtype `BAR`, ``daily`` of `DAY`, values of `VALUE`."""


@dataclass(frozen=True)
class StockRows:
    """All rows of one stock, sorted by time and without duplicates.

    Attributes
    ----------
    code : str
        As qlib writes it.
    daily, bars : structured ndarray
        Of dtype `DAY` and `BAR`.
    values : mapping of str to structured ndarray
        Of dtype `VALUE`, by the names of `VALUE_FIELDS`.
    files : sequence of str
        Name of each file by the number that the rows carry.
    """

    code: str
    daily: np.ndarray
    bars: np.ndarray
    values: Mapping[str, np.ndarray]
    files: Sequence[str]

    @property
    def first_day(self) -> int:
        """Day of the first bar or daily row, traded or not, in days since 1970."""
        days = (self.daily["when"][:1], days_of_bars(self.bars["when"][:1]))
        return int(np.concatenate(days).min())
