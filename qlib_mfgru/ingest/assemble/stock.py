"""One stock on the calendar: its daily rows, factor and bars side by side."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars
from qlib_mfgru.ingest.assemble.calendar import Calendars, case_dates, day_values, step_values
from qlib_mfgru.ingest.assemble.conventions import Conventions
from qlib_mfgru.ingest.read.intake import StockRows
from qlib_mfgru.ingest.read.prices import PRICES
from qlib_mfgru.ingest.read.spool import DAILY_OPTIONAL
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.fill import carried_forward

DAY_PRICES = (*PRICES, "vwap", "prev_close", "limit_up", "limit_down")


class Stock:
    """Raw values of one stock: daily arrays of shape (n_days,), bars of shape (n_bar_days, 16).

    Parameters
    ----------
    rows : StockRows
        What the vendor's files have of it.
    calendars, conventions, report
        The same for all stocks.

    Attributes
    ----------
    daily : dict of str to ndarray
        Prices, volume and the optional daily fields, NaN where unknown.
    factor : ndarray
        ``adjusted = raw * factor``, NaN where unknown.
    traded : ndarray of bool
        Days with trade by the daily rows.
    live : ndarray of bool
        Days that are stored: with trade, by the daily rows or the bars, and a factor.
    bars : DayBars or None
        None if no input has bars.
    bar_vwap : ndarray or None
    extras : dict of str to ndarray
        Fields beside prices: limits, market cap, industry, special treatment.
    """

    def __init__(self, rows: StockRows, calendars: Calendars, conventions: Conventions, report: IngestReport) -> None:
        self.code, self.rows = rows.code, rows
        self.calendars, self.conventions, self.report = calendars, conventions, report
        self.daily = self._lay_daily()
        self.factor = self._lay_factor()
        if conventions.daily_adjusted:
            for name in DAY_PRICES:
                self.daily[name] /= self.factor
        self.traded = (self.daily["volume"] > 0) & (self.daily["close"] > 0)
        self.live = self.traded & ~np.isnan(self.factor)
        self.bars = DayBars.aggregate(rows.bars, calendars.bar_days) if len(calendars.bar_days) else None
        self.bar_vwap: np.ndarray | None = None
        self.extras: dict[str, np.ndarray] = {}

    def _lay_daily(self) -> dict[str, np.ndarray]:
        days, rows = self.calendars.days, self.rows
        places = np.searchsorted(days, rows.daily["when"])
        daily = {}
        for name in (*PRICES, "volume", *DAILY_OPTIONAL):
            daily[name] = np.full(len(days), np.nan)
            daily[name][places] = rows.daily[name]
        for name in ("limit_up", "limit_down"):
            daily[name] = np.where(np.isnan(daily[name]), day_values(rows.values[name], days), daily[name])
        return daily

    def _lay_factor(self) -> np.ndarray:
        """Factor of each day, NaN where unknown.

        One from the daily rows holds until the next row, but not beyond the last one: an ex-date that nobody reports
        would turn into a false return. A table of factors is a list of changes, and the last one holds on.
        """
        days, rows = self.calendars.days, self.rows
        if self.conventions.factorless:
            return np.ones(len(days))
        factor = np.where(self.daily["factor"] > 0, self.daily["factor"], np.nan)
        if len(rows.daily):
            last = int(np.searchsorted(days, rows.daily["when"][-1]))
            factor[: last + 1] = carried_forward(factor[: last + 1])
        return np.where(np.isnan(factor), step_values(rows.values["factor"], days), factor)

    def warn(self, what: str, days: np.ndarray, mask: np.ndarray) -> None:
        """Count the days under a mask in the report, as kept but worth knowing."""
        self.report.warn(what, int(mask.sum()), case_dates(self.code, days, mask))
