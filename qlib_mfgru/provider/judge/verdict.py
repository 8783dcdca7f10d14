"""The verdict: findings counted by kind, stock and date over the whole of a market, and what follows.

- More than `max_inconsistent` of the judged days (bars) of any kind, and more than `FEW`, are an error: nothing is
  written. So is a fault of most stocks on one date, whatever its share.
- Below that, single cases are kept or replaced, as their `Kind.outcome` says, and counted.
- So is what the market as a whole shows: a factor that does not go with the prices (`Payouts`), bars that no stock has
  (`Slots`), and less, or more, trade than any market has (`Turnover`).
- A stock is left out as a whole where most of what was judged of it is faulty, or one case is fatal, such as a lost
  factor. A third of the stocks left out, and more than one, is an error whatever the counts, unless
  `max_inconsistent` allows it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.judge.causes import NAMED, StockFault, named
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.market.payouts import Payouts
from qlib_mfgru.provider.judge.market.shifts import Shifts
from qlib_mfgru.provider.judge.market.slots import SELDOM, Slots
from qlib_mfgru.provider.judge.market.turnover import Turnover
from qlib_mfgru.provider.judge.series import StockSeries
from qlib_mfgru.provider.judge.tally import FEW, SEVERITIES, Tally

MAX_INCONSISTENT = 0.01
"""Share of faulty days, or bars, of a kind from which on it is an error, unless a mapping says otherwise."""

MOST_LEFT_OUT = 1 / 3
"""Share of the stocks left out from which on a market is not what its mapping says; of a single one it says nothing."""


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
    shifts : Shifts
    payouts : Payouts
    slots : Slots
    turnover : Turnover
        Of the other stocks.
    """

    def __init__(self, max_inconsistent: float) -> None:
        self.max_inconsistent = max_inconsistent
        self.left_out: dict[str, Kind] = {}
        self.shifts, self.payouts, self.slots, self.turnover = Shifts(), Payouts(), Slots(), Turnover()
        self._n_stocks = 0
        self._tallies: dict[str, Tally] = {}  # by what the kind says: its hash is at hand

    def add(self, series: StockSeries, findings: Sequence[Finding]) -> bool:
        """Count the findings of one stock; return whether it can be used."""
        self._n_stocks += 1
        for finding in findings:
            self._tally(finding.kind).add(series, finding)
        reasons = [finding.kind for finding in findings if finding.count and _is_useless(series, finding)]
        if reasons:
            self.left_out[series.code] = min(reasons, key=lambda kind: kind.role != "fatal")
        else:
            self._remember(series)
        return not reasons

    def _remember(self, series: StockSeries) -> None:
        """Take a stock that can be used as evidence on the market."""
        self.shifts.add(series)
        self.payouts.add(series)
        self.turnover.add(series)
        if series.bars is not None:
            self.slots.add(series.bars)

    def add_all(self, other: Verdict) -> None:
        """Count the findings of other stocks."""
        self._n_stocks += other._n_stocks
        for tally in other._tallies.values():
            self._tally(tally.kind).add_all(tally)
        self.left_out |= other.left_out
        self.shifts.add_all(other.shifts)
        self.payouts.add_all(other.payouts)
        self.slots.add_all(other.slots)
        self.turnover.add_all(other.turnover)

    def _tally(self, kind: Kind) -> Tally:
        tally = self._tallies.get(kind.text)
        if tally is None:
            tally = self._tallies[kind.text] = Tally(kind)
        return tally

    def tallies(self) -> list[Tally]:
        """Kinds with a case: the gravest first, then those with a known cause, then the most frequent."""
        found = [tally for tally in self._tallies.values() if tally.matters]

        def rank(tally: Tally) -> tuple[int, bool, float]:
            return SEVERITIES.index(tally.severity(self.max_inconsistent)), not tally.cause, -tally.share

        return sorted(found, key=rank)

    def tolerated(self, tally: Tally) -> list[StockFault]:
        """Faults of a kind in stocks that are used."""
        return [fault for fault in tally.said if fault.code not in self.left_out]

    def rejected(self, tally: Tally) -> list[StockFault]:
        """Faults of a kind that are why their stocks are left out."""
        return [fault for fault in tally.said if self.left_out.get(fault.code) == tally.kind]

    @property
    def faults(self) -> list[str]:
        """What is wrong with the market as a whole, what explains most first."""
        return [fault for fault in (self.turnover.fault, self.slots.fault, self.payouts.fault) if fault]

    def check(self) -> None:
        """Stop where the numbers cannot be what they are said to be.

        Raises
        ------
        InputError
            With the kinds of inconsistency, their first cases and probable causes.
        """
        errors = [tally for tally in self.tallies() if tally.severity(self.max_inconsistent) == "error"]
        lines = [str(tally) for tally in errors]
        if lines:
            lines[0] = f"inconsistent beyond max_inconsistent = {self.max_inconsistent:.1%}: {lines[0]}"
            lines += [f"{SELDOM} ({case})" for case in self.slots.seldom()]
        if lines := self.faults + lines:
            raise InputError("\n  ".join(lines))
        n_lost, n_stocks = self.n_lost, self._n_stocks
        if n_lost > 1 and n_lost >= MOST_LEFT_OUT * n_stocks and n_lost > self.max_inconsistent * n_stocks:
            reasons = "; ".join(str(tally) for tally in self.tallies() if self.rejected(tally))
            raise InputError(
                f"{n_lost} of {n_stocks} stocks cannot be used ({named(sorted(self.left_out))}), a third or more: "
                f"{reasons}"
            )

    @property
    def n_lost(self) -> int:
        """Stocks that are left out."""
        return len(self.left_out)

    def as_list(self) -> list[dict[str, object]]:
        """JSON-ready content, one entry a kind with a case; hints are no cases."""
        return [
            {
                "kind": tally.kind.text,
                "severity": tally.severity(self.max_inconsistent),
                "count": tally.count,
                "judged": tally.n_judged,
                "stocks": len(tally.said),
                "left out": [fault.code for fault in self.rejected(tally)],
                "cases": [str(fault) for fault in tally.said[:NAMED]],
                "worst dates": tally.worst_dates(),
                "cause": tally.cause,
            }
            for tally in self.tallies()
            if tally.kind.role != "hint"
        ]


def _is_useless(series: StockSeries, finding: Finding) -> bool:
    """Whether a stock with cases cannot be used: a fatal one, or most of what was judged of it is faulty."""
    kind, n_days = finding.kind, finding.whole.faulty_days
    if kind.role not in ("fault", "systematic", "chance") or kind.spares_stock:
        return kind.role == "fatal"
    return finding.is_most and (n_days > FEW or n_days * 2 > int(np.count_nonzero(series.traded)))
