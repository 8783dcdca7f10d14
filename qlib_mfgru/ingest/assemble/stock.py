"""One stock on the calendar: its daily rows, factor and bars side by side."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars
from qlib_mfgru.ingest.assemble.conventions import Calendars, Conventions
from qlib_mfgru.ingest.read.spool import ALWAYS, DAILY_OPTIONAL, PRICES, StockRows
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.fill import carried_forward

DAY_PRICES = (*PRICES, "vwap", "prev_close", "limit_up", "limit_down")


class Stock:
    """Raw values of one stock: daily arrays of shape (n_days,), bars of shape (n_bar_days, bars_per_day).

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
    bars : list of DayBars
        One of each stored frequency, the finest first; empty if no input has bars.
    extras : dict of str to ndarray
        Fields besides prices: limits, market cap, industry, special treatment.
    """

    def __init__(self, rows: StockRows, calendars: Calendars, conventions: Conventions, report: IngestReport) -> None:
        self.code, self.rows = rows.code, rows
        self.calendars, self.conventions, self.report = calendars, conventions, report
        self.daily = self._daily_on_calendar()
        self.factor = self._factor_on_calendar()
        if conventions.daily_adjusted:
            for name in DAY_PRICES:
                self.daily[name] /= self.factor
        self.traded = (self.daily["volume"] > 0) & (self.daily["close"] > 0)
        self.live = self.traded & ~np.isnan(self.factor)
        self.bars = [
            DayBars.aggregate(rows.bars, calendars.bar_days, conventions.session, freq)
            for freq in (conventions.freqs if len(calendars.bar_days) else ())
        ]
        self.extras: dict[str, np.ndarray] = {}

    def _daily_on_calendar(self) -> dict[str, np.ndarray]:
        days, rows = self.calendars.days, self.rows
        places = np.searchsorted(days, rows.daily["when"])
        daily = {}
        for name in (*PRICES, "volume", *DAILY_OPTIONAL):
            daily[name] = np.full(len(days), np.nan)
            daily[name][places] = rows.daily[name]
        for name in ("limit_up", "limit_down"):
            daily[name] = np.where(np.isnan(daily[name]), day_values(rows.values[name], days), daily[name])
        return daily

    def _factor_on_calendar(self) -> np.ndarray:
        """Factor of each day, NaN where unknown.

        One from the daily rows holds until the next row, but not beyond the last one: an ex-date that nobody reports
        would turn into a false return. A table of factors is a list of changes, and the last one stays valid.
        """
        days, rows = self.calendars.days, self.rows
        if self.conventions.factorless:
            return np.ones(len(days))
        factor = np.where(self.daily["factor"] > 0, self.daily["factor"], np.nan)
        if len(rows.daily):
            last = int(np.searchsorted(days, rows.daily["when"][-1]))
            factor[: last + 1] = carried_forward(factor[: last + 1])
        return np.where(np.isnan(factor), step_values(rows.values["factor"], days), factor)

    def warn(self, what: str, days: np.ndarray, cases: np.ndarray) -> None:
        """Count cases in the report, as kept but worth knowing.

        Parameters
        ----------
        days : ndarray of shape (n,)
            Days since 1970.
        cases : ndarray of bool, shape (n,) or (n, bars_per_day)
            Whether a day, or a bar of it, is a case; days are named.
        """
        named = days[cases.any(axis=1) if cases.ndim == 2 else cases]
        self.report.warn(what, int(cases.sum()), (f"{self.code} {day_text(day)}" for day in named))


def step_values(rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Each value holds from its day until the next one.

    Parameters
    ----------
    rows : structured ndarray
        Of dtype `spool.VALUE`, one stock, sorted by time.
    days : ndarray of shape (n_days,)
        The calendar, in days since 1970.

    Returns
    -------
    ndarray of shape (n_days,)
        NaN before the first value.
    """
    padded = np.append(rows["value"], np.nan)
    # without a row before, -1 picks the NaN at the end
    return padded[np.searchsorted(rows["when"].astype("i8"), days, side="right") - 1]


def day_values(rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Each value holds on its day only (a snapshot on all); shape (n_days,), NaN elsewhere."""
    values = np.full(len(days), np.nan)
    values[:] = rows["value"][0] if len(rows) and rows["when"][0] == ALWAYS else np.nan
    dated = rows[np.isin(rows["when"], days)]
    values[np.searchsorted(days, dated["when"])] = dated["value"]
    return values
