"""All that is to be collected of one stock: daily rows, adjustment, bars. The work of one process's connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from qlib_mfgru.live.collecting.connection import connection
from qlib_mfgru.live.collecting.derived import with_first_day, with_float_shares
from qlib_mfgru.live.collecting.plan import LATE, Span, between, covered_until, listed_days, open_spans, runs
from qlib_mfgru.live.collecting.source import EVENTS, Refused, SourceSettings, Stock, Unreachable
from qlib_mfgru.live.collecting.store import Covered, Damaged, StockState, Store

_HALF_TICK = 0.0051


@dataclass(frozen=True)
class Outcome:
    """What became of a stock.

    Attributes
    ----------
    asked : int
        Questions answered.
    retried : Counter
        Repetitions, by what was wrong.
    unreachable : str
        Why the stock is not finished; empty if it is.
    damaged : frozenset of str
        Files that this process found to be lost or damaged until now.
    """

    asked: int
    retried: Counter[str] = field(default_factory=Counter)
    unreachable: str = ""
    damaged: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Got:
    """An answer: the file's rows, the days that should be there, those that are, and those with too few bars."""

    table: pd.DataFrame | None
    expected: Sequence[str]
    there: set[str]
    short: list[str]

    @property
    def whole(self) -> set[str]:
        """Days that are there; a last one with too few bars may still be on its way."""
        return self.there - {self.short[-1]} if self.short and self.short[-1] == max(self.there) else self.there


