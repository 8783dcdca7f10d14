"""The verdict: findings counted by kind, stock and date over the whole of a market, and what follows.

- More than `max_inconsistent` of the judged days (bars) of any kind, and more than `FEW`, are an error: nothing is
  written.
- Below that, single cases are kept or replaced, as their `Kind.outcome` says, and counted.
- A stock is left out as a whole where most of what was judged of it is faulty, or one case is fatal, such as a lost
  factor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.judge.causes import NAMED, StockFault, named, probable_cause
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.series import StockSeries

MAX_INCONSISTENT = 0.01
"""Share of faulty days, or bars, of a kind from which on it is an error, unless a mapping says otherwise."""
FEW = 3
"""Cases that are single values whatever their share: a market of a few stocks and days has no shares to speak of."""

FIRST_BAR = Kind("days without the first bar of the session")
LAST_BAR = Kind("days without the last bar of the session")
_SHIFTED = "stamps are shifted by one bar, or auction bars are missing: look at stamps and at the vendor's times"

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass
class Tally:
    """Cases of one kind.

    Attributes
    ----------
    count, n_judged : int
        Faulty ones, and those that could be judged, of all stocks.
    n_weighty : int
        Faulty ones that count towards the share that is tolerated.
    faults : list of StockFault
        One of each stock with a case.
    judged_stocks : Counter
        Stocks that were judged, by board.
    dates : Counter
        Faulty cases by day.
    """

    kind: Kind
    count: int = 0
    n_judged: int = 0
    n_weighty: int = 0
    faults: list[StockFault] = field(default_factory=list)
    judged_stocks: Counter[str] = field(default_factory=Counter)
    dates: Counter[date] = field(default_factory=Counter)

    def add(self, series: StockSeries, finding: Finding) -> None:
        """Count what was found in one stock."""
        board = series.board or ""
        self.n_judged += finding.n_judged
        self.judged_stocks[board] += 1
        if not finding.count:
            return
        self.count += finding.count
        self.n_weighty += _weight(finding)
        self.faults.append(StockFault.of(series.code, board, finding))
        self.dates.update(finding.days[finding.faulty_days].tolist())

    def add_all(self, other: Tally) -> None:
        """Count what was found in other stocks."""
        self.count += other.count
        self.n_judged += other.n_judged
        self.n_weighty += other.n_weighty
        self.faults += other.faults
        self.judged_stocks += other.judged_stocks
        self.dates += other.dates

    @property
    def share(self) -> float:
        """Share of the judged that counts towards what is tolerated."""
        return self.n_weighty / max(self.n_judged, 1)

    def severity(self, max_inconsistent: float) -> Severity:
        """What its cases amount to."""
        if self.kind.role == "note":
            return "note"
        return "error" if self.n_weighty > FEW and self.share > max_inconsistent else "warning"

    @property
    def cause(self) -> str:
        """The probable cause, and what to write in the mapping; empty where none is known."""
        if self.kind in (FIRST_BAR, LAST_BAR):
            return _SHIFTED
        return probable_cause(self.kind, self.faults, self.judged_stocks)

    def worst_dates(self) -> list[str]:
        """The days with the most cases, where several stocks have one on the same day."""
        return [f"{day}: {count}" for day, count in self.dates.most_common(NAMED) if count > 1]


class Verdict:
    """What was found in all stocks that were judged.

    Parameters
    ----------
    max_inconsistent : float
        Share of faulty days, or bars, of any kind that is tolerated.

    Attributes
    ----------
    left_out : dict of str to Kind
        Codes of stocks that cannot be used, and the gravest kind that is the reason.
    """

    def __init__(self, max_inconsistent: float) -> None:
        self.max_inconsistent = max_inconsistent
        self.left_out: dict[str, Kind] = {}
        self._tallies: dict[Kind, Tally] = {}
        self._slots: np.ndarray | None = None
        self._n_bar_days = 0

    def add(self, series: StockSeries, findings: Sequence[Finding]) -> bool:
        """Count the findings of one stock; return whether it can be used."""
        for finding in findings:
            self._tallies.setdefault(finding.kind, Tally(finding.kind)).add(series, finding)
        if series.bars is not None:
            self._count_slots(series.bars.priced[series.bars.traded])
        reasons = [finding.kind for finding in findings if _is_useless(series, finding)]
        if reasons:
            self.left_out[series.code] = min(reasons, key=lambda kind: kind.role != "fatal")
        return not reasons

    def add_all(self, other: Verdict) -> None:
        """Count the findings of other stocks."""
        for kind, tally in other._tallies.items():
            self._tallies.setdefault(kind, Tally(kind)).add_all(tally)
        if other._slots is not None:
            self._slots = other._slots + (0 if self._slots is None else self._slots)
            self._n_bar_days += other._n_bar_days
        self.left_out |= other.left_out

    def tallies(self) -> list[Tally]:
        """Kinds with a case: the gravest first, then those with a known cause, then the most frequent."""
        found = [tally for tally in (*self._tallies.values(), *self._ends_absent()) if tally.count]

        def rank(tally: Tally) -> tuple[int, bool, float]:
            return SEVERITIES.index(tally.severity(self.max_inconsistent)), not tally.cause, -tally.share

        return sorted(found, key=rank)

    def tolerated(self, tally: Tally) -> list[StockFault]:
        """Faults of a kind in stocks that are used."""
        return [fault for fault in tally.faults if fault.code not in self.left_out]

    def rejected(self, tally: Tally) -> list[StockFault]:
        """Faults of a kind that are why their stocks are left out."""
        return [fault for fault in tally.faults if self.left_out.get(fault.code) == tally.kind]

    def check(self) -> None:
        """Stop where the numbers cannot be what they are said to be.

        Raises
        ------
        InputError
            With the kinds of inconsistency, their first cases and probable causes.
        """
        errors = [tally for tally in self.tallies() if tally.severity(self.max_inconsistent) == "error"]
        if errors:
            first, others = _in_words(errors[0]), [f"  {_in_words(tally)}" for tally in errors[1:]]
            head = f"inconsistent beyond max_inconsistent = {self.max_inconsistent:.1%}: {first}"
            raise InputError("\n".join([head, *others]))

    def as_list(self) -> list[dict[str, object]]:
        """JSON-ready content, one entry a kind with a case."""
        return [
            {
                "kind": tally.kind.text,
                "severity": tally.severity(self.max_inconsistent),
                "count": tally.count,
                "judged": tally.n_judged,
                "stocks": len(tally.faults),
                "left out": [fault.code for fault in self.rejected(tally)],
                "cases": [str(fault) for fault in tally.faults[:NAMED]],
                "worst dates": tally.worst_dates(),
                "cause": tally.cause,
            }
            for tally in self.tallies()
        ]

    def _count_slots(self, priced: np.ndarray) -> None:
        """Add up on how many days each bar of the day is there; `priced` of shape (n_days, slots)."""
        self._slots = priced.sum(axis=0) + (0 if self._slots is None else self._slots)
        self._n_bar_days += len(priced)

    def _ends_absent(self) -> list[Tally]:
        """The session's first or last bar, where no more than one day in a hundred has it and the others are there."""
        slots, n_days = self._slots, self._n_bar_days
        if slots is None or len(slots) < 3 or n_days <= FEW or np.median(slots) < n_days / 2:
            return []
        absent = [(kind, n_days - int(slots[place])) for kind, place in ((FIRST_BAR, 0), (LAST_BAR, -1))]
        return [Tally(kind, count, n_days, count) for kind, count in absent if count > 0.99 * n_days]


