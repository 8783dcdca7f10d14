"""``UpdateReport``: what an update came to."""

from __future__ import annotations

from qlib_mfgru.ingest.assemble.conventions import Calendars
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.live.updating.reporting.page import TRADED, text
from qlib_mfgru.live.updating.spool import LATE
from qlib_mfgru.live.updating.stocks import Updated


class UpdateReport(IngestReport):
    """What was read, kept and dropped of new days; printed or shown in a notebook, what came in.

    Attributes
    ----------
    days : tuple of str
        The new days.
    end, bars_end : str
        Last days of the provider, and of its bars; empty where it has none.
    idle : str
        Why nothing was read; empty where something was.
    changes_stored : bool
        Rows of stored days came late, or values of them have changed.
    is_resumed : bool
        An update that was interrupted has been finished first.
    before : IngestReport
        What was said of the provider before, and need not be said again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.days: tuple[str, ...] = ()
        self.end = self.bars_end = self.idle = ""
        self.changes_stored = self.is_resumed = False
        self.before = IngestReport()

    @classmethod
    def nothing(cls, why: str, last_day: int, read: IngestReport | None = None) -> UpdateReport:
        """That of an update without anything new, of a provider that ends on some day; `read` says what was read."""
        report = cls()
        report.idle, report.end = why, day_text(last_day)
        report.add(read or IngestReport())
        return report

    @classmethod
    def of_stocks(cls, updated: Updated, calendars: Calendars, last_day: int) -> UpdateReport:
        """That of stocks whose new days are planned."""
        report = cls()
        report.days = tuple(day_text(day) for day in calendars.days[calendars.days > last_day])
        report.end = day_text(calendars.days[-1])
        report.bars_end = day_text(calendars.bar_days[-1]) if len(calendars.bar_days) else ""
        report.inputs, report.warnings, report.notes = (
            updated.report.inputs,
            updated.report.warnings,
            updated.report.notes,
        )
        report.facts["new days"] = _span(report.days)
        report.facts[TRADED] = int(updated.n_trading.sum())
        revised = updated.writer.revised
        report.changes_stored = bool(revised) or any(what.endswith(LATE) for what in report.warnings)
        report.warn("stored values that what came later has changed", sum(revised.values()), sorted(revised))
        report.add_verdict(updated.verdict.reported)
        held = sorted(updated.held)
        report.warn(
            "stocks whose new days are not stored yet, for the judge refuses them (an update looks again, an ingest of "
            "all files may leave them out)",
            len(held),
            held,
        )
        return report

    def __str__(self) -> str:
        return text(self)


def _span(days: tuple[str, ...]) -> str:
    return f"{len(days)}: {days[0]} .. {days[-1]}" if days else "0"
