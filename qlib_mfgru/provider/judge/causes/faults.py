"""A finding of one stock in brief, and the cause that fits most stocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qlib_mfgru.provider.judge.bars import LAST_CLOSE
from qlib_mfgru.provider.judge.causes.cause import Cause
from qlib_mfgru.provider.judge.causes.ratios import fitting
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.factors import FACTOR

MOST = 0.9
"""Share of the judged stocks from which on a cause is that of a whole input, or board."""


@dataclass(frozen=True)
class StockFault:
    """A finding of one stock, in brief.

    Attributes
    ----------
    code, board : str
    count, n_judged : int
    first, last : datetime64[D]
        Days of the first and the last case.
    causes : tuple of Cause
        Those that fit; more than one where the ratios do not tell them apart.
    is_systematic : bool
        A cause is that of the stock: most of what was judged is faulty, or the kind says so.
    """

    code: str
    board: str
    count: int
    n_judged: int
    first: np.datetime64
    last: np.datetime64
    causes: tuple[Cause, ...]
    is_systematic: bool

    @classmethod
    def of(cls, code: str, board: str, finding: Finding) -> StockFault:
        """From a finding with at least one case."""
        days = finding.days[finding.faulty_days]
        is_systematic = finding.is_most or finding.kind in (LAST_CLOSE, FACTOR)
        return cls(
            code,
            board,
            finding.whole.faulty,
            finding.whole.judged,
            days[0],
            days[-1],
            fitting(finding, board),
            is_systematic,
        )

    def __str__(self) -> str:
        when = f"{self.first}" if self.first == self.last else f"{self.first} .. {self.last}"
        return f"{self.code} {when}"


def probable_cause(kind: Kind, faults: Sequence[StockFault], judged: Mapping[str, int]) -> str:
    """The cause that fits most stocks, which of them, and what to write; empty where it does not fit most cases.

    Parameters
    ----------
    kind : Kind
    faults : sequence of StockFault
        Of that kind.
    judged : mapping of str to int
        Stocks that were judged, by board.
    """
    cause, n_votes = _most_likely([fault for fault in faults if fault.is_systematic])
    n_stocks = sum(judged.values())
    if cause is None:
        return _on_some_days(faults, n_stocks)
    source = "bars" if kind.unit == "bars" else "daily"
    if kind is FACTOR or n_votes >= MOST * n_stocks:
        return _joined(cause.what, cause.advised(source))
    by_board = Counter(fault.board for fault in faults if fault.is_systematic and cause in fault.causes)
    boards = [board for board in judged if board and by_board[board] >= MOST * judged[board]]
    if sum(by_board[board] for board in boards) >= MOST * n_votes:
        return _joined(f"{cause.what} on the board {' and '.join(boards)}", cause.advised(source, boards))
    return _joined(f"{cause.what} in {n_votes} of {n_stocks} stocks", cause.advice)


def _most_likely(faults: Sequence[StockFault]) -> tuple[Cause | None, int]:
    """The cause that fits most stocks, and how many; None where it does not fit most cases."""
    votes = Counter(cause for fault in faults for cause in fault.causes)
    likely = [(cause, n_votes) for cause, n_votes in votes.most_common() if n_votes >= cause.least]
    cause, n_votes = likely[0] if likely else (None, 0)
    explained = sum(fault.count for fault in faults if cause in fault.causes)
    return (cause, n_votes) if explained * 2 >= sum(fault.count for fault in faults) else (None, 0)


def _on_some_days(faults: Sequence[StockFault], n_stocks: int) -> str:
    """A unit that most stocks have on some of their days; empty without any."""
    cause, n_votes = _most_likely(faults)
    if cause is None or not cause.units or n_votes < MOST * n_stocks:
        return ""
    first, last = min(fault.first for fault in faults), max(fault.last for fault in faults)
    when = f"on {first}" if first == last else f"on some days, {first} .. {last}"
    return f"{cause.what} {when}: write units by the name of the file, or mend the files"


def _joined(what: str, advice: str) -> str:
    return f"{what}: {advice}" if advice else what
