"""What is probably behind an inconsistency, by how far the numbers are off, and what to write in the mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from qlib_mfgru.provider.judge.bars import AMOUNT_SUM, BAR_AMOUNT, BAR_PRICE, LAST_CLOSE, VOLUME_SUM
from qlib_mfgru.provider.judge.days import DAY_AMOUNT, DAY_PRICE
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.factors import FACTOR

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
    """An explanation, the units that mend it, and the stocks from which on it is likely."""

    what: str
    units: tuple[Unit, ...] = ()
    advice: str = ""
    least: int = 1

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
FORWARD = Cause(
    "prices do not fall on ex-dates: they are adjusted already, to the last day's, or the factor is lost before",
    (),
    "export raw prices, or write prices: adjusted without a factor",
    least=2,
)
SWAPPED = Cause("volume and amount are swapped", (), "write columns: {volume: .., amount: ..}")
VOLUME_RAW = Cause("the volume is not divided by the factor", (Unit("volume", "shares", "adjusted"),))
DAILY_RAW = Cause(
    "daily volume is not divided by the factor, or the bars' is",
    (),
    "write daily: {volume: shares}, or bars: {volume: adjusted} where only bars are off their amounts",
)


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
        return cls(code, board, finding.count, finding.n_judged, days[0], days[-1], _fitting(finding), is_systematic)

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


def named(codes: Sequence[str]) -> str:
    """The first few codes and how many more there are."""
    more = len(codes) - NAMED
    return ", ".join(codes[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _joined(what: str, advice: str) -> str:
    return f"{what}: {advice}" if advice else what


def _fitting(finding: Finding) -> tuple[Cause, ...]:
    """Causes whose ratio a stock's cases have in the median."""
    ratios, factor, price = (np.log(values) for values in finding.cases())
    if not len(ratios):
        return ()
    if finding.kind is FACTOR:
        return (FORWARD, LOST) if (ratios > 0).all() else (LOST,)
    if finding.kind is LAST_CLOSE:
        return (OTHERWISE,) if _is_otherwise(ratios, factor) else ()
    candidates = _of_sums if finding.kind in (VOLUME_SUM, AMOUNT_SUM) else _of_prices
    known = finding.kind in (DAY_PRICE, DAY_AMOUNT, BAR_PRICE, BAR_AMOUNT, VOLUME_SUM, AMOUNT_SUM)
    return tuple(cause for cause, fits in candidates(finding, ratios, factor, price) if fits) if known else ()


def _by_factor(ratio: np.ndarray, factor: np.ndarray) -> tuple[bool, bool]:
    """Whether the ratio is the factor, and whether it is the inverse of it; logarithms, of shape (n_cases,)."""
    adjusted = bool(np.median(np.abs(factor)) > _NEAR)
    return adjusted and _is_near(ratio - factor), adjusted and _is_near(ratio + factor)


def _of_prices(finding: Finding, ratio: np.ndarray, factor: np.ndarray, price: np.ndarray) -> list[tuple[Cause, bool]]:
    """Causes of a mean price that is off, and whether each fits; logarithms, each of shape (n_cases,)."""
    as_factor, as_inverse = _by_factor(ratio, factor)
    units = [(cause, _is_near(ratio - np.log(off))) for off, cause in UNIT_CAUSES.items()]
    adjusted = [(VOLUME_ADJUSTED, as_factor), (VOLUME_RAW if finding.undone else PRICES_ADJUSTED, as_inverse)]
    return [*adjusted, *units, (SWAPPED, _is_near(ratio + 2 * price))]


def _of_sums(finding: Finding, ratio: np.ndarray, factor: np.ndarray, price: np.ndarray) -> list[tuple[Cause, bool]]:
    """Causes of bars that do not add up to the day, and whether each fits; logarithms, each of shape (n_cases,)."""
    as_factor, as_inverse = _by_factor(ratio, factor)
    volume = finding.kind is VOLUME_SUM
    in_units = any(_is_near(ratio - np.log(off)) for off in UNIT_CAUSES)
    some_missing = bool(np.log(0.5) < np.median(ratio) < 0) and not as_inverse
    return [
        (DAILY_ADJUSTED, as_factor and volume),
        (DAILY_RAW if finding.undone else BARS_ADJUSTED, as_inverse and volume),
        (OTHER_UNITS, in_units),
        (AUCTIONS, some_missing),
    ]


def _is_otherwise(ratio: np.ndarray, factor: np.ndarray) -> bool:
    """Whether closes are off by the factor, or by the factor over its last value."""
    return any(_by_factor(ratio, factor)) or (
        len(ratio) >= NAMED and (_is_constant(ratio - factor) or _is_constant(ratio))
    )


def _is_near(distance: np.ndarray) -> bool:
    """Whether most cases are that near; cases of shape (n_cases,)."""
    return bool(np.median(np.abs(distance)) < _NEAR)


def _is_constant(ratio: np.ndarray) -> bool:
    return bool(np.median(np.abs(ratio - np.median(ratio))) < 0.002)
