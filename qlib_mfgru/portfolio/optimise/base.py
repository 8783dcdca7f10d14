"""What a constraint is: a small class with its formula that writes itself down as terms of a linear program.

Weights ``w`` are shares of the invested capital, ``v`` the current ones (as prices moved them), ``m`` the index's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, get_origin, get_type_hints

import numpy as np

from qlib_mfgru.configs import built
from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.snapshot import MarketView
from qlib_mfgru.settings import checked


@dataclass(frozen=True)
class Decision:
    """What one rebalance is decided from; arrays of shape (n_stocks,).

    Attributes
    ----------
    market : MarketView
        The close of the day before the trade.
    expected : ndarray
        Expected returns (the factor), NaN where there is none: a holding without one counts as an average one.
    current : ndarray
        Current weights; all 0 before the first purchase.
    """

    market: MarketView
    expected: np.ndarray
    current: np.ndarray


@dataclass(frozen=True)
class Terms:
    """A constraint on one date, as the linear program and the check both read it.

    Attributes
    ----------
    lower, upper : ndarray of shape (n_stocks,)
        Bounds on weights.
    no_buy, no_sell : ndarray of shape (n_stocks,), bool
    rows : ndarray of shape (n_rows, n_stocks)
        Coefficients of the weights in sums.
    least, most : ndarray of shape (n_rows,)
        Bounds on the sums.
    turnover : float
        Largest sum of absolute changes.
    """

    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    no_buy: np.ndarray | None = None
    no_sell: np.ndarray | None = None
    rows: np.ndarray | None = None
    least: np.ndarray = field(default_factory=lambda: np.empty(0))
    most: np.ndarray = field(default_factory=lambda: np.empty(0))
    turnover: float = np.inf


class Constraint(ABC):
    """One rule for the weights, as a dataclass: attributes annotated with types of `qlib_mfgru.settings` are checked.

    Attributes
    ----------
    rank : int or None
        The lower, the earlier it gives way where not all constraints can be met; None: never.
    """

    rank: ClassVar[int | None] = None

    def __post_init__(self) -> None:
        kind: Any = type(self)
        hints = get_type_hints(kind, include_extras=True)
        for name in (attribute.name for attribute in fields(kind)):
            if get_origin(hints[name]) is Annotated:
                value = checked(hints[name], f"{kind.__name__}.{name}", getattr(self, name))
                object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """What logs call it."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in type(self).__name__).lstrip("_")

    @property
    def needs(self) -> tuple[str, ...]:
        """Daily fields that it reads: `MarketView.fields` and `MarketView.exposures` serve these."""
        return ()

    @abstractmethod
    def terms(self, decision: Decision) -> Terms:
        """The constraint as of one date."""

    def excess(self, decision: Decision, weights: np.ndarray) -> float:
        """By how much weights (n_stocks,) break it at worst, in its own units; 0 where it holds."""
        terms, change = self.terms(decision), weights - decision.current
        sums = np.zeros(0) if terms.rows is None else terms.rows @ weights
        broken = [
            terms.lower - weights if terms.lower is not None else 0.0,
            weights - terms.upper if terms.upper is not None else 0.0,
            change[terms.no_buy] if terms.no_buy is not None else 0.0,
            -change[terms.no_sell] if terms.no_sell is not None else 0.0,
            terms.least - sums,
            sums - terms.most,
            np.abs(change).sum() - terms.turnover,
        ]
        return max(float(np.max(values, initial=0.0)) for values in broken)


def as_constraints(configs: Iterable[Any]) -> list[Constraint]:
    """Constraints as they are, or made from their qlib configs (class, module_path, kwargs).

    Raises
    ------
    InputError
        What is neither, or a limit that the constraint refuses.
    """
    kind: Any = Constraint
    return [built(config, kind, f"constraints[{number}]") for number, config in enumerate(configs)]


def needed_fields(constraints: Iterable[Constraint]) -> tuple[str, ...]:
    """Daily fields that constraints read, each once.

    Raises
    ------
    InputError
        A constraint whose `needs` are a single word.
    """
    needed: dict[str, None] = {}
    for constraint in constraints:
        if isinstance(constraint.needs, str):
            raise InputError(f"{constraint.name} needs {constraint.needs!r}: `needs` must be a tuple of field names")
        needed |= dict.fromkeys(constraint.needs)
    return tuple(needed)
