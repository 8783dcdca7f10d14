"""The kinds of inconsistency, and one finding of a kind in one stock."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

Role = Literal["fault", "systematic", "chance", "fatal", "tendency", "dated", "everywhere", "note", "hint"]


class Stated(NamedTuple):
    """The units of volume and amount that a mapping states for all rows of an input, as it names them."""

    volume: str
    amount: str


@dataclass(frozen=True)
class Kind:
    """What one rule finds.

    Attributes
    ----------
    text : str
        The cases in words, as a plural.
    unit : {"days", "bars", "both"}
        What is judged, of one stock: days, bars, or days against their bars.
    role : {"fault", "systematic", "chance", "fatal", "tendency", "dated", "everywhere", "note", "hint"}
        Every case of a ``fault`` counts towards the share that is tolerated. ``systematic`` ones are normal in single
        cases and count only where they are most of a stock's; so are those of ``chance``, which are not even said
        until then, and of a ``tendency``, which is never an error. One ``fatal`` case makes the whole stock useless.
        ``dated`` ones are normal too, and a fault only where most stocks have one on the same date; so are those that
        are a fault ``everywhere`` or nowhere. A ``note`` is only said, and a ``hint`` only where it holds everywhere.
    outcome : str
        What ingest does with single cases.
    cause : str
        What is behind it, where that is always the same; else `causes` looks for it.
    spares_stock : bool
        The stock can be used even where most of its days are faulty.
    """

    text: str
    unit: Literal["days", "bars", "both"] = "days"
    role: Role = "fault"
    outcome: str = "kept"
    cause: str = ""
    spares_stock: bool = False


class Counts(NamedTuple):
    """Days or bars of one stock that a rule could judge, those of them that are faulty, and days with a faulty one."""

    judged: int = 0
    faulty: int = 0
    faulty_days: int = 0

    def plus(self, other: Counts) -> Counts:
        """Of the days of both."""
        return Counts(self.judged + other.judged, self.faulty + other.faulty, self.faulty_days + other.faulty_days)


NOTHING_BEFORE = Counts()
"""All days of a stock are looked at."""


class Judged:
    """The days or bars that a rule could judge, with what is counted of them: once for all findings that share them.

    Parameters
    ----------
    mask : ndarray of bool, shape (n,) or (n, slots)
    """

    def __init__(self, mask: np.ndarray) -> None:
        self.mask = mask
        self._counts: dict[tuple[int | None, int | None], int] = {}
        self._later: dict[int, Judged] = {}

    @cached_property
    def count(self) -> int:
        """Those that could be judged."""
        return int(np.count_nonzero(self.mask))

    @cached_property
    def days(self) -> np.ndarray:
        """Whether a day, or any bar of it, could be judged; shape (n,)."""
        return _by_day(self.mask)

    def count_in(self, span: slice) -> int:
        """Those in a span of the days."""
        ends = span.start, span.stop
        if ends not in self._counts:
            self._counts[ends] = int(np.count_nonzero(self.mask[span]))
        return self._counts[ends]

    def later(self, start: int) -> Judged:
        """Those of the days from a position on."""
        if start not in self._later:
            self._later[start] = Judged(self.mask[start:])
        return self._later[start]


@dataclass(eq=False)
class Finding:
    """What a rule says of one stock.

    Attributes
    ----------
    kind : Kind
    faulty : ndarray of bool, shape (n,) or (n, slots)
    judged : ndarray of bool, of the shape of `faulty`
        Days or bars that the rule could judge.
    days : ndarray of shape (n,)
        ``datetime64[D]``.
    evidence : ndarray, of the shape of `faulty`, optional
        The ratio of what is given to what it should be.
    factor : ndarray of shape (n,), optional
        The factor of the days, for evidence that may come from adjustment.
    price : ndarray, of the shape of `faulty`, optional
        The raw close, for evidence that may come from columns that are swapped.
    undone : bool
        The volumes came divided by the factor, as the mapping says, and were multiplied by it.
    stated : Stated, optional
        Units that the mapping states; None where they are several, or nobody states any.
    before : Counts
        Of the stock's days before those that are looked at.
    domain : Judged
        `judged`, with its counts.
    count : int
        Faulty days or bars.
    """

    kind: Kind
    faulty: np.ndarray
    judged: np.ndarray
    days: np.ndarray
    evidence: np.ndarray | None = None
    factor: np.ndarray | None = None
    price: np.ndarray | None = None
    undone: bool = False
    stated: Stated | None = None
    before: Counts = NOTHING_BEFORE
    domain: Judged = field(init=False, repr=False)
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.domain = Judged(self.judged)
        self.count = int(np.count_nonzero(self.faulty))

    @property
    def whole(self) -> Counts:
        """Of all days of the stock."""
        n_days = int(np.count_nonzero(self.faulty_days)) if self.count else 0
        own = Counts(self.n_judged, self.count, n_days)
        return own if self.before is NOTHING_BEFORE else self.before.plus(own)

    def counts(self, span: slice) -> Counts:
        """Of a span of the days."""
        n_judged = self.domain.count_in(span)
        if not self.count:
            return Counts(n_judged)
        faulty = self.faulty[span]
        return Counts(n_judged, int(np.count_nonzero(faulty)), int(np.count_nonzero(_by_day(faulty))))

    def later(self, start: int, before: Counts) -> Finding:
        """On the days from a position on alone, with the counts of all before them."""
        domain = self.domain.later(start)
        evidence, factor, price = (
            None if values is None else values[start:] for values in (self.evidence, self.factor, self.price)
        )
        later = Finding(
            self.kind,
            self.faulty[start:],
            domain.mask,
            self.days[start:],
            evidence,
            factor,
            price,
            self.undone,
            self.stated,
            before,
        )
        later.domain = domain
        return later

    @property
    def n_judged(self) -> int:
        """Days or bars that the rule could judge."""
        return self.domain.count

    @cached_property
    def faulty_days(self) -> np.ndarray:
        """Whether a day is faulty, or any bar of it; shape (n,)."""
        return _by_day(self.faulty)

    @property
    def dated_days(self) -> np.ndarray:
        """Days that count as faulty for their date: where a single bar is chance, those with most bars; shape (n,)."""
        if self.kind.role == "chance" and self.faulty.ndim == 2:
            return np.asarray(self.faulty.sum(axis=1) * 2 > self.judged.sum(axis=1))
        return self.faulty_days

    @property
    def judged_days(self) -> np.ndarray:
        """Whether a day, or any bar of it, could be judged; shape (n,)."""
        return self.domain.days

    @property
    def is_most(self) -> bool:
        """Whether more than half of what was judged of the stock is faulty."""
        whole = self.whole
        return whole.faulty * 2 > whole.judged

    def cases(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Evidence of the faulty cases that have any, and factor and price of them; each of shape (n_cases,)."""
        if self.evidence is None:
            return np.empty(0), np.empty(0), np.empty(0)
        factor = np.ones(len(self.faulty)) if self.factor is None else self.factor
        factor = np.broadcast_to(factor[:, None], self.faulty.shape) if self.faulty.ndim == 2 else factor
        price = np.ones_like(self.evidence) if self.price is None else self.price
        known = np.all([(values > 0) & np.isfinite(values) for values in (self.evidence, factor, price)], axis=0)
        return tuple(values[self.faulty & known] for values in (self.evidence, factor, price))


def _by_day(mask: np.ndarray) -> np.ndarray:
    return np.asarray(mask.any(axis=1)) if mask.ndim == 2 else mask
