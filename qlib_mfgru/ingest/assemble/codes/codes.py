"""Codes that may not be what they are taken for: indices, and stocks under two codes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from qlib_mfgru.ingest.assemble.codes.successions import Successions
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import PRICES, StockRows
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.judge.market.twins import TWINS, Twins
from qlib_mfgru.provider.symbols import is_index

_SUCCESSIONS = (
    "pairs of codes of which one begins the day after the other's end, at its close: perhaps one stock "
    "(renames makes it one)"
)


@dataclass
class Codes:
    """Remembers the days of all stocks, and where their rows begin and end.

    Attributes
    ----------
    new : set of str
        Codes of which nothing is stored yet.
    """

    twins: Twins = field(default_factory=Twins)
    successions: Successions = field(default_factory=Successions)
    new: set[str] = field(default_factory=set)

    def add(self, stock: Stock, *, is_new: bool = True) -> None:
        """Remember a stock that is assembled, and stored."""
        if is_new:
            self.new.add(stock.code)
        volume = np.where(stock.live, stock.daily["volume"], np.nan)
        self.twins.add(stock.code, stock.calendars.days, [*(stock.daily[name] for name in PRICES), volume])
        if not stock.conventions.daily_adjusted:
            self.successions.add(stock.rows, is_new=is_new)

    def add_rows(self, rows: StockRows) -> None:
        """Remember a stock that is stored, by its last daily rows, which are raw; nothing of it is new."""
        self.twins.add(rows.code, rows.daily["when"].astype("i8"), [rows.daily[name] for name in (*PRICES, "volume")])
        self.successions.add(rows, is_new=False)

    def add_all(self, other: Codes) -> None:
        """Remember other stocks."""
        self.twins.add_all(other.twins)
        self.successions.add_all(other.successions)
        self.new |= other.new

    def warn(self, report: IngestReport, days: np.ndarray, since: int | None = None, *, has_exchanges: bool) -> None:
        """Count them.

        Parameters
        ----------
        days : ndarray of shape (n_days,)
            The calendar, in days since 1970.
        since : int, optional
            Only what days from this one on, or new codes, tell.
        has_exchanges : bool
            Codes tell exchanges, and indices from stocks.
        """
        if has_exchanges:
            indices = sorted(filter(is_index, self.new))
            report.warn("indices among the stocks, stored as stocks (levels belong in index)", len(indices), indices)
            successions = list(self.successions.pairs(days))
            report.warn(_SUCCESSIONS, len(successions), successions)
        pairs = list(self.twins.pairs(since, self.new))
        report.warn(TWINS, len(pairs), pairs)
