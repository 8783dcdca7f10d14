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
from qlib_mfgru.portfolio.optimise.terms import Terms, checked_terms
from qlib_mfgru.portfolio.snapshot import MarketView
from qlib_mfgru.portfolio.value_types import FieldNames
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
    _terms: dict[int, tuple[Constraint, Terms]] = field(default_factory=dict, repr=False, compare=False)


class Constraint(ABC):
    """One rule for the weights, as a dataclass: attributes annotated with types of `qlib_mfgru.settings` are checked.

    Attributes
    ----------
    rank : int or None
        The lower, the earlier it gives way where not all constraints can be met; None: never, but bounds on single
        weights give way together, with the last constraint that has any and a rank.
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
        """Daily fields that it reads, as `FieldName`; `MarketView.fields` and `MarketView.exposures` serve these."""
        return ()

    @abstractmethod
    def terms(self, decision: Decision) -> Terms:
        """The constraint as of one date; `terms_of` reads it."""

    def excess(self, decision: Decision, weights: np.ndarray) -> float:
        """By how much weights (n_stocks,) break it at worst, in the units of `terms_of`; 0 where it holds."""
        return excess_of(terms_of(self, decision), decision.current, weights)


def excess_of(terms: Terms, current: np.ndarray, weights: np.ndarray) -> float:
    """By how much weights break terms at worst; both of shape (n_stocks,), and 0 where the terms hold."""
    change = weights - current
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


def terms_of(constraint: Constraint, decision: Decision) -> Terms:
    """What a constraint says of one date, checked (`checked_terms`); it is asked once, for solver and log."""
    known = decision._terms.get(id(constraint))
    if known is None:  # the constraint is kept as well, so that no other one gets its id
        known = constraint, checked_terms(constraint.name, constraint.terms(decision), decision.market)
        decision._terms[id(constraint)] = known
    return known[1]


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
    """Daily fields that constraints read, each once, in lower case and without ``$``.

    Raises
    ------
    InputError
        A constraint whose `needs` are no list of field names.
    """
    needs = [checked(FieldNames, f"constraint {rule.name}: needs", rule.needs) for rule in constraints]
    return tuple(dict.fromkeys(name for names in needs for name in names))
