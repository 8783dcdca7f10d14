"""What is collected besides the stocks' own rows: levels, calendar, shares, industries, members of indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import methodcaller

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.collecting.connection import Connection
from qlib_mfgru.live.collecting.plan import between
from qlib_mfgru.live.collecting.source import INDICES, Refused, Stock
from qlib_mfgru.live.collecting.store import CALENDAR, INDUSTRY, UNIVERSE, Store, level_file, member_file
from qlib_mfgru.provider.boards import board_of

CLOCK = "SH000300"
"""The index whose newest level is the newest day that a vendor has."""
_FOREVER = "2099-12-31"


class Tables:
    """Collect the tables, each from where the last run left it.

    Attributes
    ----------
    refused : dict of str to str
        Tables that the vendor does not have, and its words.
    new_days : int
        Trading days that no earlier run knew; once the calendar is asked for.
    """

    def __init__(self, asker: Connection, store: Store, since: str) -> None:
        self._asker = asker
        self._store = store
        self._since = since
        self.refused: dict[str, str] = {}
        self.new_days = 0

    def calendar(self, until: str | None) -> list[str]:
        """Trading days from `since` to `until`, or to the newest day that there is if that is earlier.

        Raises
        ------
        InputError
            There is no such day, or the vendor's calendar has none yet.
        """
        self._levels(CLOCK, until or _FOREVER)
        *_, levels = self._left(level_file(CLOCK), f"index/{CLOCK}", _FOREVER)
        known = [] if levels is None else [day for day in levels["date"] if self._since <= day <= (until or _FOREVER)]
        if not known:
            raise InputError(f"there are no days from {self._since}" + (f" to {until}" if until else " on"))
        return self._days(known[-1])

    def _days(self, end: str) -> list[str]:
        first, until, rows = self._left(CALENDAR, "calendar", self._since)
        days = [] if rows is None else list(rows["date"])
        if until < end:
            start = _next(until) if until else first
            known = self._store.table(CALENDAR, "calendar")
            days += self._asker.ask(lambda source: source.calendar(start, end))
            if not days:
                raise InputError(f"the calendar has no days from {first} to {end}, though {CLOCK} has: run again later")
            self.new_days = len(set(days).difference([] if known is None else known[1]["date"]))
            self._store.keep_table(CALENDAR, "calendar", pd.DataFrame({"date": days}), first, days[-1])
        return list(between(days, self._since, end))

    def universe(self, end: str) -> list[Stock]:
        """A-shares that are listed on a day or were before; asked for once a day of the market."""
        _, until, rows = self._left(UNIVERSE, "universe", "")
        if rows is None or until < end:
            stocks = self._asker.ask(lambda source: source.universe())
            shares = [stock for stock in stocks if board_of(stock.code) != "other" and "" < stock.listed <= end]
            rows = pd.DataFrame(shares, columns=["symbol", "name", "listed", "delisted"])
            rows["delisted"] = rows["delisted"].where(rows["delisted"] <= end, "")
            self._store.keep_table(UNIVERSE, "universe", rows, "", end)
        return [Stock(*row) for row in rows.itertuples(index=False)]

    def market_days(self, days: Sequence[str]) -> pd.DataFrame | None:
        """Daily rows of all stocks on some days, a question a day; None if the vendor has no such question."""
        try:
            return pd.concat([self._asker.ask(methodcaller("market_day", day)) for day in days], ignore_index=True)
        except Refused:
            return None

    def others(self, calendar: Sequence[str], member_lists: Sequence[str]) -> list[Callable[[], None]]:
        """The other tables, as work to be done one after the other."""
        named = {index: partial(self._levels, index, calendar[-1]) for index in INDICES.values() if index != CLOCK}
        named["industries"] = partial(self._industries, calendar)
        named |= {f"members of {market}": partial(self._members, market, calendar) for market in member_lists}
        return [partial(self._unless_refused, name, work) for name, work in named.items()]

    def _unless_refused(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Refused as error:
            self.refused[name] = str(error)

    def _levels(self, index: str, until: str) -> None:
        first, last, kept = self._left(level_file(index), f"index/{index}", self._since)
        start = _next(last) if last else first
        if start > until:
            return
        new = self._asker.ask(lambda source: source.levels(index, start, until))
        if new.empty:
            return
        new = new.assign(index=index)[["index", *new.columns]]
        rows = pd.concat([kept, new], ignore_index=True)
        self._store.keep_table(level_file(index), f"index/{index}", rows, first, rows["date"].iloc[-1])

    def _industries(self, calendar: Sequence[str]) -> None:
        """On the first trading day of each month: rows of the stocks whose industry is new or another."""
        columns = ["symbol", "date", "industry"]
        first, asked, kept = self._left(INDUSTRY, "industry", calendar[0])
        rows = pd.DataFrame(columns=columns, dtype=str) if kept is None else kept
        for day in _months(calendar):
            if day <= asked:
                continue
            answer = self._asker.ask(methodcaller("industries", day))
            known = dict(zip(rows["symbol"], rows["industry"], strict=True))
            changed = [(code, day, name) for code, name in sorted(answer.items()) if known.get(code) != name]
            rows = pd.concat([rows, pd.DataFrame(changed, columns=columns, dtype=str)], ignore_index=True)
            self._store.keep_table(INDUSTRY, "industry", rows, first, day)
        begin = min(rows["date"], default="")
        if begin != calendar[0]:
            self.refused[f"industries before {begin or calendar[-1]}"] = "none is known"

    def _members(self, market: str, calendar: Sequence[str]) -> None:
        """Spans, exact to the day: asked for on each month's first day and the last, and between where they differ."""
        first, asked, kept = self._left(member_file(market), f"members/{market}", calendar[0])
        spans = pd.DataFrame(columns=["symbol", "start", "end"], dtype=str) if kept is None else kept

        def ask(day: str) -> frozenset[str]:
            members = self._asker.ask(lambda source: source.members(market, day))
            if not members and not spans.empty:
                raise Refused(f"nobody is a member on {day}, which cannot be")
            return members

        for day in sorted({*_months(calendar), calendar[-1]}):
            if day <= asked:
                continue
            current = frozenset(spans["symbol"][spans["end"] == ""])
            days = between(calendar, asked, day) if asked else ["", day]
            for changed, members in list(_changes(days, current, ask(day), ask)):
                spans = _moved(spans, changed, members, calendar)
            rows = spans.sort_values(["symbol", "start"], ignore_index=True)
            self._store.keep_table(member_file(market), f"members/{market}", rows, first, day)
            asked = day

    def _left(self, name: str, note: str, begin: str) -> tuple[str, str, pd.DataFrame | None]:
        """Where the last run left a table: the days that it covers, and its rows.

        One that begins after `begin`, is not there or damaged is collected anew: from `begin` to no day, and no rows.
        """
        kept = self._store.table(name, note)
        if kept is None or kept[0].first > begin:
            return begin, "", None
        return kept[0].first, kept[0].until, kept[1]


