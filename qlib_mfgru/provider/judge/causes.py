"""What is probably behind an inconsistency, by how far the numbers are off, and what to write in the mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from qlib_mfgru.provider.judge.bars import AMOUNT_SUM, BAR_AMOUNT, BAR_PRICE, LAST_CLOSE, VOLUME_SUM
from qlib_mfgru.provider.judge.days import DAY_AMOUNT, DAY_PRICE, LIMITS
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.returns import FACTOR, FACTOR_DAY

MOST = 0.9
"""Share of the judged stocks from which on a cause is that of a whole input, or board."""
NAMED = 3
"""Stocks that are named."""
_NEAR = 0.1
"""How near, as a logarithm, a stock's median ratio is to that of a cause: vwaps and closes differ within a day."""


class Unit(NamedTuple):
    """A setting of the mapping: what it should be where the cause holds, and what elsewhere."""

    setting: str
    value: str
    other: str


class Cause(NamedTuple):
    """An explanation, and the units that mend it."""

    what: str
    units: tuple[Unit, ...] = ()
    advice: str = ""

    def advised(self, source: str, boards: Sequence[str] = ()) -> str:
        """What to write for the input `source`; for some boards only, where these are given."""
        if not self.units:
            return self.advice
        settings = []
        for unit in self.units:
            parts = ", ".join(f"{board}: {unit.value}" for board in boards)
            value = f'{{{parts}, "*": {unit.other}}}' if boards else unit.value
            settings.append(f"{unit.setting}: {value}")
        return f"write {source}: {{{', '.join(settings)}}}"


_LOTS, _SHARES = Unit("volume", "lots", "shares"), Unit("volume", "shares", "lots")
UNIT_CAUSES: Mapping[float, Cause] = {
    1e2: Cause("the volume is in lots of 100", (_LOTS,)),
    1e-2: Cause("the volume is in shares, not in lots", (_SHARES,)),
    1e-3: Cause("the amount is in thousands", (Unit("amount", "thousand", "yuan"),)),
    1e-4: Cause("the amount is in ten thousands", (Unit("amount", "ten_thousand", "yuan"),)),
    1e3: Cause("the amount is not in thousands", (Unit("amount", "yuan", "thousand"),)),
    1e4: Cause("the amount is not in ten thousands", (Unit("amount", "yuan", "ten_thousand"),)),
    1e-1: Cause("the volume is in lots and the amount in thousands", (_LOTS, Unit("amount", "thousand", "yuan"))),
    1e1: Cause("the volume is in shares and the amount in yuan", (_SHARES, Unit("amount", "yuan", "thousand"))),
}
"""By amount / volume / price: which of the two is in another unit than stated."""
VOLUME_ADJUSTED = Cause("the volume is already divided by the factor", (Unit("volume", "adjusted", "shares"),))
PRICES_ADJUSTED = Cause("the prices are already multiplied by the factor", (), "write prices: adjusted")
DAILY_ADJUSTED = Cause("daily volume is divided by the factor, the bars' is not", (), "write daily: {volume: adjusted}")
BARS_ADJUSTED = Cause("the bars' volume is divided by the factor, daily is not", (), "write bars: {volume: adjusted}")
OTHER_UNITS = Cause("bars and days are in different units", (), "look at volume and amount of bars and daily")
AUCTIONS = Cause("auction bars are missing, or other bars of the day", (), "look at the vendor's first and last bars")
OTHERWISE = Cause(
    "bars are adjusted otherwise than daily rows",
    (),
    "give raw bars, or write bars: {prices: adjusted} if they are prices times the daily factor",
)
LOST = Cause("the factor is lost on and between these dates", (), "mend it in the vendor's files")
EARLY_OR_LATE = Cause("the factor changes a day early or late, or by too much", (), "compare it with the ex-dates")
UNKNOWN_LIMITS = Cause("special treatment at the time unknown, no limit that day, or an ex-date without a factor")
CERTAIN: Mapping[Kind, Cause] = {FACTOR: LOST, FACTOR_DAY: EARLY_OR_LATE, LIMITS: UNKNOWN_LIMITS}
"""Kinds with one cause, whatever the ratios."""


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
    """

    code: str
    board: str
    count: int
    n_judged: int
    first: np.datetime64
    last: np.datetime64
    causes: tuple[Cause, ...]

    @classmethod
    def of(cls, code: str, board: str, finding: Finding) -> StockFault:
        """From a finding with at least one case."""
        days = finding.days[finding.faulty_days]
        return cls(code, board, finding.count, finding.n_judged, days[0], days[-1], _fitting(finding))

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
    votes = Counter(cause for fault in faults for cause in fault.causes)
    cause, n_votes = votes.most_common(1)[0] if votes else (None, 0)
    explained = sum(fault.count for fault in faults if cause in fault.causes)
    if cause is None or explained * 2 < sum(fault.count for fault in faults):
        return ""
    source = "bars" if kind.unit == "bars" else "daily"
    if kind in CERTAIN or n_votes >= MOST * sum(judged.values()):
        return _joined(cause.what, cause.advised(source))
    by_board = Counter(fault.board for fault in faults if cause in fault.causes)
    boards = [board for board in judged if board and by_board[board] >= MOST * judged[board]]
    if sum(by_board[board] for board in boards) >= MOST * n_votes:
        return _joined(f"{cause.what} on the board {' and '.join(boards)}", cause.advised(source, boards))
    return _joined(f"{cause.what} in {n_votes} of {sum(judged.values())} stocks", cause.advice)


def named(codes: Sequence[str]) -> str:
    """The first few codes and how many more there are."""
    more = len(codes) - NAMED
    return ", ".join(codes[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _joined(what: str, advice: str) -> str:
    return f"{what}: {advice}" if advice else what


def _fitting(finding: Finding) -> tuple[Cause, ...]:
    """Causes whose ratio a stock's cases have in the median."""
    ratios, factor = finding.ratios()
    kind = finding.kind
    if kind in CERTAIN:
        return (CERTAIN[kind],)
    if not len(ratios) or not (finding.is_most or kind is LAST_CLOSE):
        return ()
    return tuple(cause for cause, fits in _candidates(kind, np.log(ratios), np.log(factor)) if fits)


