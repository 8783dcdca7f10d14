"""All findings on a provider as one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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
        cases = [str(fault) for fault in tally.faults[:NAMED]]
        return cls(severity, tally.kind.text, tally.count, tally.n_judged, len(tally.faults), cases, tally.cause)

    def cells(self) -> list[str]:
        """As text, in the order of `HEADINGS`."""
        more = self.stocks - len(self.cases)
        cases = "; ".join(self.cases) + (f" and {more} more" if self.cases and more > 0 else "")
        return [self.severity, self.kind, f"{self.count:,}", f"{self.judged:,}", f"{self.stocks:,}", cases, self.cause]


HEADINGS = ("severity", "kind", "count", "judged", "stocks", "first cases", "probable cause")


class Ledger:
    """Findings on files and fields, one row a kind."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}

    def judged(self, severity: Severity, kind: str, cause: str = "") -> Row:
        """The row of a kind, with one more that could be judged."""
        row = self._rows.setdefault(kind, Row(severity, kind, cause=cause))
        row.judged += 1
        return row

    def note(self, severity: Severity, kind: str, cases: Sequence[str], cause: str = "") -> None:
        """Judge one instrument under a kind, and count its cases."""
        row = self.judged(severity, kind, cause)
        row.count += len(cases)
        row.stocks += bool(cases)
        row.cases += cases[: max(0, NAMED - len(row.cases))]

    def rows(self) -> list[Row]:
        """Kinds with a case."""
        return [row for row in self._rows.values() if row.count]


def table(ledger: Ledger, verdict: Verdict) -> list[Row]:
    """All findings, errors first."""
    rows = [*ledger.rows(), *(Row.of(tally, verdict) for tally in verdict.tallies())]
    return sorted(rows, key=lambda row: SEVERITIES.index(row.severity))


def counts(rows: Iterable[Row]) -> dict[Severity, int]:
    """Kinds of each severity."""
    found = [row.severity for row in rows]
    return {severity: found.count(severity) for severity in SEVERITIES}