def _changes(
    days: Sequence[str],
    before: frozenset[str],
    after: frozenset[str],
    ask: Callable[[str], frozenset[str]],
) -> Iterator[tuple[str, frozenset[str]]]:
    """Days on which the members change, with those from then on, by halving the days between two that differ."""
    if before == after or len(days) < 2:
        return
    if len(days) == 2:
        yield days[1], after
        return
    middle = len(days) // 2
    members = ask(days[middle])
    yield from _changes(days[: middle + 1], before, members, ask)
    yield from _changes(days[middle:], members, after, ask)


def _moved(spans: pd.DataFrame, day: str, members: frozenset[str], calendar: Sequence[str]) -> pd.DataFrame:
    """Spans after a change: who left until the trading day before, who joined from that day on, without an end."""
    current = set(spans["symbol"][spans["end"] == ""])
    left = spans["symbol"].isin(current - members) & (spans["end"] == "")
    earlier = [other for other in calendar if other < day]
    spans = spans.assign(end=spans["end"].mask(left, earlier[-1] if earlier else day))
    joined = pd.DataFrame([(code, day, "") for code in sorted(members - current)], columns=spans.columns, dtype=str)
    return pd.concat([spans, joined], ignore_index=True)


def _months(calendar: Sequence[str]) -> list[str]:
    """The first trading day of each month."""
    firsts: dict[str, str] = {}
    for day in calendar:
        firsts.setdefault(day[:7], day)
    return list(firsts.values())


def _next(day: str) -> str:
    return (pd.Timestamp(day) + pd.Timedelta(days=1)).strftime("%Y-%m-%d")
