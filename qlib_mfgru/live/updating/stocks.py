"""The stocks of a bucket with their new days: assembled by the ingest's own rules, on the days that these look at."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np

from qlib_mfgru.ingest.assemble.assembly import assemble
from qlib_mfgru.ingest.assemble.codes import Codes
from qlib_mfgru.ingest.assemble.conventions import Calendars, Conventions
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import ALWAYS, StockRows
from qlib_mfgru.ingest.read.stamps import days_of_bars
from qlib_mfgru.ingest.report import INCONSISTENT, IngestReport
from qlib_mfgru.ingest.state import NOTHING, PAST, Tail, Tails, counts_of, rows_file
from qlib_mfgru.ingest.write.stocks import bar_fields, daily_fields, ends
from qlib_mfgru.live.updating.overlap import Conflicts
from qlib_mfgru.live.updating.plan import PlannedWriter
from qlib_mfgru.live.updating.spool import UpdateSpool
from qlib_mfgru.live.updating.verdict import Judged, UpdateVerdict
from qlib_mfgru.provider.fill import carried_forward

NO_PAST = np.empty(0, PAST)
"""Nothing was judged of a stock so far."""


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
    codes : Codes
        Of all stocks that are stored, with their last days.
    last_traded : ndarray of shape (n_bar_days,)
        As of `StoredStocks`, on new days.
    n_trading : ndarray of int, shape (n_days,)
        Stocks that trade on each new day, and on stored ones by how many more; once all is counted, all of them on
        the last ones before too.
    has_level : ndarray of bool, shape (n_days,)
        As of `StoredStocks`, of indices among the stocks that have new rows.
    """

    writer: PlannedWriter
    verdict: UpdateVerdict
    report: IngestReport
    last_traded: np.ndarray
    n_trading: np.ndarray
    has_level: np.ndarray
    conflicts: Conflicts = field(default_factory=Conflicts)
    lives: dict[str, tuple[int, int]] = field(default_factory=dict)
    closes: dict[str, tuple[int, np.ndarray]] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    codes: Codes = field(default_factory=Codes)

    def add(self, other: Updated) -> None:
        """Count other stocks in."""
        self.writer.add(other.writer)
        self.verdict.add_all(other.verdict)
        self.report.add(other.report)
        self.conflicts.add(other.conflicts.cases)
        self.lives |= other.lives
        self.closes |= other.closes
        self.held += other.held
        self.codes.add_all(other.codes)
        self.n_trading += other.n_trading
        self.has_level |= other.has_level
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
        n_days, n_bar_days = len(self.calendars.days), len(self.calendars.bar_days)
        last_traded, n_trading = np.full(n_bar_days, -1), np.zeros(n_days, dtype=int)
        has_level = np.zeros(n_days, dtype=bool)
        return Updated(writer, UpdateVerdict(self.max_inconsistent), report, last_traded, n_trading, has_level)

    def __call__(self, bucket: int) -> Updated:
        """Plan a bucket's changes."""
        updated, tails = self.nothing(IngestReport(), self.writer.part()), Tails()
        for rows in self.spool.stocks(bucket, updated.report):
            old, past, made = self.spool.tails.get(rows.code), self.spool.past.get(rows.code, NO_PAST), None
            if rows.code in self.spool.touched or (old is not None and old.is_held):
                tail, past, made = self._update(rows, old, past, updated)
            else:
                assert old is not None, f"{rows.code} has rows, and none of them is new"
                tail = old
                updated.verdict.add_known(past, is_stored=tail.first >= 0)
                if tail.first >= 0 and not self.conventions.daily_adjusted:
                    updated.codes.add_rows(rows)
            tails.add(rows, tail, past, made, self.calendars.days)
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

    def _update(
        self, rows: StockRows, old: Tail | None, past: np.ndarray, updated: Updated
    ) -> tuple[Tail, np.ndarray, np.ndarray | None]:
        """Assemble a stock and plan what changes; its tail, what is counted of it, and the factor that previous closes
        make up."""
        cut = old if old is not None and old.is_cut else None
        if cut is not None and cut.first < 0:
            updated.verdict.add_known(past, is_stored=False)
            return self._left_out(rows, cut, updated), past, None
        start, calendars = self._slice(rows, cut)
        since = ALWAYS if old is None or old == NOTHING else self.last_day + 1
        stock = Stock(rows, calendars, self.conventions, updated.report, since)
        made = self._on_all_days(stock.factor, start) if self.conventions.factor_from_closes else None
        opens, before = (ALWAYS, NO_PAST) if cut is None else (cut.opens, past)
        updated.verdict.next = Judged(opens, ALWAYS if cut is None else cut.last + 1, since, before)
        is_kept = assemble(stock, updated.verdict)
        if not is_kept and old is not None and old.first >= 0:
            updated.held.append(rows.code)
            return old._replace(is_held=True), past, None
        first, last = -1, -1
        if is_kept:
            self._write(stock, start, None if cut is None else opens, updated)
            first, last = calendars.days[list(stock.life)].tolist()
            updated.codes.add(stock, is_new=old is None or old.first < 0)
        tail = self._kept_from(rows, cut, first if cut is None or cut.first >= opens else cut.first, last)
        return tail, counts_of(stock.findings, opens, tail.opens if tail.is_cut else opens, before), made

    def _slice(self, rows: StockRows, cut: Tail | None) -> tuple[int, Calendars]:
        """Position of the first day that is looked at, and the calendars from there on.

        One day more than a stock has tells that it is new on its first.
        """
        days, bar_days = self.calendars.days, self.calendars.bar_days
        if cut is None:
            start = max(int(np.searchsorted(days, rows.first_day)) - 1, 0)
            return start, Calendars(days[start:], bar_days[bar_days >= days[start]])
        start = int(np.searchsorted(days, cut.begins))
        return start, Calendars(days[start:], bar_days[bar_days >= cut.bars_begin])

    def _on_all_days(self, values: np.ndarray, start: int) -> np.ndarray:
        return np.concatenate([np.full(start, np.nan), values])

    def _kept_from(self, rows: StockRows, cut: Tail | None, first: int, last: int) -> Tail:
        """The tail of a stock with its new rows; it never begins before those of a tail that is cut."""
        new = Tail.of(rows, first, last)
        if cut is None:
            return new
        if not new.is_cut:
            return cut._replace(first=first, last=last, is_held=False)
        return new._replace(bars_begin=max(new.bars_begin, cut.bars_begin))

    def _left_out(self, rows: StockRows, tail: Tail, updated: Updated) -> Tail:
        """Count new rows of a stock that the ingest left out: it stays so until all is ingested again."""
        for name, days in (("daily", rows.daily["when"]), ("bars", days_of_bars(rows.bars["when"]))):
            updated.report.input(name).drop_count(INCONSISTENT, int((days > self.last_day).sum()), [rows.code])
        return self._kept_from(rows, tail, -1, -1)

    def _write(self, stock: Stock, start: int, opens: int | None, updated: Updated) -> None:
        """Plan a stock's fields: the whole of them, or from the first day on that can change."""
        writer, days = updated.writer, stock.calendars.days
        begin = None if opens is None else int(np.searchsorted(days, opens))
        _write_series(writer, stock.code, "day", start, daily_fields(stock), stock.life, begin)
        n_before = len(self.calendars.bar_days) - len(stock.calendars.bar_days)
        for bars in stock.bars:
            if bars.traded.any():
                (first, last), slots = ends(bars.traded), bars.volume.shape[1]
                begin = None if opens is None else slots * int(np.searchsorted(stock.calendars.bar_days, opens))
                fields = {name: values.ravel() for name, values in bar_fields(stock, bars).items()}
                span = slots * first, slots * (last + 1) - 1
                _write_series(writer, stock.code, bars.freq, slots * n_before, fields, span, begin)
        if stock.bars:
            is_new = stock.calendars.bar_days > self.last_day
            last_traded = np.where(is_new, stock.bars[0].last_traded, -1)
            updated.last_traded[n_before:] = np.maximum(updated.last_traded[n_before:], last_traded)
        more = stock.live.astype(int) - writer.has_close(stock.code, start, len(days))
        updated.n_trading[start:] += np.where(days >= (ALWAYS if opens is None else opens), more, 0)
        updated.has_level[start:] |= stock.live & stock.is_index
        if stock.code in self.weighted:
            closes = carried_forward(stock.daily["close"] * stock.factor)
            begin = 0 if opens is None else int(np.searchsorted(days, opens))
            updated.closes[stock.code] = start + begin, closes[begin:]


def _write_series(
    writer: PlannedWriter,
    code: str,
    freq: str,
    start: int,
    fields: Mapping[str, np.ndarray],
    span: tuple[int, int],
    begin: int | None,
) -> None:
    """Plan fields of a stock: the whole of them, or their ends where what is stored begins before the open days.

    Parameters
    ----------
    start : int
        Position in the calendar of the arrays' first values.
    span : tuple of int
        Places in the arrays of the first and the last value.
    begin : int, optional
        Place of the first one of open days.
    """
    first, last = span
    stored = None if begin is None else writer.begins(code, freq)
    if begin is None or stored is None or stored >= start + begin:
        write, begin = writer.write_features, first
    else:
        write, begin = writer.write_ends, min(begin, last + 1)
    write(code, freq, start + begin, {name: values[begin : last + 1] for name, values in fields.items()})
