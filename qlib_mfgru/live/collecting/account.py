"""The account of a collection: what was asked, and what is not there that should be.

Gaps come from what is noted of each stock, without reading any rows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from qlib_mfgru.live.collecting.mapping import MAPPING
from qlib_mfgru.live.collecting.store import StockState
from qlib_mfgru.live.wording import NAMED, counted, named

GAPS = "gaps.csv"
NO_DAILY, NO_BARS, FEW_BARS = "no daily row", "no bars", "few bars"
MEANING = {
    NO_DAILY: "no daily row, though the stock is listed",
    NO_BARS: "no bars, though the daily row has trade",
    FEW_BARS: "fewer bars than a day has",
}


class Gap(NamedTuple):
    """Trading days of a stock, one after the other, that all lack the same."""

    code: str
    what: str
    first: str
    last: str
    days: int

    def __str__(self) -> str:
        return f"{self.code} {self.first}" + (f" .. {self.last} ({self.days})" if self.days > 1 else "")


def gaps_of(code: str, state: StockState, calendar: Sequence[str]) -> list[Gap]:
    """The gaps of a stock, in the order of `MEANING` and of their days."""
    days = {
        NO_DAILY: [day for _, year in sorted(state.daily.items()) for day in year.missing],
        NO_BARS: [day for _, year in sorted(state.bars.items()) for day in year.missing],
        FEW_BARS: [day for _, year in sorted(state.bars.items()) for day in year.short],
    }
    return [gap for what, each in days.items() for gap in _runs(code, what, each, calendar)]


def _runs(code: str, what: str, days: Iterable[str], calendar: Sequence[str]) -> list[Gap]:
    runs: list[Gap] = []
    for day in days:
        last = runs[-1] if runs else None
        if last and bisect_left(calendar, day) == bisect_left(calendar, last.last) + 1:
            runs[-1] = last._replace(last=day, days=last.days + 1)
        else:
            runs.append(Gap(code, what, day, day, 1))
    return runs


def gaps_csv(gaps: Sequence[Gap]) -> str:
    """All gaps as a table, ``code,what,first,last,days``."""
    return "".join(",".join(map(str, row)) + "\n" for row in (Gap._fields, *gaps))


def gap_lines(gaps: Sequence[Gap], bars_begin: str) -> list[str]:
    """A line for each kind of gap: how many days of how many stocks, and the longest.

    Parameters
    ----------
    gaps : sequence of Gap
    bars_begin : str
        Day of the first bar of all; what is missing before it is counted in one number.
    """
    early = [gap for gap in gaps if gap.what == NO_BARS and gap.last < bars_begin]
    lines = [f"no bars before {bars_begin} of any stock, though daily rows have trade: {_size(early)}"] if early else []
    for what, meaning in MEANING.items():
        own = [gap for gap in gaps if gap.what == what and not (what == NO_BARS and gap.last < bars_begin)]
        if own:
            longest = sorted(own, key=lambda gap: -gap.days)[:NAMED]
            lines.append(f"{meaning}: {_size(own)}; {named(list(map(str, longest)), len(own))}")
    return lines


def _size(gaps: Sequence[Gap]) -> str:
    """How many days of stocks some gaps are."""
    days, stocks = sum(gap.days for gap in gaps), len({gap.code for gap in gaps})
    return f"{counted(days, 'day')} of {counted(stocks, 'stock')}" + (" in all" if stocks > 1 else "")


@dataclass(repr=False)
class Collected:
    """What a run did, and what is there afterwards; printed or shown in a notebook, it is the account.

    Attributes
    ----------
    days : int
        Trading days from `first` to `last`.
    new_days : int
        Of which no earlier run knew.
    stocks : int
        Of which `finished` were complete before.
    asked : int
        Questions that were answered.
    retried : Counter
        Repeated questions, by what was wrong.
    gaps : list of Gap
    refused : dict of str to str
        Stocks and tables that the vendor does not give or does not answer for, and its words.
    waiting : list of str
        Stocks whose last days may only be late.
    bars_begin : str
        Day of the first bar of all.
    damaged : set of str
        Files that were lost or damaged, and so asked for again.
    connections : int
        How many were left at the end of a run that had to take fewer; else 0.
    """

    source: str
    out: Path
    freq: str
    first: str
    last: str
    days: int
    stocks: int
    new_days: int = 0
    finished: int = 0
    asked: int = 0
    retried: Counter[str] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    bars_begin: str = ""
    damaged: set[str] = field(default_factory=set)
    connections: int = 0

    def note(self, asked: int, retried: Counter[str]) -> None:
        """Add what was asked."""
        self.asked += asked
        self.retried += retried

    def __str__(self) -> str:
        days = counted(self.days, "trading day") + (f" ({self.new_days:,} new)" if self.new_days else "")
        lines = [
            f"{self.source}, {self.freq} bars: {counted(self.stocks, 'stock')}, {days}, {self.first} .. {self.last}",
            f"{counted(self.asked, 'question')} answered: {self._done()}",
        ]
        if self.retried:
            causes = ", ".join(f"{cause} ({count})" for cause, count in self.retried.most_common(3))
            lines.append(f"{counted(self.retried.total(), 'question')} asked again: {causes}")
        if self.damaged:
            files = counted(len(self.damaged), "file")
            lines.append(
                f"{files} lost or damaged, and so collected anew: {named(sorted(self.damaged), len(self.damaged))}"
            )
        if self.connections:
            lines.append(f"the server did not bear so many connections: {self.connections} at the end")
        if self.waiting:
            late = f"{counted(len(self.waiting), 'stock')} not up to {self.last} yet, which may only be late"
            lines.append(f"{late}: run again; {named(self.waiting, len(self.waiting))}")
        lines += gap_lines(self.gaps, self.bars_begin)
        if self.gaps:
            lines.append(f"each gap, by stock and days: {self.out / GAPS}")
        lines += [f"not from {self.source}: {name}: {words}" for name, words in list(self.refused.items())[:5]]
        if len(self.refused) > 5:
            lines.append(f"not from {self.source}: {len(self.refused) - 5:,} more")
        return "\n".join([*lines, f"mapping: {self.out / MAPPING}"])

    def __repr__(self) -> str:
        return str(self)

    def _done(self) -> str:
        """What the questions were for."""
        if self.finished == self.stocks:
            return "every stock was complete before"
        before = f", {self.finished:,} complete before" if self.finished else ""
        return f"{counted(self.stocks - self.finished, 'stock')} continued or begun{before}"