def _weight(finding: Finding) -> int:
    """How many of a stock's cases count towards the share that is tolerated."""
    role = finding.kind.role
    if role == "fatal":
        return finding.n_judged
    if role == "systematic":
        return finding.count if finding.is_most else 0
    return finding.count if role == "fault" else 0


def _is_useless(series: StockSeries, finding: Finding) -> bool:
    """Whether a stock cannot be used: a fatal case, or most of what was judged of it is faulty."""
    role, n_days = finding.kind.role, int(finding.faulty_days.sum())
    if role in ("fatal", "note") or not n_days:
        return role == "fatal" and n_days > 0
    return finding.is_most and (n_days > FEW or n_days * 2 > int(series.traded.sum()))


def _in_words(tally: Tally) -> str:
    """A kind with how much of what was judged it is, its cause and first cases; of a fatal one the stocks count."""
    cause = f": {tally.cause}" if tally.cause else ""
    share = f"{tally.count} of {tally.n_judged} ({tally.count / max(tally.n_judged, 1):.1%}) {tally.kind.text}"
    if tally.kind.role == "fatal":
        share = f"{len(tally.faults)} of {tally.judged_stocks.total()} stocks have {tally.kind.text}"
    stocks = named([fault.code for fault in tally.faults])
    return f"{share}{cause}" + (f" ({stocks}; first {tally.faults[0]})" if tally.faults else "")
