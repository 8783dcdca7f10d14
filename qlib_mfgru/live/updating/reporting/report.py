"""``UpdateReport``: what an update came to."""

from __future__ import annotations

from qlib_mfgru.ingest.assemble.conventions import Calendars
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.live.updating.reporting.page import lines
from qlib_mfgru.live.updating.spool import LATE
from qlib_mfgru.live.updating.stocks import Updated
from qlib_mfgru.live.wording import counted

TRADED = "stock-days with trade"
"""The fact that counts days of stocks on which they trade."""


class UpdateReport(IngestReport):
    """What was read, kept and dropped of new days; printed or shown in a notebook, what came in.

    Attributes
    ----------
    days : tuple of str
        The new days.
    n_trading : int
        Days of stocks with trade among the new days; what came late is not among them.
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
        self.n_trading = 0
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
        report.n_trading = int(updated.n_trading[calendars.days > last_day].sum())
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
        resumed = ["an update that was interrupted has been finished first"] if self.is_resumed else []
        lacks_bars = self.days and "" < self.bars_end < self.days[-1]
        no_bars = [f"no bars after {self.bars_end} yet"] if lacks_bars else []
        return "\n".join([*resumed, self._head(), *no_bars, *lines(self, self.before)])

    def _head(self) -> str:
        """What came in."""
        if self.days:
            first, last, traded = self.days[0], self.days[-1], self.n_trading
            if first == last:
                return f"1 new day, {first}: {counted(traded, 'stock')} with trade"
            return f"{counted(len(self.days), 'new day')}, {first} .. {last}: {traded:,} days of stocks with trade"
        if self.idle:
            found = f"nothing new: {self.idle}"
        elif self.changes_stored:
            found = "no new day, but stored ones have changed"
        else:
            found = "nothing new: all rows of bars and days were there already"
        return f"{found}; the provider ends on {self.end}"


def _span(days: tuple[str, ...]) -> str:
    return f"{len(days)}: {days[0]} .. {days[-1]}" if days else "0"
