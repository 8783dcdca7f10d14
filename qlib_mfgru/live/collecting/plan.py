"""Which days are to be asked for: those of a stock's span that are not covered, year by year."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from qlib_mfgru.live.collecting.source import Stock
from qlib_mfgru.live.collecting.store import Covered

LATE = 10
"""Trading days after which what a vendor has not delivered is a gap, and no longer late."""


class Span(NamedTuple):
    """Days of a year to ask for, and the first day that its file then covers.

    Attributes
    ----------
    first, last : str
        The days to ask for.
    start : str
        First day of the file; that of the question where the file is to be written anew.
    """

    year: str
    first: str
    last: str
    start: str

    @property
    def appends(self) -> bool:
        """Whether the file has earlier days that stay."""
        return self.start < self.first


def between(calendar: Sequence[str], first: str, last: str) -> Sequence[str]:
    """Trading days of a span, both ends included."""
    return calendar[bisect_left(calendar, first) : bisect_right(calendar, last)]


def listed_days(stock: Stock, calendar: Sequence[str]) -> Sequence[str]:
    """Trading days on which a stock can have rows: to the day before its delisting."""
    days = between(calendar, stock.listed, stock.delisted or calendar[-1])
    return days[:-1] if days and days[-1] == stock.delisted else days


def open_spans(
    days: Sequence[str], covered: dict[str, Covered], is_whole: Callable[[str, Covered], bool]
) -> list[Span]:
    """What is not covered of some days, a span a year.

    Parameters
    ----------
    days : sequence of str
        In order.
    covered : dict of str to Covered
        By year.
    is_whole : callable
        Whether a year's file is as it was written; the year is asked for anew where it is not.
    """
    spans = []
    for number in range(int(days[0][:4]), int(days[-1][:4]) + 1) if days else ():
        year = str(number)
        wanted = between(days, year, f"{year}-12-31")
        if not wanted:
            continue
        there = covered.get(year)
        if there is None or there.first > wanted[0] or not is_whole(year, there):
            spans.append(Span(year, wanted[0], wanted[-1], wanted[0]))
        elif there.until < wanted[-1]:
            spans.append(Span(year, wanted[bisect_right(wanted, there.until)], wanted[-1], there.first))
    return spans


def runs(spans: Sequence[Span], calendar: Sequence[str]) -> list[list[Span]]:
    """Spans that follow each other without a trading day between, and so are one question."""
    joined: list[list[Span]] = []
    for span in spans:
        if joined and len(between(calendar, joined[-1][-1].last, span.first)) == 2:
            joined[-1].append(span)
        else:
            joined.append([span])
    return joined


def covered_until(expected: Sequence[str], there: set[str], late: Sequence[str]) -> str | None:
    """The last day up to which nothing is still to come; None if that is no day at all.

    Parameters
    ----------
    expected : sequence of str
        Days that should have rows, in order.
    there : set of str
        Days that have.
    late : sequence of str
        Days, in order, on which a row that is missing may only be late; those before are gaps.
    """
    done = list(expected)
    while done and done[-1] not in there and late and done[-1] >= late[0]:
        done.pop()
    return done[-1] if done else None