class StockCollector:
    """Collect what is missing of a stock; goes to each process once.

    Parameters
    ----------
    settings : SourceSettings
    store : Store
    calendar : list of str
        Trading days, up to the last that is collected.
    bars_a_day : int

    Attributes
    ----------
    market_days : dict of str to DataFrame
        Daily rows on some days by stock, which need not be asked for again.
    """

    def __init__(self, settings: SourceSettings, store: Store, calendar: list[str], bars_a_day: int) -> None:
        self._settings = settings
        self._store = store
        self._calendar = calendar
        self._bars_a_day = bars_a_day
        self.market_days: dict[str, pd.DataFrame] = {}

    def pieces(self, stock: Stock) -> int:
        """About how many questions are to be asked; 0 if the stock is finished."""
        state = self._store.stock(stock.code)
        days = listed_days(stock, self._calendar)
        if not days:
            return 0
        daily, bars = self._open("daily", stock.code, state, days), self._open("bars", stock.code, state, days)
        events = state.events is None or state.events.until < days[-1]
        return len(daily) + len(bars) + events

    def lacks_daily(self, stock: Stock) -> Sequence[str]:
        """Days whose daily rows are to be asked for."""
        days = listed_days(stock, self._calendar)
        spans = self._open("daily", stock.code, self._store.stock(stock.code), days)
        return [day for span in spans for day in between(days, span.first, span.last)]

    def __call__(self, stock: Stock) -> Outcome:
        self._asker = connection(self._settings)
        state = self._store.stock(stock.code)
        unreachable = ""
        try:
            state.refused = ""
            self._collect(stock, state)
        except Refused as error:
            state.refused = str(error)
            self._store.keep_stock(stock.code, state)
        except Unreachable as error:
            unreachable = str(error) or "no answer"
        return Outcome(*self._asker.spent(), unreachable, frozenset(self._store.damaged))

    def _collect(self, stock: Stock, state: StockState) -> None:
        """Collect what is missing; a file that is continued and turns out to be damaged is missing from then on."""
        removed = set[str]()
        while True:
            try:
                return self._collect_missing(stock, state)
            except Damaged as error:
                if error.name in removed:
                    raise
                removed.add(error.name)
                (self._store.folder / error.name).unlink(missing_ok=True)

    def _collect_missing(self, stock: Stock, state: StockState) -> None:
        days = listed_days(stock, self._calendar)
        for question in runs(self._open("daily", stock.code, state, days), self._calendar):
            self._daily(stock, state, question)
        known = {year: covered.until for year, covered in state.daily.items()}
        days = [day for day in days if day <= known.get(day[:4], "")]  # daily rows say what there are bars of
        if not days:
            return
        self._events(stock, state, days)
        for span in self._open("bars", stock.code, state, days):
            self._bars(stock, state, span)

    def _open(self, kind: str, code: str, state: StockState, days: Sequence[str]) -> list[Span]:
        def is_whole(year: str, covered: Covered) -> bool:
            return self._store.has(self._store.year_file(kind, year, code), covered)

        return open_spans(days, getattr(state, kind), is_whole)

    def _daily(self, stock: Stock, state: StockState, spans: list[Span]) -> None:
        first, last = spans[0].first, spans[-1].last
        rows = self._from_market_days(stock, first, last)
        if rows is None:
            rows = self._asker.ask(lambda source: source.daily(stock.code, first, last))
        for span in spans:
            own = rows[rows["date"].between(span.first, span.last)]
            expected = between(listed_days(stock, self._calendar), span.first, span.last)
            table = with_float_shares(self._joined("daily", stock.code, span, state, own))
            self._keep("daily", stock, state, span, _Got(table, expected, set(own["date"]), []))

    def _from_market_days(self, stock: Stock, first: str, last: str) -> pd.DataFrame | None:
        """The rows of a span, if those of all stocks have each of its days."""
        rows = self.market_days.get(stock.code)
        expected = between(listed_days(stock, self._calendar), first, last)
        return rows if rows is not None and set(expected) == set(rows["date"]) else None

    def _bars(self, stock: Stock, state: StockState, span: Span) -> None:
        expected = between(self._traded(stock.code, state, span.year), span.first, span.last)
        if not expected:  # suspended on all of these days
            table = self._joined("bars", stock.code, span, state, None)
            self._keep("bars", stock, state, span, _Got(table, [], set(), []))
            return
        rows = self._asker.ask(lambda source: source.bars(stock.code, self._store.freq, expected[0], expected[-1]))
        counts = rows["datetime"].dt.strftime("%Y-%m-%d").value_counts()
        short = [day for day in expected if 0 < counts.get(day, 0) < self._bars_a_day]
        table = self._joined("bars", stock.code, span, state, rows)
        self._keep("bars", stock, state, span, _Got(table, expected, set(counts.index), short))

    def _traded(self, code: str, state: StockState, year: str) -> Sequence[str]:
        """Days of a year on which daily rows say that a stock traded."""
        if not state.daily[year].size:
            return []
        daily = self._store.read(self._store.year_file("daily", year, code), state.daily[year])
        return list(daily["date"][daily["traded"] == 1])

    def _joined(
        self, kind: str, code: str, span: Span, state: StockState, rows: pd.DataFrame | None
    ) -> pd.DataFrame | None:
        """The rows of a year's file: those of earlier days that are there, and the new ones."""
        parts = [] if rows is None or rows.empty else [rows.assign(symbol=code)]
        covered: Covered | None = getattr(state, kind).get(span.year)
        if span.appends and covered and covered.size:
            kept = self._store.read(self._store.year_file(kind, span.year, code), covered)
            days = kept["date"] if "date" in kept else kept["datetime"].dt.strftime("%Y-%m-%d")
            parts.insert(0, kept[days < span.first])
        return pd.concat(parts, ignore_index=True)[["symbol", *parts[-1].columns.drop("symbol")]] if parts else None

    def _keep(self, kind: str, stock: Stock, state: StockState, span: Span, got: _Got) -> None:
        """Write a year's file and note it; days at the end that may only be late are left to be asked for again."""
        years: dict[str, Covered] = getattr(state, kind)
        before = years.get(span.year) if span.appends else None
        late = [] if stock.delisted else self._calendar[-LATE:]
        until = covered_until(got.expected, got.whole, late) if got.expected else span.last
        if got.expected and until == got.expected[-1]:
            until = span.last
        if until is None and before is None:
            return  # not a row yet
        until = until or (before.until if before else "")
        size, crc, begins, name = 0, 0, "", self._store.year_file(kind, span.year, stock.code)
        if got.table is None:
            (self._store.folder / name).unlink(missing_ok=True)  # a damaged one
        else:
            size, crc = self._store.write(name, got.table)
            begins = str(got.table["date" if kind == "daily" else "datetime"].iloc[0])[:10]
        end = max(got.there, default="") if stock.delisted else until  # the last days before a delisting have no rows
        missing = [day for day in got.expected if day not in got.there and day <= end]
        short = [day for day in got.short if day <= until]
        if before:
            missing, short = before.missing + missing, before.short + short
        years[span.year] = Covered(span.start, until, size, crc, missing, short, begins)
        self._store.keep_stock(stock.code, state)

    def _events(self, stock: Stock, state: StockState, days: Sequence[str]) -> None:
        """Ask for the adjustment once a month, and when a previous close is not the last one's.

        Of a dividend below half a tick no previous close tells; a month later is within the days that an update takes.
        """
        end, known = days[-1], state.events
        name = self._store.events_file(stock.code)
        if known is not None and not self._store.has(name, known):
            known = None
        after = known.until if known else days[0]
        if known and known.until >= end:
            return
        breaks = self._breaks(stock.code, state, after)
        size, crc = (known.size, known.crc) if known else (0, 0)
        if known is None or breaks or known.until[:7] != end[:7]:
            events = self._asker.ask(lambda source: source.events(stock.code, end))
            events = with_first_day(events[events["date"] <= end], stock.listed)
            size, crc = self._store.write(name, events.assign(symbol=stock.code)[["symbol", *EVENTS]])
            late = [day for day in breaks if day not in set(events["date"]) and day in self._calendar[-LATE:]]
            if late and not stock.delisted:
                end = max((day for day in days if day < late[0]), default=days[0])
        state.events = Covered("", end, size, crc)
        self._store.keep_stock(stock.code, state)

    def _breaks(self, code: str, state: StockState, after: str) -> list[str]:
        """Days after one whose previous close is not the close of the day before: ex-dates."""
        years = [year for year, covered in sorted(state.daily.items()) if covered.size and year >= after[:4]]
        if not years:
            return []
        names = {year: self._store.year_file("daily", year, code) for year in years}
        rows = pd.concat([self._store.read(name, state.daily[year]) for year, name in names.items()])
        steps = (rows["prev_close"] - rows["close"].ffill().shift()).abs()
        return list(rows["date"][(steps > _HALF_TICK) & (rows["date"] > after)])
