"""What a vendor is asked for, in one shape for all: raw prices, shares, yuan, provider codes, days as ISO text.

A vendor is one file in `sources`: a subclass of `Source`, named in `SOURCES`.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, NamedTuple

import pandas as pd

from qlib_mfgru.provider.symbols import normalise_symbol
from qlib_mfgru.settings import Count, Ge, Le, Positive, Settings, Text, Whole

SOURCES = {
    "baostock": "qlib_mfgru.live.collecting.sources.baostock.Baostock",
    "tushare": "qlib_mfgru.live.collecting.sources.tushare.Tushare",
    "xtquant": "qlib_mfgru.live.collecting.sources.xtquant.Xtquant",
}
"""The classes of the vendors, by the names that a user writes."""

DAILY = (
    "date",
    "open",
    "high",
    "low",
    "close",
    "prev_close",
    "volume",
    "amount",
    "turn",
    "float_shares",
    "traded",
    "is_st",
)
"""Columns of `Source.daily`.

`turn` is in percent of the float shares, `float_shares` NaN where a vendor only has `turn`; `traded` and `is_st` are 0
or 1. A suspended day is a row with `traded` 0.
"""
BARS = ("datetime", "open", "high", "low", "close", "volume", "amount")
"""Columns of `Source.bars`; stamped at the bar's end."""
EVENTS = ("date", "factor")
"""Columns of `Source.events`: an ex-date, and what raw prices are multiplied by from it on."""
LEVELS = ("date", "open", "high", "low", "close", "volume", "amount")
"""Columns of `Source.levels`."""

INDICES = {"csi300": "SH000300", "csi500": "SH000905", "csi1000": "SH000852"}
"""Codes of the indices whose levels are collected, by market."""


def known_code(text: str) -> str | None:
    """A vendor's code as the provider writes it; None for one that no share has, such as tushare's ``T600018.SH``."""
    try:
        return normalise_symbol(text)
    except ValueError:
        return None


class Unreachable(Exception):
    """No answer, or a damaged one: worth asking again after a pause."""


class Expired(Unreachable):
    """The session is over: worth asking again at once, in a new one."""


class Busy(Unreachable):
    """The vendor says that it cannot answer now: worth asking again after a pause, in the same session."""


class Refused(Exception):
    """The vendor does not answer this question, now or later."""


class Stock(NamedTuple):
    """A share: its code, today's name, its first day, and the day of its delisting, or an empty text."""

    code: str
    name: str
    listed: str
    delisted: str


_Port = Annotated[Whole, Ge(0), Le(65535)]


class Address(Settings):
    """Where a vendor's server is, for mirrors; empty for its own.

    Attributes
    ----------
    host : str
    port : int
        0 for the vendor's.
    timeout : float
        Seconds within which an answer must be there.
    """

    host: str = ""
    port: _Port = 0
    timeout: Positive = 60.0


class Patience(Settings):
    """How long questions without an answer are repeated: pauses that double, from `first` to `longest` seconds.

    Attributes
    ----------
    first, longest, total : float
        Seconds; `total` of all pauses of one question.
    """

    first: Positive = 1.0
    longest: Positive = 60.0
    total: Positive = 120.0

    def pauses(self) -> Iterator[float]:
        """Seconds to wait before each repetition."""
        left, next_one = self.total, self.first
        while left > 1e-9:
            pause = min(next_one, self.longest, left)
            yield pause
            left, next_one = left - pause, 2 * pause


class SourceSettings(Settings):
    """Which vendor, at which address."""

    name: Text = "baostock"
    address: Address = Address()
    patience: Patience = Patience()
    jobs: Count = 4


class Source(ABC):
    """A session with a vendor; made is opened.

    Days are ISO text, ``2020-01-02``, and both ends of a span are included. Every method raises `Unreachable` or
    `Refused`; what no repetition mends, such as a wrong token, is an InputError.
    """

    industry_level: ClassVar[Literal["name", "letter"]] = "name"
    """What of an industry's name counts; see the mapping's `industry`."""
    member_lists: ClassVar[tuple[str, ...]] = ()
    """Markets whose members the vendor knows by date."""

    @abstractmethod
    def __init__(self, address: Address) -> None: ...

    @abstractmethod
    def calendar(self, start: str, end: str) -> list[str]:
        """Trading days, in order."""

    @abstractmethod
    def universe(self) -> list[Stock]:
        """All A-shares, those that are no longer listed among them."""

    @abstractmethod
    def daily(self, code: str, start: str, end: str) -> pd.DataFrame:
        """A stock's daily rows, suspended days among them: columns `DAILY`, in order."""

    def market_day(self, day: str) -> pd.DataFrame:
        """The daily rows of all stocks on one day: `symbol` and the columns `DAILY`."""
        raise Refused(f"no daily rows of all stocks, which {day} was to be asked for")

    @abstractmethod
    def bars(self, code: str, freq: str, start: str, end: str) -> pd.DataFrame:
        """A stock's bars: columns `BARS`, in order."""

    @abstractmethod
    def events(self, code: str, end: str) -> pd.DataFrame:
        """A stock's adjustment since its listing, one row a change: columns `EVENTS`, in order."""

    @abstractmethod
    def industries(self, day: str) -> dict[str, str]:
        """Industry by code, as known on a day."""

    @abstractmethod
    def members(self, market: str, day: str) -> frozenset[str]:
        """Codes of an index's members on a trading day."""

    @abstractmethod
    def levels(self, index: str, start: str, end: str) -> pd.DataFrame:
        """An index's daily levels: columns `LEVELS`, in order; its newest row is the newest day that there is."""

    def close(self, *, broken: bool = False) -> None:
        """End the session; without a word where it is broken."""
        return


def source_class(name: str) -> type[Source]:
    """The class of a vendor, by a name in `SOURCES`."""
    module, _, kind = SOURCES[name].rpartition(".")
    loaded: type[Source] = getattr(importlib.import_module(module), kind)
    return loaded