def _candidates(kind: Kind, ratio: np.ndarray, factor: np.ndarray) -> list[tuple[Cause, bool]]:
    """Causes of a kind and whether each fits; logarithms of ratios and factors, of shape (n_cases,)."""
    adjusted = bool(np.median(np.abs(factor)) > _NEAR)
    as_factor = adjusted and _is_near(ratio - factor)
    as_inverse = adjusted and _is_near(ratio + factor)
    if kind in (DAY_PRICE, DAY_AMOUNT, BAR_PRICE, BAR_AMOUNT):
        units = [(cause, _is_near(ratio - np.log(off))) for off, cause in UNIT_CAUSES.items()]
        return [(VOLUME_ADJUSTED, as_factor), (PRICES_ADJUSTED, as_inverse), *units]
    if kind in (VOLUME_SUM, AMOUNT_SUM):
        in_units = any(_is_near(ratio - np.log(off)) for off in UNIT_CAUSES)
        some_missing = bool(np.log(0.5) < np.median(ratio) < 0)
        volume = kind is VOLUME_SUM
        adjustment = [(DAILY_ADJUSTED, as_factor and volume), (BARS_ADJUSTED, as_inverse and volume)]
        return [*adjustment, (OTHER_UNITS, in_units), (AUCTIONS, some_missing)]
    if kind is LAST_CLOSE:
        # by the factor, or by the factor over its last value
        systematic = len(ratio) >= NAMED and (_is_constant(ratio - factor) or _is_constant(ratio))
        return [(OTHERWISE, as_factor or as_inverse or systematic)]
    return []


def _is_near(distance: np.ndarray) -> bool:
    """Whether most cases are that near; cases of shape (n_cases,)."""
    return bool(np.median(np.abs(distance)) < _NEAR)


def _is_constant(ratio: np.ndarray) -> bool:
    return bool(np.median(np.abs(ratio - np.median(ratio))) < 0.002)
