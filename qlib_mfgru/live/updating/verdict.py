"""A verdict on the days that an update can change, and on its new days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
        if news := [finding for finding in news if finding.count]:
            self.reported.add(series, news)
        return super().add(series, judged)

    def add_all(self, other: Verdict) -> None:
        """Count the findings of other stocks."""
        super().add_all(other)
        if isinstance(other, UpdateVerdict):
            self.reported.add_all(other.reported)


def _since(finding: Finding, day: int) -> Finding:
    """A finding on the days from one on alone."""
    start = int(np.searchsorted(finding.days, np.datetime64(day, "D")))
    if start == 0:
        return finding
    evidence, factor, price = (
        None if values is None else values[start:] for values in (finding.evidence, finding.factor, finding.price)
    )
    return Finding(
        finding.kind,
        finding.faulty[start:],
        finding.judged[start:],
        finding.days[start:],
        evidence,
        factor,
        price,
        finding.undone,
        finding.stated,
    )
