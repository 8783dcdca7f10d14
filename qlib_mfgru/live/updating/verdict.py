"""A verdict on what an update can change, together with all that was judged before: as of an ingest of all files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from qlib_mfgru.ingest.read.spool import ALWAYS
from qlib_mfgru.ingest.state.past import PAST, Past, key_of
from qlib_mfgru.provider.judge import Finding, StockSeries, Verdict
from qlib_mfgru.provider.judge.kinds import NOTHING_BEFORE


@dataclass(frozen=True)
class Judged:
    """What is known of the stock that is judged next; days since 1970.

    Attributes
    ----------
    opens, since, counted : int
        First open day, first one that is not stored, and first one that is reported.
    past : ndarray of shape (n_kinds,)
        Of dtype `PAST`, its closed days ending with `opens`.
    """

    opens: int = ALWAYS
    since: int = ALWAYS
    counted: int = ALWAYS
    past: np.ndarray = field(default_factory=lambda: np.empty(0, PAST))


@dataclass
class Others:
    """Counts of what is not judged anew, by kind: judged, faulty, counted towards what is tolerated, and stocks."""

    counts: dict[int, np.ndarray] = field(default_factory=dict)
    n_stocks: int = 0
    n_lost: int = 0

    def add(self, past: np.ndarray) -> None:
        """Take some of a stock's counts in."""
        for row in past:
            self._count(int(row["kind"]), np.array([*row["whole"][:2], row["weight"], 1], "i8"))

    def add_all(self, other: Others) -> None:
        """Take others in."""
        for key, counts in other.counts.items():
            self._count(key, counts)
        self.n_stocks, self.n_lost = self.n_stocks + other.n_stocks, self.n_lost + other.n_lost

    def _count(self, key: int, counts: np.ndarray) -> None:
        self.counts[key] = self.counts.get(key, 0) + counts


class UpdateVerdict(Verdict):
    """Counts what is found on a stock's open days, and adds what was found before; cases of new days are reported.

    A fatal case on a stored day is one that only later days show.

    Parameters
    ----------
    max_inconsistent : float
        As of a `Verdict`.

    Attributes
    ----------
    next : Judged
        The stock that is judged next.
    others : Others
        Stocks, and kinds of a stock, that are not judged anew.
    reported : Verdict
        On the cases of new days; whether they are too many is not its to say.
    """

    def __init__(self, max_inconsistent: float) -> None:
        super().__init__(max_inconsistent)
        self.reported = Verdict(1.0)
        self.next = Judged()
        self.others = Others()

    def add(self, series: StockSeries, findings: Sequence[Finding]) -> bool:
        """Count the findings of one stock; return whether its new days can be used."""
        now, past = self.next, Past(self.next.past)
        places: dict[int, int] = {}  # most findings share the days of the stock, or of its bars
        judged = []
        for finding in findings:
            if id(finding.days) not in places:
                places[id(finding.days)] = _place(finding, now.opens)
            judged.append(finding.later(places[id(finding.days)], past.take(key_of(finding.kind))))
        self.others.add(past.left)
        news = [each.later(_place(each, now.counted), NOTHING_BEFORE) for each in judged if each.count]
        if news := [finding for finding in news if finding.count]:
            self.reported.add(series, news)
        return super().add(series, judged)

    def add_known(self, past: np.ndarray, *, is_stored: bool) -> None:
        """Count a stock that has nothing new, or that was left out before."""
        if len(past):
            self.others.add(past)
            self.others.n_stocks += 1
            self.others.n_lost += not is_stored

    def _remember(self, series: StockSeries) -> None:
        since = self.next.since if self.next.since > ALWAYS else self.next.counted
        self.payouts.add(series, np.datetime64(since, "D"))

    def add_all(self, other: Verdict) -> None:
        """Count the findings of other stocks."""
        super().add_all(other)
        if isinstance(other, UpdateVerdict):
            self.reported.add_all(other.reported)
            self.others.add_all(other.others)

    def check(self) -> None:
        """As of a `Verdict`, with what was counted before; once all is counted."""
        for tally in self._tallies.values():
            n_judged, n_faulty, n_weighty, n_stocks = self.others.counts.get(key_of(tally.kind), (0, 0, 0, 0))
            tally.n_judged += int(n_judged)
            tally.n_earlier += int(n_faulty)
            tally.n_weighty += int(n_weighty)
            tally.n_known_stocks += int(n_stocks)
        self._n_stocks += self.others.n_stocks
        super().check()

    @property
    def n_lost(self) -> int:
        """Stocks that are left out, now or before."""
        return len(self.left_out) + self.others.n_lost


def _place(finding: Finding, day: int) -> int:
    """Where a day, since 1970, begins among those of a finding."""
    return int(np.searchsorted(finding.days, np.datetime64(day, "D")))
