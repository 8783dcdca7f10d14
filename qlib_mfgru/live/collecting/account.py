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

from qlib_mfgru.live.collecting.store import StockState

MAPPING, GAPS = "mapping.yaml", "gaps.csv"
NO_DAILY, NO_BARS, FEW_BARS = "no daily row", "no bars", "few bars"
MEANING = {
    NO_DAILY: "trading days of listed stocks without a daily row",
    NO_BARS: "days without bars that daily rows say were traded",
    FEW_BARS: "days with fewer bars than a day has",
}
_NAMED = 3


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
    """A line for each kind of gap: how many days, of how many stocks, and the longest.

    Parameters
    ----------
    gaps : sequence of Gap
    bars_begin : str
        Day of the first bar of all; what is missing before it is counted in one number.
    """
    early = [gap for gap in gaps if gap.what == NO_BARS and gap.last < bars_begin]
    lines = [f"bars begin on {bars_begin}: {sum(gap.days for gap in early):,} days before it"] if early else []
    for what, meaning in MEANING.items():
        own = [gap for gap in gaps if gap.what == what and not (what == NO_BARS and gap.last < bars_begin)]
        if own:
            longest = sorted(own, key=lambda gap: -gap.days)[:_NAMED]
            named = ", ".join(map(str, longest)) + (", .." if len(own) > _NAMED else "")
            stocks = len({gap.code for gap in own})
            lines.append(f"{sum(gap.days for gap in own):,} {meaning}, of {stocks:,} stocks: {named}")
    return lines


@dataclass
class Collected:
    """What a run did, and what is there afterwards; printed, it is the account.

    Attributes
    ----------
    days : int
        Trading days from `first` to `last`.
    stocks : int
        Of which `finished` were complete before.
    asked : int
        Questions that were answered.
    retried : Counter
        Repeated questions, by what was wrong.
    gaps : list of Gap
    refused : dict of str to str
        Stocks and tables that the vendor does not give, and its words.
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
        lines = [
            f"{self.source}, {self.freq}: {self.stocks:,} stocks, {self.days:,} days, {self.first} .. {self.last}",
            f"{self.asked:,} questions answered; {self.finished:,} stocks were complete before",
        ]
        if self.retried:
            causes = ", ".join(f"{cause} ({count})" for cause, count in self.retried.most_common(3))
            lines.append(f"asked again {self.retried.total():,} times: {causes}")
        if self.damaged:
            named = ", ".join(sorted(self.damaged)[:_NAMED]) + (", .." if len(self.damaged) > _NAMED else "")
            lines.append(f"{len(self.damaged):,} files were lost or damaged, and are collected anew: {named}")
        if self.connections:
            lines.append(f"the server did not bear so many connections: {self.connections} at the end")
        if self.waiting:
            named = ", ".join(self.waiting[:3]) + (", .." if len(self.waiting) > 3 else "")
            lines.append(f"{len(self.waiting):,} stocks end earlier, which may only be late: run again; {named}")
        lines += gap_lines(self.gaps, self.bars_begin)
        if self.gaps:
            lines.append(f"all gaps: {self.out / GAPS}")
        lines += [f"not from {self.source}: {name}: {words}" for name, words in list(self.refused.items())[:5]]
        if len(self.refused) > 5:
            lines.append(f"not from {self.source}: {len(self.refused) - 5:,} more")
        return "\n".join([*lines, f"mapping: {self.out / MAPPING}"])
