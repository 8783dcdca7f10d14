"""The stocks of a bucket with their new days: assembled by the ingest's own rules, on the days that these look at."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np

from qlib_mfgru.ingest.assemble.assembly import assemble
from qlib_mfgru.ingest.assemble.conventions import Calendars, Conventions
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import ALWAYS, StockRows
from qlib_mfgru.ingest.read.stamps import days_of_bars
from qlib_mfgru.ingest.report import INCONSISTENT, IngestReport
from qlib_mfgru.ingest.state import NOTHING, Tail, Tails, rows_file
from qlib_mfgru.ingest.write.stocks import bar_fields, daily_fields, ends
from qlib_mfgru.live.updating.overlap import Conflicts
from qlib_mfgru.live.updating.plan import PlannedWriter
from qlib_mfgru.live.updating.spool import UpdateSpool
from qlib_mfgru.live.updating.verdict import UpdateVerdict
from qlib_mfgru.provider.fill import carried_forward


@dataclass
class Updated:
    """What the stocks of some buckets came to.

    Attributes
    ----------
    writer : PlannedWriter
    verdict : UpdateVerdict
    report : IngestReport
    conflicts : Conflicts
    lives : dict of str to (int, int)
        Of all stocks that are stored: first and last day of their life, since 1970.
    closes : dict of str to (int, ndarray)
        Of weighted stocks: the position from which on closes are new, and these.
    held : list of str
        Stocks whose new days the judge refused.
    last_traded : ndarray of shape (n_bar_days,)
        As of `StoredStocks`, on new days.
    n_live : int
        New days with trade, of all stocks together.
    """

    writer: PlannedWriter
    verdict: UpdateVerdict
    report: IngestReport
    last_traded: np.ndarray
    conflicts: Conflicts = field(default_factory=Conflicts)
    lives: dict[str, tuple[int, int]] = field(default_factory=dict)
    closes: dict[str, tuple[int, np.ndarray]] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    n_live: int = 0

    def add(self, other: Updated) -> None:
        """Count other stocks in."""
        self.writer.add(other.writer)
        self.verdict.add_all(other.verdict)
        self.report.add(other.report)
        self.conflicts.add(other.conflicts.cases)
        self.lives |= other.lives
        self.closes |= other.closes
        self.held += other.held
        self.n_live += other.n_live
        self.last_traded = np.maximum(self.last_traded, other.last_traded)


@dataclass(frozen=True)
class BucketUpdate:
    """Assembles the touched stocks of one bucket and plans what changes, on any process.

    Attributes
    ----------
    last_day : int
        The provider's before the update, in days since 1970.
    max_inconsistent : float
        As of a `Verdict`.
    renumbered : ndarray of int, optional
        The industries' numbers from now on, by the ones so far, where they change.
    """

    spool: UpdateSpool
    calendars: Calendars
    conventions: Conventions
    writer: PlannedWriter
    weighted: AbstractSet[str]
    last_day: int
    max_inconsistent: float
    renumbered: np.ndarray | None = None

    def nothing(self, report: IngestReport, writer: PlannedWriter) -> Updated:
        """The outcome of no stocks."""
        return Updated(writer, UpdateVerdict(self.max_inconsistent), report, np.full(len(self.calendars.bar_days), -1))

    def __call__(self, bucket: int) -> Updated:
        """Plan a bucket's changes."""
        updated, tails = self.nothing(IngestReport(), self.writer.part()), Tails()
        for rows in self.spool.stocks(bucket, updated.report):
            tail, made = self.spool.tails.get(rows.code), None
            if rows.code in self.spool.touched or (tail is not None and tail.is_held):
                tail, made = self._update(rows, tail, updated)
            assert tail is not None, f"{rows.code} has rows, and none of them is new"
            tails.add(rows, tail, made, self.calendars.days)
            if tail.first >= 0:
                updated.lives[rows.code] = tail.first, tail.last
                if self.renumbered is not None:
                    updated.writer.renumber(rows.code, "industry", self.renumbered)
        updated.conflicts = self.spool.conflicts
        for rows in self.spool.strangers():
            tails.add(rows, NOTHING)
        if self.spool.has_news or self.spool.moved_into(bucket) or self.renumbered is not None:
            updated.writer.write_bytes(rows_file(bucket), tails.content())
        updated.writer.keep_steps(f"{bucket}")
        return updated

    def _update(self, rows: StockRows, tail: Tail | None, updated: Updated) -> tuple[Tail, np.ndarray | None]:
        """Assemble a stock and plan what changes; its tail, and the factor that previous closes make up."""
        if tail is not None and tail.is_cut and tail.first < 0:
            return self._left_out(rows, tail, updated), None
        start, calendars = self._slice(rows, tail)
        since = ALWAYS if tail is None or tail == NOTHING else self.last_day + 1
        stock = Stock(rows, calendars, self.conventions, updated.report, since)
        made = self._on_all_days(stock.factor, start) if self.conventions.factor_from_closes else None
        is_cut = tail is not None and tail.is_cut
        verdict = updated.verdict
        verdict.opens, verdict.since, verdict.counted = ALWAYS, ALWAYS, since
        if tail is not None and is_cut:
            verdict.opens, verdict.since = tail.opens, tail.last + 1
        is_kept = assemble(stock, verdict)
        if not is_kept and tail is not None and tail.first >= 0:
            updated.held.append(rows.code)
            return tail._replace(is_held=True), None
        if not is_kept:
            return self._kept_from(rows, tail, -1, -1), made
        self._write(stock, start, tail.opens if tail is not None and is_cut else None, updated)
        first, last = calendars.days[list(stock.life)].tolist()
        return self._kept_from(rows, tail, tail.first if tail is not None and is_cut else first, last), made

    def _slice(self, rows: StockRows, tail: Tail | None) -> tuple[int, Calendars]:
        """Position of the first day that is looked at, and the calendars from there on.

        One day more than a stock has tells that it is new on its first.
        """
        days, bar_days = self.calendars.days, self.calendars.bar_days
        if tail is None or not tail.is_cut:
            start = max(int(np.searchsorted(days, rows.first_day)) - 1, 0)
            return start, Calendars(days[start:], bar_days[bar_days >= days[start]])
        start = int(np.searchsorted(days, tail.begins))
        return start, Calendars(days[start:], bar_days[bar_days >= tail.bars_begin])

    def _on_all_days(self, values: np.ndarray, start: int) -> np.ndarray:
        return np.concatenate([np.full(start, np.nan), values])

    def _kept_from(self, rows: StockRows, old: Tail | None, first: int, last: int) -> Tail:
        """The tail of a stock with its new rows; it never begins before the old one's rows."""
        new = Tail.of(rows, first, last)
        if old is None or not old.is_cut:
            return new
        if not new.is_cut:
            return old._replace(last=last, is_held=False)
        return new._replace(bars_begin=max(new.bars_begin, old.bars_begin))

    def _left_out(self, rows: StockRows, tail: Tail, updated: Updated) -> Tail:
        """Count new rows of a stock that the ingest left out: it stays so until all is ingested again."""
        for name, days in (("daily", rows.daily["when"]), ("bars", days_of_bars(rows.bars["when"]))):
            updated.report.input(name).drop_count(INCONSISTENT, int((days > self.last_day).sum()), [rows.code])
        return self._kept_from(rows, tail, -1, -1)

    def _write(self, stock: Stock, start: int, opens: int | None, updated: Updated) -> None:
        """Plan a stock's fields: the whole of them, or from the first day on that can change."""
        writer, days = updated.writer, stock.calendars.days
        first, last = stock.life
        begin = first if opens is None else int(np.searchsorted(days, opens))
        daily = {name: values[begin : last + 1] for name, values in daily_fields(stock).items()}
        write = writer.write_features if opens is None else writer.write_ends
        write(stock.code, "day", start + begin, daily)
        n_before = len(self.calendars.bar_days) - len(stock.calendars.bar_days)
        for bars in stock.bars:
            if bars.traded.any():
                begin, end = ends(bars.traded)
                if opens is not None and writer.is_stored(stock.code, bars.freq):
                    begin = int(np.searchsorted(stock.calendars.bar_days, opens))
                slots = bars.volume.shape[1]
                fields = {name: values[begin : end + 1].ravel() for name, values in bar_fields(stock, bars).items()}
                write(stock.code, bars.freq, (n_before + begin) * slots, fields)
        if stock.bars:
            is_new = stock.calendars.bar_days > self.last_day
            last_traded = np.where(is_new, stock.bars[0].last_traded, -1)
            updated.last_traded[n_before:] = np.maximum(updated.last_traded[n_before:], last_traded)
        updated.n_live += int((stock.live & (days > self.last_day)).sum())
        if stock.code in self.weighted:
            closes = carried_forward(stock.daily["close"] * stock.factor)
            begin = 0 if opens is None else int(np.searchsorted(days, opens))
            updated.closes[stock.code] = start + begin, closes[begin:]
