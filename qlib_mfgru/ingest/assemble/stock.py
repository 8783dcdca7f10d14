"""One stock on the calendar: its daily rows, factor and bars side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars
from qlib_mfgru.ingest.assemble.conventions import Calendars, Conventions
from qlib_mfgru.ingest.assemble.factors import (
    factor_on_calendar,
    followed_previous,
    held_factor,
    possible_previous,
)
from qlib_mfgru.ingest.assemble.on_calendar import day_values
from qlib_mfgru.ingest.assemble.screening import BEYOND_DAY, FAR_BAR, bars_beyond_day, far_bars
from qlib_mfgru.ingest.read.spool import ALWAYS, DAILY_OPTIONAL, PRICES, StockRows
from qlib_mfgru.ingest.read.stamps import day_text, days_of_bars
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.boards import board_of
from qlib_mfgru.provider.judge import Finding, Moves, is_spike, is_spiked_end
from qlib_mfgru.provider.symbols import is_index

DAY_PRICES = (*PRICES, "vwap", "prev_close", "limit_up", "limit_down")


class Stock:
    """Raw values of one stock: daily arrays of shape (n_days,), bars of shape (n_bar_days, bars_per_day).

    Parameters
    ----------
    rows : StockRows
        What the vendor's files have of it.
    calendars, conventions, report
        The same for all stocks.
    since : int
        Day since 1970 from which on cases are counted in the report; by default all are.

    Attributes
    ----------
    daily : dict of str to ndarray
        Prices, volume and the optional daily fields, NaN where unknown.
    has_row, without_volume : ndarray of bool
        Days with a daily row, and those of them without volume whose price moves.
    factor : ndarray
        ``adjusted = raw * factor``, NaN where unknown.
    factor_held : ndarray of bool, optional
        As of `held_factor`.
    unmended : Moves, optional
        With the factor as it was given, where single days of it are mended.
    traded : ndarray of bool
        Days with trade by the daily rows.
    spiked : ndarray of bool
        Those whose daily row, or bars in its place, have a price far beyond any limit; they are not among the traded
        ones.
    freqs : tuple of str
        Of `bars`.
    live : ndarray of bool
        Days with values to store: with trade, by the daily rows or the bars, and a factor.
    bars : list of DayBars
        One of each stored frequency, the finest first; empty if no input has bars.
    board : str, optional
        A key of `boards.RULES`; None where the market has no boards.
    extras : dict of str to ndarray
        Fields besides prices: limits, market cap, industry, special treatment.
    findings : list of Finding
        The judge's.
    """

    def __init__(
        self,
        rows: StockRows,
        calendars: Calendars,
        conventions: Conventions,
        report: IngestReport,
        since: int = ALWAYS,
    ) -> None:
        self.code, self.rows, self.since = rows.code, rows, since
        self.calendars, self.conventions, self.report = calendars, conventions, report
        self.board = board_of(rows.code) if conventions.session.has_boards else None
        self.has_row = np.zeros(len(calendars.days), dtype=bool)
        self.daily = self._daily_on_calendar()
        self.without_volume = ~(self.daily["volume"] > 0) & (self.daily["high"] > self.daily["low"])
        self.daily["prev_close"] = possible_previous(self.daily["close"], self.daily["prev_close"])
        screened = self._screened_for_factor()
        self.factor = factor_on_calendar(rows, screened, calendars.days, conventions, self.board)
        self.factor_held = held_factor(rows, self.daily, calendars.days, conventions)
        self.unmended: Moves | None = None
        if conventions.daily_adjusted:
            for name in DAY_PRICES:
                self.daily[name] /= self.factor
        if conventions.daily_volume_adjusted:
            self.daily["volume"] = raw_volume(self.daily["volume"], self.factor)
        self.traded = (self.daily["volume"] > 0) & (self.daily["close"] > 0)
        self.live = self.traded & ~np.isnan(self.factor)
        self.freqs = conventions.freqs if len(calendars.bar_days) else ()
        has_bars = bool(self.freqs and len(rows.bars))
        self.spiked = self.spikes(self.moves, self._shown_by_bars if has_bars else None)
        if self.spiked.any():
            self.traded &= ~self.spiked
            self.live &= ~self.spiked
            self.forget_moves()
        if has_bars:
            self._leave_out_far_bars()
            self._mend_bars_beyond_day()
        self.bars = [self._bars_of(freq) for freq in self.freqs]
        if conventions.bars_volume_adjusted:
            for bars in self.bars:
                bars.volume = raw_volume(bars.volume, self.factor[calendars.bar_span, None])
        self.extras: dict[str, np.ndarray] = {}
        self.findings: list[Finding] = []

    @cached_property
    def moves(self) -> Moves:
        """How raw close and factor move over the live days, as long as none of the three changes."""
        close = np.where(self.live, self.daily["close"], np.nan)
        return Moves.of(self.calendars.dated, close, self.factor, self.board)

    def spikes(self, moves: Moves, shown: Callable[[], dict[str, np.ndarray]] | None = None) -> np.ndarray:
        """Days of the moves with a price that cannot be; shape (n_days,); `shown` as of `is_spike`."""
        days = self.calendars.dated
        with np.errstate(all="ignore"):  # prices of 0 are the judge's
            spiked = is_spike(days, self.daily, moves, self.board, shown)
            if not self.conventions.factorless:
                spiked |= is_spiked_end(days, self.daily, moves, self.board)
        return spiked

    def forget_moves(self) -> None:
        """Make `moves` anew: days, prices or factors have changed."""
        self.__dict__.pop("moves", None)

    def _screened_for_factor(self) -> dict[str, np.ndarray]:
        """The daily rows; where the factor is made of them, without previous closes that cannot be.

        A close that cannot be is there what the next day says that it was.
        """
        daily, days = self.daily, self.calendars.dated
        if not self.conventions.factor_from_closes:
            return daily
        close = np.where(daily["volume"] > 0, daily["close"], np.nan)
        daily["prev_close"] = followed_previous(days, close, daily["prev_close"], self.board)
        spiked = self.spikes(Moves.of(days, close, np.ones(len(days)), self.board)) & (daily["prev_close"] > 0)
        return {**daily, "close": np.where(spiked, np.append(daily["prev_close"][1:], np.nan), daily["close"])}

    def _bars_of(self, freq: str) -> DayBars:
        return DayBars.aggregate(self.rows.bars, self.calendars.bar_days, self.conventions.session, freq)

    def _shown_by_bars(self) -> dict[str, np.ndarray]:
        """Raw open, high, low and close of the days as their bars have them, NaN where there are none."""
        days, span = self._bars_of(self.freqs[0]).daily(), self.calendars.bar_span
        scale = self.factor[span] if self.conventions.bars_adjusted else 1.0
        shown = {name: np.full(len(self.factor), np.nan) for name in PRICES}
        for name, values in shown.items():
            values[span] = days[name] / scale
        return shown

    def _leave_out_far_bars(self) -> None:
        """Count the vendor's bars whose prices are far from those of their day, and forget them."""
        bars, files = self.rows.bars, self.rows.files
        factor = self.factor if self.conventions.bars_adjusted else np.ones(len(self.factor))
        far = far_bars(bars, self.calendars.days, self.daily, self.traded, factor, self.board)
        if far.any():
            new = bars[far & self.is_counted(days_of_bars(bars["when"]))]
            cases = (f"{files[row['file']]}: {self.code} {np.datetime64(int(row['when']), 'm')}" for row in new)
            self.report.input("bars").drop_count(FAR_BAR, len(new), cases)
            self.rows = replace(self.rows, bars=bars[~far])

    def _mend_bars_beyond_day(self) -> None:
        """Count the vendor's bars whose volume is far beyond the day's, and give them what the others leave of it."""
        bars, conventions, one = self.rows.bars, self.conventions, np.ones(len(self.factor))
        factors = (conventions.bars_adjusted, conventions.bars_volume_adjusted)
        scales = (self.factor if is_adjusted else one for is_adjusted in factors)
        day_volume = np.where(self.traded, self.daily["volume"], np.nan)
        places, share = bars_beyond_day(bars, self.calendars.days, day_volume, *scales)
        if len(places):
            bars = bars.copy()
            bars["volume"][places] *= share
            bars["amount"][places] *= share
            self.rows = replace(self.rows, bars=bars)
            new = bars["when"][places]
            new = new[self.is_counted(days_of_bars(new))]
            self.report.warn(BEYOND_DAY, len(new), (f"{self.code} {np.datetime64(int(when), 'm')}" for when in new))

    @property
    def life(self) -> tuple[int, int]:
        """Positions of the first and the last day that are stored: from the first live day to the last daily row.

        A row that has neither a price nor a volume, not even 0, says nothing of whether the stock is still there.
        """
        lived, rows = np.flatnonzero(self.live), self.rows.daily
        told = _told(rows[-1:])
        if not len(told):
            told = _told(rows)
        return int(lived[0]), max([int(lived[-1]), *np.searchsorted(self.calendars.days, told[-1:]).tolist()])

    def _daily_on_calendar(self) -> dict[str, np.ndarray]:
        days, rows = self.calendars.days, self.rows
        places = np.searchsorted(days, rows.daily["when"])
        self.has_row[places] = True
        names = (*PRICES, "volume", *DAILY_OPTIONAL)
        daily = dict(zip(names, np.full((len(names), len(days)), np.nan), strict=True))
        for name, values in daily.items():
            values[places] = rows.daily[name]
        for name in ("limit_up", "limit_down"):
            if len(rows.values[name]):
                daily[name] = np.where(np.isnan(daily[name]), day_values(rows.values[name], days), daily[name])
        return daily

    @property
    def is_index(self) -> bool:
        """Whether it is an index by its code, where codes tell."""
        return self.conventions.session.codes == "ashare" and is_index(self.code)

    @property
    def is_new(self) -> bool:
        """Whether all of its days are counted."""
        return self.since == ALWAYS

    def is_counted(self, days: np.ndarray) -> np.ndarray:
        """Whether cases of days, since 1970, are counted; of the shape of `days`."""
        return days >= self.since

    def warn(self, what: str, days: np.ndarray, cases: np.ndarray) -> None:
        """Count cases in the report, as kept but worth knowing.

        Parameters
        ----------
        days : ndarray of shape (n,)
            Days since 1970.
        cases : ndarray of bool, shape (n,) or (n, bars_per_day)
            Whether a day, or a bar of it, is a case; days are named.
        """
        cases = cases & (self.is_counted(days) if cases.ndim == 1 else self.is_counted(days)[:, None])
        if not cases.any():
            return
        named = days[cases.any(axis=1) if cases.ndim == 2 else cases]
        self.report.warn(what, int(cases.sum()), (f"{self.code} {day_text(day)}" for day in named))


def _told(rows: np.ndarray) -> np.ndarray:
    """Days of the daily rows that have a price, or a volume."""
    is_told = np.any([rows[name] > 0 for name in PRICES], axis=0) | (rows["volume"] >= 0)
    return np.asarray(rows["when"][is_told])


def raw_volume(volume: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Adjusted volume in shares; where no factor is known it stays, so that trade is still seen."""
    return np.where(np.isnan(factor), volume, volume * factor)
