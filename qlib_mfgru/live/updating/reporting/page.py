"""The words of an update's report below its first line: what to look at, rows, counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qlib_mfgru.ingest.report import (
    LEFT_OUT_AGAIN,
    NO_BARS,
    REVISED,
    STORED,
    TOO_EARLY,
    IngestReport,
    InputReport,
    Tally,
    tally_lines,
)
from qlib_mfgru.live.updating.inputs import PRICES
from qlib_mfgru.live.updating.spool import LATE
from qlib_mfgru.provider.judge.bars import FEW_BARS
from qlib_mfgru.provider.judge.market.attendance import SPARSE_DAYS

_SPARSE = frozenset(SPARSE_DAYS.format(what=what) for what in ("trade", "have bars"))
_OF_STORED_DAYS = {
    STORED: "there already",
    TOO_EARLY: "of older days, not compared",
    REVISED: "in the place of stored ones",
    LEFT_OUT_AGAIN: "left out again",
}
"""Rows that are left out, and are no fault, or none of this evening's."""


def lines(report: IngestReport, before: IngestReport) -> list[str]:
    """What to look at first, rows, what is counted, and what is assumed; `before` was said earlier, and is left out."""
    notes = [f"  - {note}" for note in report.notes if note not in before.notes]
    return [
        *tally_lines({what: tally for what, tally in report.warnings.items() if what in _SPARSE}),
        *_without_bars(report),
        *_rows(report),
        *_titled("counted:", tally_lines(_counted(report, before))),
        *_titled("derived or assumed:", notes),
    ]


def _without_bars(report: IngestReport) -> list[str]:
    """What the new days lack of bars."""
    few = [tally for what, tally in report.warnings.items() if what.startswith(FEW_BARS.text)]
    none = [tally for what, tally in report.warnings.items() if what == NO_BARS]
    cases = [*_cases(few, "with fewer than the stock has on most days"), *_cases(none, "without any")]
    return [f"bars missing, on days of stocks with trade: {', '.join(cases)}"] if cases else []


def _cases(tallies: list[Tally], what: str) -> list[str]:
    """How many there are of one kind, and the first of them."""
    return [f"{tally.count:,} {what} ({'; '.join(tally.examples)})" for tally in tallies]


def _counted(report: IngestReport, before: IngestReport) -> dict[str, Tally]:
    """What is not said above, or was of all days before."""
    known = before.warnings
    return {
        what: tally
        for what, tally in report.warnings.items()
        if not (what.startswith(FEW_BARS.text) or what in {NO_BARS, *_SPARSE} or known.get(what) == tally)
    }


def _rows(report: IngestReport) -> list[str]:
    """Rows of bars and days by what became of them; of other inputs how many were read, and why some were left out."""
    prices, others = [], []
    for name, rows in report.inputs.items():
        left_out = {reason: tally for reason, tally in rows.dropped.items() if reason not in _OF_STORED_DAYS}
        if name in PRICES:
            prices.append(f"{name + ' rows':<28} {', '.join(_parts(report, rows, left_out))}")
        else:
            others.append(f"{name} {rows.read:,}")
        prices += [line if name in PRICES else f"{line} in {name}" for line in tally_lines(left_out)]
    return [*prices, f"{'also read':<28} {', '.join(others)}"] if others else prices


def _parts(report: IngestReport, rows: InputReport, left_out: Mapping[str, Tally]) -> Iterator[str]:
    late = report.warnings[f"{rows.name}: {LATE}"].count if f"{rows.name}: {LATE}" in report.warnings else 0
    yield f"{rows.kept - late:,} new"
    if late:
        yield f"{late:,} late, of stored days"
    for reason, words in _OF_STORED_DAYS.items():
        if reason in rows.dropped:
            yield f"{rows.dropped[reason].count:,} {words}"
    if left_out:
        yield f"{sum(tally.count for tally in left_out.values()):,} left out"


def _titled(title: str, lines: list[str]) -> list[str]:
    return [title, *lines] if lines else []
