"""What an ingest read, kept, dropped, derived and assumed: printed for the user and kept in the provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qlib_mfgru.errors import InputError, printable
from qlib_mfgru.provider.judge import Verdict
from qlib_mfgru.provider.judge.market.payouts import NO_EVENT
from qlib_mfgru.provider.judge.market.shifts import CAUSE, SHIFTED
from qlib_mfgru.provider.judge.market.slots import SELDOM, SELDOM_CAUSE

EXAMPLES = 3
"""Cases that are named for each reason."""

IN_AUCTION = "in an auction that the session leaves out"
STORED = "of stored days, the same"
REVISED = "of stored days, revised since"
TOO_EARLY = "of days before those that an update can change, not compared"
LEFT_OUT_AGAIN = "of stored days, left out again"
NO_STAMP = "unparsable stamp"
OUT_OF_USE = "under a code that was not in use that day (renames)"
INCONSISTENT = "of a stock that is left out as inconsistent"
DUPLICATE = "again with the same numbers"
NO_BARS = "live days without bars"
"""Cases that are kept."""
NO_FAULT = frozenset(
    {
        *("suspended day", "no trade and no price", "not in the stocks' calendar"),
        *(IN_AUCTION, OUT_OF_USE, INCONSISTENT, DUPLICATE, STORED, REVISED, TOO_EARLY, LEFT_OUT_AGAIN),
    }
)
"""Reasons that do not count towards `max_dropped`: the market's, the mapping's, downloads that overlap, and what
`max_inconsistent` is for."""


@dataclass
class Tally:
    """A count with its first few cases."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, count: int, examples: Iterable[str]) -> None:
        """Count `count` cases more; `examples` may be lazy and is read no further than needed.

        They name what is in files: only what can be printed is kept.
        """
        self.count += count
        for example in examples:
            if len(self.examples) >= EXAMPLES:
                break
            self.examples.append(printable(example))


@dataclass
class InputReport:
    """Rows of one input: ``read == kept + sum(dropped)`` once the ingest is through.

    `fields` are those that any of its files has. `max_dropped` is its own share of bad rows, None the mapping's;
    `n_tiny` are rows with a volume below one share.
    """

    name: str
    read: int = 0
    kept: int = 0
    dropped: dict[str, Tally] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)
    max_dropped: float | None = None
    n_tiny: int = 0

    def drop(
        self, reason: str, mask: np.ndarray, describe: Callable[[int], str], counted: np.ndarray | None = None
    ) -> None:
        """Count the rows under `mask`; `describe` names a row (file, stock, time) by its position.

        Those that were `counted` by an earlier update, or the ingest, are not counted under the reason again.
        """
        if counted is not None:
            self.drop_count(LEFT_OUT_AGAIN, int((mask & counted).sum()), ())
            mask = mask & ~counted
        positions = np.flatnonzero(mask)
        if len(positions):
            self.drop_count(reason, len(positions), (describe(int(i)) for i in positions))

    def drop_count(self, reason: str, count: int, examples: Iterable[str]) -> None:
        """Count `count` rows dropped for `reason`."""
        if count:
            self.dropped.setdefault(reason, Tally()).add(count, examples)

    def check(self, max_dropped: float) -> None:
        """Stop when the bad share of the rows is above the input's own `max_dropped`, or else the mapping's.

        Raises
        ------
        InputError
            With the reasons and their examples; or where most volumes are below one share.
        """
        if self.n_tiny > EXAMPLES and self.n_tiny * 2 > self.read:
            raise InputError(
                f"{self.name}: {self.n_tiny} of {self.read} volumes are below one share: they are in a larger unit "
                f"than said: write {self.name}: {{volume: ten_thousand}}, or scale them"
            )
        max_dropped = max_dropped if self.max_dropped is None else self.max_dropped
        bad = {reason: tally for reason, tally in self.dropped.items() if reason not in NO_FAULT}
        share = sum(tally.count for tally in bad.values()) / max(self.read, 1)
        if share > max_dropped:
            raise InputError(
                f"{self.name}: {share:.1%} of {self.read} rows are bad, more than max_dropped = {max_dropped:.1%}:\n"
                + "\n".join(tally_lines(bad))
            )


