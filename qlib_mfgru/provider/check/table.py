"""All findings on a provider as one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from qlib_mfgru.provider.judge.causes import NAMED
from qlib_mfgru.provider.judge.tally import SEVERITIES, Severity, Tally
from qlib_mfgru.provider.judge.verdict import Verdict


@dataclass
class Row:
    """One kind of finding.

    Attributes
    ----------
    severity : {"error", "warning", "note"}
    kind : str
        The cases in words.
    count, judged : int
        Cases, and what could be judged.
    stocks : int
        Instruments with a case.
    cases : list of str
        The first few.
    cause : str
        Probable cause and what to do; may be empty.
    """

    severity: Severity
    kind: str
    count: int = 0
    judged: int = 0
    stocks: int = 0
    cases: list[str] = field(default_factory=list)
    cause: str = ""

    @classmethod
    def of(cls, tally: Tally, verdict: Verdict) -> Row:
        """What the judge found; in what is stored already, a stock that cannot be used is an error."""
        severity = "error" if verdict.rejected(tally) else tally.severity(verdict.max_inconsistent)
        cases = [str(fault) for fault in tally.said[:NAMED]]
        return cls(severity, tally.kind.text, tally.count, tally.n_judged, len(tally.said), cases, tally.cause)

    def cells(self) -> list[str]:
        """As text, in the order of `HEADINGS`."""
        more = self.stocks - len(self.cases)
        cases = "; ".join(self.cases) + (f" and {more} more" if self.cases and more > 0 else "")
        return [self.severity, self.kind, f"{self.count:,}", f"{self.judged:,}", f"{self.stocks:,}", cases, self.cause]


HEADINGS = ("severity", "kind", "count", "judged", "stocks", "first cases", "probable cause")


class Ledger:
    """Findings on files, fields, lists and single values, one row a kind."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._grave: set[str] = set()

    def note(
        self,
        severity: Severity,
        kind: str,
        cases: Sequence[str],
        cause: str = "",
        *,
        judged: int = 1,
        error_if_most: bool = False,
    ) -> None:
        """Judge one instrument, or list, under a kind, and count its cases.

        Parameters
        ----------
        cases : sequence of str
            What is wrong with it, of the `judged` things that could be.
        error_if_most : bool
            The kind is an error where most of what was judged has a case.
        """
        self._add(severity, kind, cases, len(cases), judged, cause)
        if error_if_most:
            self._grave.add(kind)

    def note_days(
        self,
        severity: Severity,
        kind: str,
        what: str,
        days: np.ndarray,
        faulty: np.ndarray,
        judged: int,
        cause: str = "",
    ) -> None:
        """Judge the days, or bars, of one series, and count those that are `faulty`.

        Parameters
        ----------
        what : str
            The instrument, or its field.
        days : ndarray of shape (n,)
            ``datetime64[D]``.
        faulty : ndarray of bool, shape (n,)
        judged : int
            Days or bars that could be judged.
        """
        of_case = days[faulty]
        case = [f"{what} {span(of_case[0], of_case[-1])}"] if len(of_case) else []
        self._add(severity, kind, case, len(of_case), judged, cause)

    def rows(self) -> list[Row]:
        """Kinds with a case."""
        for kind in self._grave & self._rows.keys():
            if self._rows[kind].stocks * 2 > self._rows[kind].judged:
                self._rows[kind].severity = "error"
        return [row for row in self._rows.values() if row.count]

    def _add(self, severity: Severity, kind: str, cases: Sequence[str], count: int, judged: int, cause: str) -> None:
        row = self._rows.setdefault(kind, Row(severity, kind, cause=cause))
        row.judged += judged
        row.count += count
        row.stocks += bool(cases)
        row.cases += cases[: max(0, NAMED - len(row.cases))]


def span(first: np.datetime64, last: np.datetime64) -> str:
    """One day, or the first and the last of several."""
    return f"{first}" if first == last else f"{first} .. {last}"


def table(ledger: Ledger, verdict: Verdict) -> list[Row]:
    """All findings, errors first."""
    rows = [*ledger.rows(), *(Row.of(tally, verdict) for tally in verdict.tallies())]
    return sorted(rows, key=lambda row: SEVERITIES.index(row.severity))


def counts(rows: Iterable[Row]) -> dict[Severity, int]:
    """Kinds of each severity."""
    found = [row.severity for row in rows]
    return {severity: found.count(severity) for severity in SEVERITIES}
