"""The words of an update's report: what came in first, then what to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from qlib_mfgru.ingest.report import NO_BARS, REVISED, STORED, TOO_EARLY, InputReport, Tally, tally_lines
from qlib_mfgru.live.updating.inputs import PRICES
from qlib_mfgru.live.updating.spool import LATE
from qlib_mfgru.live.wording import counted
from qlib_mfgru.provider.judge.bars import FEW_BARS

if TYPE_CHECKING:
    from qlib_mfgru.live.updating.reporting.report import UpdateReport

TRADED = "stock-days with trade"
"""The fact that counts days of stocks on which they trade."""
_OF_STORED_DAYS = {
    STORED: "there already",
    TOO_EARLY: "of older days, not compared",
    REVISED: "in the place of stored ones",
}
"""Rows that are left out, and no fault is in them."""


def text(report: UpdateReport) -> str:
    """The report in lines: new days, bars that are missing on them, rows, what is counted, what is new to be said."""
    return "\n".join(
        [
            *(["an update that was interrupted has been finished first"] if report.is_resumed else []),
            _head(report),
            *_without_bars(report),
            *_rows(report),
            *_titled("counted:", tally_lines(_counted(report))),
            *_titled(
                "derived or assumed:", [f"  - {note}" for note in report.notes if note not in report.before.notes]
            ),
        ]
    )


def _head(report: UpdateReport) -> str:
    """What came in."""
    if report.days:
        first, last, traded = report.days[0], report.days[-1], report.facts[TRADED]
        if first == last:
            return f"1 new day, {first}: {counted(traded, 'stock')} with trade"
        return f"{counted(len(report.days), 'new day')}, {first} .. {last}: {traded:,} days of stocks with trade"
    if report.idle:
        found = f"nothing new: {report.idle}"
    elif report.changes_stored:
        found = "no new day, but stored ones have changed"
    else:
        found = "nothing new: all rows of bars and days were there already"
    return f"{found}; the provider ends on {report.end}"


def _without_bars(report: UpdateReport) -> list[str]:
    """What the new days lack of bars."""
    if report.days and "" < report.bars_end < report.days[-1]:
        return [f"no bars after {report.bars_end} yet"]
    few = [tally for what, tally in report.warnings.items() if what.startswith(FEW_BARS.text)]
    none = [tally for what, tally in report.warnings.items() if what == NO_BARS]
    cases = [*_cases(few, "with fewer than the stock has on most days"), *_cases(none, "without any")]
    return [f"bars missing, on days of stocks with trade: {', '.join(cases)}"] if cases else []


def _cases(tallies: list[Tally], what: str) -> list[str]:
    """How many there are of one kind, and the first of them."""
    return [f"{tally.count:,} {what} ({'; '.join(tally.examples)})" for tally in tallies]


def _counted(report: UpdateReport) -> dict[str, Tally]:
    """What is not said above, or was of all days before."""
    known = report.before.warnings
    return {
        what: tally
        for what, tally in report.warnings.items()
        if not (what.startswith(FEW_BARS.text) or what == NO_BARS or known.get(what) == tally)
    }


def _rows(report: UpdateReport) -> list[str]:
    """Rows of bars and days by what became of them; of other inputs how many were read, and why some were left out."""
    lines, others = [], []
    for name, rows in report.inputs.items():
        left_out = {reason: tally for reason, tally in rows.dropped.items() if reason not in _OF_STORED_DAYS}
        if name in PRICES:
            lines.append(f"{name + ' rows':<28} {', '.join(_parts(report, rows, left_out))}")
        else:
            others.append(f"{name} {rows.read:,}")
        lines += [line if name in PRICES else f"{line} in {name}" for line in tally_lines(left_out)]
    return [*lines, f"{'also read':<28} {', '.join(others)}"] if others else lines


def _parts(report: UpdateReport, rows: InputReport, left_out: Mapping[str, Tally]) -> Iterator[str]:
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
