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
from qlib_mfgru.live.collecting.store import CALENDAR, INDUSTRY, UNIVERSE, Covered, Store, level_file, member_file
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
    """

    def __init__(self, asker: Connection, store: Store, since: str) -> None:
        self._asker = asker
        self._store = store
        self._since = since
        self.refused: dict[str, str] = {}

    def calendar(self, until: str | None) -> list[str]:
        """Trading days from `since` to `until`, or to the newest day that there is if that is earlier.

        Raises
        ------
        InputError
            There is no such day.
        """
        self._levels(CLOCK, until or _FOREVER)
        levels = self._store.read(level_file(CLOCK)) if (self._store.folder / level_file(CLOCK)).exists() else None
        known = [] if levels is None else [day for day in levels["date"] if self._since <= day <= (until or _FOREVER)]
        if not known:
            raise InputError(f"there are no days from {self._since}" + (f" to {until}" if until else " on"))
        return self._days(known[-1])

    def _days(self, end: str) -> list[str]:
        note = self._store.note("calendar")
        fresh = not note or note["first"] > self._since
        days = [] if fresh else [day for day in self._store.read(CALENDAR)["date"] if day <= note["until"]]
        if fresh or note["until"] < end:
            start = self._since if fresh else _next(note["until"])
            days += self._asker.ask(lambda source: source.calendar(start, end))
            self._store.write(CALENDAR, pd.DataFrame({"date": days}))
            first = self._since if fresh else note["first"]
            self._store.keep_note("calendar", {"first": first, "until": end})
        return list(between(days, self._since, end))

    def universe(self, end: str) -> list[Stock]:
        """A-shares that are listed on a day or were before; asked for once a day of the market."""
        if self._store.note("universe").get("until", "") < end:
            stocks = self._asker.ask(lambda source: source.universe())
            shares = [stock for stock in stocks if board_of(stock.code) != "other" and "" < stock.listed <= end]
            frame = pd.DataFrame(shares, columns=["symbol", "name", "listed", "delisted"])
            self._store.write(UNIVERSE, frame.assign(delisted=frame["delisted"].where(frame["delisted"] <= end, "")))
            self._store.keep_note("universe", {"until": end})
        return [Stock(*row) for row in self._store.read(UNIVERSE).itertuples(index=False)]

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
        note, name = self._store.note(f"index/{index}"), level_file(index)
        covered = Covered(**note) if note else None
        fresh = covered is None or covered.first > self._since or not self._store.has(name, covered)
        start = self._since if fresh or covered is None else _next(covered.until)
        if start > until:
            return
        new = self._asker.ask(lambda source: source.levels(index, start, until))
        if new.empty:
            return
        new = new.assign(index=index)[["index", *new.columns]]
        rows = new if fresh else pd.concat([self._store.read(name), new], ignore_index=True)
        size = self._store.write(name, rows)
        first = self._since if fresh or covered is None else covered.first
        self._store.keep_note(f"index/{index}", vars(Covered(first, rows["date"].iloc[-1], size)))

    def _industries(self, calendar: Sequence[str]) -> None:
        """On the first trading day of each month: rows of the stocks whose industry is new or another."""
        note = self._store.note("industry")
        fresh = not note or note["first"] > calendar[0] or not (self._store.folder / INDUSTRY).exists()
        columns = ["symbol", "date", "industry"]
        rows = pd.DataFrame(columns=columns, dtype=str) if fresh else self._store.read(INDUSTRY)
        first, asked = (calendar[0], "") if fresh else (note["first"], note["until"])
        for day in _months(calendar):
            if day <= asked:
                continue
            answer = self._asker.ask(methodcaller("industries", day))
            known = dict(zip(rows["symbol"], rows["industry"], strict=True))
            changed = [(code, day, name) for code, name in sorted(answer.items()) if known.get(code) != name]
            rows = pd.concat([rows, pd.DataFrame(changed, columns=columns, dtype=str)], ignore_index=True)
            self._store.write(INDUSTRY, rows)
            self._store.keep_note("industry", {"first": first, "until": day})
        begin = min(rows["date"], default="")
        if begin != calendar[0]:
            self.refused[f"industries before {begin or calendar[-1]}"] = "none is known"

    def _members(self, market: str, calendar: Sequence[str]) -> None:
        """Spans, exact to the day: asked for on each month's first day and the last, and between where they differ."""
        note, name = self._store.note(f"members/{market}"), member_file(market)
        fresh = not note or note["first"] > calendar[0] or not (self._store.folder / name).exists()
        spans = pd.DataFrame(columns=["symbol", "start", "end"], dtype=str) if fresh else self._store.read(name)
        first, asked = (calendar[0], "") if fresh else (note["first"], note["until"])

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
            self._store.write(name, spans.sort_values(["symbol", "start"], ignore_index=True))
            asked = day
            self._store.keep_note(f"members/{market}", {"first": first, "until": day})


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
