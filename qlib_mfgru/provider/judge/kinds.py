"""The kinds of inconsistency, and one finding of a kind in one stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Role = Literal["fault", "systematic", "fatal", "note"]


@dataclass(frozen=True)
class Kind:
    """What one rule finds.

    Attributes
    ----------
    text : str
        The cases in words, as a plural.
    unit : {"days", "bars"}
        What is judged, of one stock.
    role : {"fault", "systematic", "fatal", "note"}
        Every case of a ``fault`` counts towards the share that is tolerated. ``systematic`` ones are normal in single
        cases and count only where they are most of a stock's. One ``fatal`` case makes the whole stock useless.
        A ``note`` is only said.
    outcome : str
        What ingest does with single cases.
    """

    text: str
    unit: Literal["days", "bars"] = "days"
    role: Role = "fault"
    outcome: str = "kept"


@dataclass(frozen=True, eq=False)
class Finding:
    """What a rule says of one stock.

    Attributes
    ----------
    kind : Kind
    faulty : ndarray of bool, shape (n,) or (n, slots)
    n_judged : int
        Days or bars that the rule could judge.
    days : ndarray of shape (n,)
        ``datetime64[D]``.
    evidence : ndarray, of the shape of `faulty`, optional
        The ratio of what is given to what it should be.
    factor : ndarray of shape (n,), optional
        The factor of the days, for evidence that may come from adjustment.
    """

    kind: Kind
    faulty: np.ndarray
    n_judged: int
    days: np.ndarray
    evidence: np.ndarray | None = None
    factor: np.ndarray | None = None

    @property
    def count(self) -> int:
        """Faulty days or bars."""
        return int(self.faulty.sum())

    @property
    def faulty_days(self) -> np.ndarray:
        """Whether a day is faulty, or any bar of it; shape (n,)."""
        return np.asarray(self.faulty.any(axis=1)) if self.faulty.ndim == 2 else self.faulty

    @property
    def is_most(self) -> bool:
        """Whether more than half of what was judged is faulty."""
        return self.count * 2 > self.n_judged

    def ratios(self) -> tuple[np.ndarray, np.ndarray]:
        """Evidence of the faulty cases that have any, and the factor of their days; both of shape (n_cases,)."""
        if self.evidence is None:
            return np.empty(0), np.empty(0)
        factor = np.ones(len(self.faulty)) if self.factor is None else self.factor
        factor = np.broadcast_to(factor[:, None], self.faulty.shape) if self.faulty.ndim == 2 else factor
        cases = self.faulty & (self.evidence > 0) & np.isfinite(self.evidence) & (factor > 0) & np.isfinite(factor)
        return self.evidence[cases], factor[cases]