class IngestReport:
    """Everything that the user should know about how a provider came to be."""

    def __init__(self) -> None:
        self.inputs: dict[str, InputReport] = {}
        self.facts: dict[str, Any] = {}
        self.warnings: dict[str, Tally] = {}
        self.notes: list[str] = []
        self.consistency: list[dict[str, object]] = []

    def input(self, name: str) -> InputReport:
        """The report on one input, made on first use."""
        return self.inputs.setdefault(name, InputReport(name))

    def has_field(self, name: str, field: str) -> bool:
        """Whether any file of the input `name` has a field."""
        return name in self.inputs and field in self.inputs[name].fields

    def warn(self, what: str, count: int, examples: Iterable[str] = ()) -> None:
        """Count cases that were kept, or filled, but that the user should know of."""
        if count:
            self.warnings.setdefault(printable(what), Tally()).add(count, examples)

    def note(self, text: str) -> None:
        """Say once that something was derived or assumed."""
        text = printable(text)
        if text not in self.notes:
            self.notes.append(text)

    def add_verdict(self, verdict: Verdict) -> None:
        """Count what the judge found and tolerated, and the stocks that it left out."""
        self.consistency = verdict.as_list()
        for tally in verdict.tallies():
            if tally.kind.role == "hint":
                self.note(f"{tally.cause}: {tally.kind.text}")
                continue
            cause = f"; {tally.cause}" if tally.cause else ""
            kept, rejected = verdict.tolerated(tally), verdict.rejected(tally)
            n_kept = sum(fault.count for fault in kept)
            self.warn(f"{tally.kind.text}, {tally.kind.outcome}{cause}", n_kept, map(str, kept))
            self.warn(f"stocks left out as a whole: {tally.kind.text}{cause}", len(rejected), map(str, rejected))
        shifted = [case for _, case in verdict.shifts.judged() if case]
        self.warn(f"{SHIFTED}, kept; {CAUSE}", len(shifted), shifted)
        seldom = verdict.slots.seldom()
        self.warn(f"{SELDOM}, kept; {SELDOM_CAUSE}", len(seldom), seldom)
        self.warn(NO_EVENT, verdict.payouts.years_without)

    def add(self, other: IngestReport) -> None:
        """Count what another report counts, examples in its order after ours."""
        for name, rows in other.inputs.items():
            mine = self.input(name)
            mine.fields |= rows.fields
            mine.max_dropped = rows.max_dropped if mine.max_dropped is None else mine.max_dropped
            mine.read, mine.kept = mine.read + rows.read, mine.kept + rows.kept
            mine.n_tiny += rows.n_tiny
            for reason, tally in rows.dropped.items():
                mine.drop_count(reason, tally.count, tally.examples)
        for what, tally in other.warnings.items():
            self.warn(what, tally.count, tally.examples)
        for note in other.notes:
            self.note(note)

    @classmethod
    def of(cls, content: dict[str, Any]) -> IngestReport:
        """From `as_dict`."""
        report = cls()
        report.facts, report.notes = dict(content["facts"]), list(content["notes"])
        report.warnings, report.consistency = _tallies(content["warnings"]), list(content["consistency"])
        for name, rows in content["inputs"].items():
            report.inputs[name] = InputReport(name, rows["read"], rows["kept"], _tallies(rows["dropped"]))
        return report

    def check(self, max_dropped: float) -> None:
        """Stop when any input that has been read so far has too many bad rows.

        Raises
        ------
        InputError
            As of `InputReport.check`.
        """
        for each in self.inputs.values():
            each.check(max_dropped)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready content."""
        return {
            "facts": self.facts,
            "inputs": {
                name: {"read": rows.read, "kept": rows.kept, "dropped": _tally_dict(rows.dropped)}
                for name, rows in self.inputs.items()
            },
            "warnings": _tally_dict(self.warnings),
            "consistency": self.consistency,
            "notes": self.notes,
        }

    def __str__(self) -> str:
        lines = [f"{name:<28} {value}" for name, value in self.facts.items()]
        for rows in self.inputs.values():
            lines.append(f"{rows.name + ' rows':<28} {rows.read} read, {rows.kept} kept, {_dropped(rows)}")
            lines += tally_lines(rows.dropped)
        lines += ["counted:", *tally_lines(self.warnings)] if self.warnings else []
        lines += ["derived or assumed:", *(f"  - {note}" for note in self.notes)] if self.notes else []
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def _dropped(rows: InputReport) -> str:
    """How many rows were dropped, and how many of them for no fault of theirs."""
    fine = {reason: tally.count for reason, tally in rows.dropped.items() if reason in NO_FAULT - {INCONSISTENT}}
    why = ", ".join(f"{count} {reason}" for reason, count in fine.items())
    return f"{sum(tally.count for tally in rows.dropped.values())} dropped" + (f" (no fault: {why})" if fine else "")


def _tally_dict(tallies: dict[str, Tally]) -> dict[str, Any]:
    return {reason: {"count": tally.count, "examples": tally.examples} for reason, tally in tallies.items()}


def _tallies(content: dict[str, Any]) -> dict[str, Tally]:
    return {reason: Tally(tally["count"], list(tally["examples"])) for reason, tally in content.items()}


def tally_lines(tallies: dict[str, Tally]) -> list[str]:
    """A line for each: its count, what it is, and the first cases."""
    return [
        f"  {tally.count:>10}  {reason}" + (f" (e.g. {'; '.join(tally.examples)})" if tally.examples else "")
        for reason, tally in tallies.items()
    ]
