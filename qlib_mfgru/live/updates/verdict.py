"""A verdict on the days that an update can change, and on its new days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qlib_mfgru.provider.judge import Finding, StockSeries, Verdict


class UpdateVerdict(Verdict):
    """Counts what is found on a stock's open days, of which the new ones are reported.

    A case that is fatal is so on a new day only: the others have been judged before. Whether most of what was judged is
    faulty is asked of all open days: a single day has no shares.

    Parameters
    ----------
    max_inconsistent : float
        As of a `Verdict`.

    Attributes
    ----------
    opens, since, counted : int
        First open day, first one that is not stored, and first one that is reported, since 1970, of the stock that is
        judged next.
    reported : Verdict
        On the cases of new days.
    """

    def __init__(self, max_inconsistent: float) -> None:
        super().__init__(max_inconsistent)
        self.reported = Verdict(max_inconsistent)
        self.opens = self.since = self.counted = 0

    def add(self, series: StockSeries, findings: Sequence[Finding]) -> bool:
        """Count the findings of one stock; return whether its new days can be used."""
        judged = [_since(finding, self.since if finding.kind.role == "fatal" else self.opens) for finding in findings]
        news = [_since(finding, self.counted) for finding in judged if finding.count]
        self.reported.add(series, [finding for finding in news if finding.count])
        return super().add(series, judged)

    def add_all(self, other: Verdict) -> None:
        """Count the findings of other stocks."""
        super().add_all(other)
        if isinstance(other, UpdateVerdict):
            self.reported.add_all(other.reported)


def _since(finding: Finding, day: int) -> Finding:
    """A finding on the days from one on alone."""
    mask = finding.days.astype("i8") >= day
    if mask.all():
        return finding
    mask = mask if finding.faulty.ndim == 1 else mask[:, None]
    return replace(finding, faulty=finding.faulty & mask, judged=finding.judged & mask)
