"""Cases of one kind, counted over the whole of a market, and what they amount to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from qlib_mfgru.provider.judge.causes import NAMED, StockFault, named, probable_cause
from qlib_mfgru.provider.judge.kinds import Counts, Finding, Kind
from qlib_mfgru.provider.judge.market.dates import Dates
from qlib_mfgru.provider.judge.series import StockSeries

FEW = 3
"""Cases that are single values whatever their share: a market of a few stocks and days has no shares to speak of."""
NEARLY_ALL = 0.99
"""Share of what was judged in the whole market from which on it is so everywhere."""
_FEW_DAYS = 20
"""The files of a stock's faulty days are looked up where there are no more of them."""

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass
class Tally:
    """Cases of one kind.

    Attributes
    ----------
    n_judged : int
        Those that could be judged, of all stocks.
    n_weighty : int
        Faulty ones that count towards the share that is tolerated.
    n_earlier : int
        Faulty ones of stocks that have none on the days that are looked at.
    faults : list of StockFault
        One of each stock with a case on these days.
    judged_stocks : Counter
        Stocks that were judged, by board.
    n_known_stocks : int
        Stocks that were judged earlier, and are not judged again.
    dates : Dates
        Faulty stocks by day.
    """

    kind: Kind
    n_judged: int = 0
    n_weighty: int = 0
    n_earlier: int = 0
    faults: list[StockFault] = field(default_factory=list)
    judged_stocks: Counter[str] = field(default_factory=Counter)
    n_known_stocks: int = 0
    dates: Dates = field(default_factory=Dates)

    def add(self, series: StockSeries, finding: Finding) -> None:
        """Count what was found in one stock."""
        board, whole = series.board or "", finding.whole
        self.n_judged += whole.judged
        self.judged_stocks[board] += 1
        self.dates.add(finding.days, finding.judged_days, finding.dated_days if finding.count else None)
        if not whole.faulty:
            return
        self.n_weighty += weight_of(finding.kind, whole)
        if not finding.count:
            self.n_earlier += whole.faulty
            return
        self.faults.append(StockFault.of(series.code, board, finding))
        faulty = finding.days[finding.faulty_days]
        if series.file_of and finding.kind.unit != "both" and len(faulty) <= _FEW_DAYS:
            self.dates.add_files(faulty, [series.file_of(day, finding.kind.unit) for day in faulty])

    def add_all(self, other: Tally) -> None:
        """Count what was found in other stocks."""
        self.n_judged += other.n_judged
        self.n_weighty += other.n_weighty
        self.n_earlier += other.n_earlier
        self.faults += other.faults
        self.judged_stocks += other.judged_stocks
        self.dates.add_all(other.dates)

    @property
    def said(self) -> list[StockFault]:
        """Faults of the stocks that are spoken of: of chance, those of most of their days, or all on a wrong date."""
        role = self.kind.role
        if role not in ("chance", "tendency", "dated") or self.wrong_dates:
            return self.faults
        return [] if role == "dated" else [fault for fault in self.faults if fault.is_systematic]

    @property
    def count(self) -> int:
        """Faulty ones of the stocks that are spoken of."""
        n_earlier = 0 if self.kind.role in ("chance", "dated") else self.n_earlier
        return n_earlier + sum(fault.count for fault in self.said)

    @property
    def share(self) -> float:
        """Share of the judged that counts towards what is tolerated."""
        return self.n_weighty / max(self.n_judged, 1)

    @property
    def wrong_dates(self) -> list[np.datetime64]:
        """Days on which most stocks are faulty, which is no single value whatever the share; of a note, none."""
        return [] if self.kind.role in ("tendency", "note", "hint", "everywhere") else self.dates.wrong()

    def severity(self, max_inconsistent: float) -> Severity:
        """What its cases amount to."""
        if self.kind.role in ("note", "hint"):
            return "note"
        beyond = self.n_weighty > FEW and self.share > max_inconsistent
        return "error" if beyond or self.wrong_dates or self.kind.role == "everywhere" else "warning"

    @property
    def matters(self) -> bool:
        """Whether there is a case to speak of."""
        if self.kind.role in ("everywhere", "hint"):
            return self.n_judged > FEW and self.count > NEARLY_ALL * self.n_judged
        return bool(self.said)

    @property
    def cause(self) -> str:
        """The probable cause, and what to write in the mapping; empty where none is known."""
        return self.kind.cause or probable_cause(self.kind, self.said, self.judged_stocks)

    def worst_dates(self) -> list[str]:
        """The days with the most cases, where several stocks have one on the same day."""
        return [f"{day}: {count}" for day, count in self.dates.worst(NAMED)]

    def __str__(self) -> str:
        """A kind with how much of what was judged it is, its cause and first cases; of a fatal one the stocks count."""
        cause = f": {self.cause}" if self.cause else ""
        share = f"{self.count} of {self.n_judged} ({self.count / max(self.n_judged, 1):.1%}) {self.kind.text}"
        if self.kind.role == "fatal":
            n_stocks = self.judged_stocks.total() + self.n_known_stocks
            share = f"{len(self.said)} of {n_stocks} stocks have {self.kind.text}"
        stocks = named([fault.code for fault in self.said])
        first = f" ({stocks}; first {self.said[0]})" if self.said else ""
        return f"{share}{self._on_dates()}{cause}{first}"

    def _on_dates(self) -> str:
        """The dates on which most stocks are faulty, unless all are about the same."""
        wrong = self.wrong_dates
        if not wrong or len(wrong) * 2 > self.dates.n_judged:
            return ""
        day, more = wrong[0], len(wrong) - 1
        file = self.dates.file(day)
        where = f"{day}" + (f" ({file})" if file else "") + (f" and {more} more days" if more else "")
        return f", of most stocks on {where}"


def weight_of(kind: Kind, counts: Counts) -> int:
    """How many of a stock's cases count towards the share that is tolerated."""
    if kind.role == "fatal":
        return counts.judged if counts.faulty else 0
    if kind.role in ("systematic", "chance"):
        return counts.faulty if counts.faulty * 2 > counts.judged else 0
    return counts.faulty if kind.role in ("fault", "everywhere") else 0
