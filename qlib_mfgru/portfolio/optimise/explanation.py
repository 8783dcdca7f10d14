"""Why constraints are broken: stocks that cannot be traded, or no portfolio that meets them all.

The rebalance is solved once more with the bans lifted for all stocks that are held or in the index, trading the least
that is banned. Stocks of which something banned is traded then are those that force constraints to be broken. What is
broken even then, no portfolio can meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from qlib_mfgru.portfolio.optimise.base import Constraint, Decision, excess_of, terms_of
from qlib_mfgru.portfolio.optimise.blocks import Bans
from qlib_mfgru.portfolio.optimise.formulation import Groups
from qlib_mfgru.portfolio.optimise.objective import Objective
from qlib_mfgru.portfolio.optimise.program import Program
from qlib_mfgru.portfolio.optimise.terms import Terms

BROKEN = 1e-7
"""Less is the solver's rounding."""


@dataclass(frozen=True)
class Untradable:
    """A stock that would have to be traded, and cannot be.

    Attributes
    ----------
    stock : str
    trade : float
        What would have to be traded as a share of the invested capital, purchases positive.
    banned_by : tuple of str
        Constraints that forbid it.
    breaks : dict of str to float
        Constraints that are broken for it, and by how much: those on the stock's own weight, or if these hold, all sums
        that are broken by more than they had to be.
    """

    stock: str
    trade: float
    banned_by: tuple[str, ...]
    breaks: dict[str, float]


@dataclass(frozen=True)
class Explanation:
    """Why the weights of a rebalance break constraints.

    Attributes
    ----------
    untradable : list of Untradable
        In the order of the market's stocks.
    infeasible : dict of str to float
        By how much each constraint is broken even if the stocks could be traded, those broken only.
    contradicted : tuple of str
        Stocks of which no weight meets all limits on it, such as an ST stock whose band in the index begins above 0: a
        part of `infeasible`.
    """

    untradable: list[Untradable] = field(default_factory=list)
    infeasible: dict[str, float] = field(default_factory=dict)
    contradicted: tuple[str, ...] = ()

    @property
    def forced(self) -> bool:
        """Whether stocks that cannot be traded are the only reason."""
        return bool(self.untradable) and not self.infeasible


def explained(
    decision: Decision,
    constraints: Mapping[str, Constraint],
    groups: Groups,
    weights: np.ndarray,
    relaxed: Mapping[str, float],
) -> Explanation:
    """Why weights break constraints: the same answer for the same decision, whatever was solved before.

    Parameters
    ----------
    decision : Decision
    constraints : mapping of str to Constraint
        By name.
    groups : sequence of sequence of Constraint
        As of `Program`.
    weights : ndarray of shape (n_stocks,)
    relaxed : mapping of str to float
        By how much the weights break each constraint, those broken only.
    """
    terms, current = {name: terms_of(rule, decision) for name, rule in constraints.items()}, decision.current
    bans = Bans.of(list(terms.values()), len(current))
    known = (current > 0) | (decision.market.weight > 0)
    freed = Program(list(constraints.values()), groups, Objective()).solve_freed(decision, known, bans)
    if isinstance(freed, str):  # a numerical failure: nothing is known
        return Explanation(infeasible=dict(relaxed))
    lifted = {name: replace(term, no_buy=None, no_sell=None) for name, term in terms.items()}
    infeasible = _broken({name: excess_of(term, current, freed) for name, term in lifted.items()})
    trades = freed - current
    stuck = np.flatnonzero(known & np.where(trades > 0, bans.buy, bans.sell) & (np.abs(trades) > BROKEN))
    avoidable = {name: amount for name, amount in relaxed.items() if amount > infeasible.get(name, 0.0) + BROKEN}
    worse = _broken({name: _worse(term, weights, freed) for name, term in terms.items()})
    avoidable = worse | avoidable
    untradable = [
        Untradable(
            stock=decision.market.stocks[stock],
            trade=float(trades[stock]),
            banned_by=tuple(name for name, term in terms.items() if _bans(term, stock, trades[stock])),
            breaks=_broken({name: _outside(term, stock, weights[stock]) for name, term in terms.items()}) or avoidable,
        )
        for stock in stuck.tolist()
    ]
    contradicted = np.flatnonzero(_room(list(terms.values()), len(current)) < -BROKEN)
    return Explanation(untradable, infeasible, tuple(decision.market.stocks[stock] for stock in contradicted.tolist()))


def _room(terms: Sequence[Terms], n_stocks: int) -> np.ndarray:
    """Room between all limits on each stock's weight, (n_stocks,); negative where they contradict each other."""
    unbounded = np.full(n_stocks, np.inf)
    upper = np.minimum.reduce([unbounded, *(term.upper for term in terms if term.upper is not None)])
    return np.asarray(upper - np.maximum.reduce([-unbounded, *(t.lower for t in terms if t.lower is not None)]))


def _worse(terms: Terms, weights: np.ndarray, freed: np.ndarray) -> float:
    """By how much weights break those sums, at most, that they break by more than freed ones do, if they do in all."""
    if terms.rows is None:
        return 0.0
    broken, anyway = (
        np.maximum(np.maximum(terms.least - sums, sums - terms.most), 0.0)
        for sums in (terms.rows @ weights, terms.rows @ freed)
    )
    is_more = broken.sum() > anyway.sum() + BROKEN  # else the same is only spread otherwise
    return float(broken[broken > anyway + BROKEN].max(initial=0.0)) if is_more else 0.0


def _broken(amounts: Mapping[str, float]) -> dict[str, float]:
    return {name: amount for name, amount in amounts.items() if amount > BROKEN}


def _bans(terms: Terms, stock: int, trade: float) -> bool:
    mask = terms.no_buy if trade > 0 else terms.no_sell
    return mask is not None and bool(mask[stock])


def _outside(terms: Terms, stock: int, weight: float) -> float:
    """By how much a weight lies outside the bounds on this stock alone; not above 0 inside."""
    lower = -np.inf if terms.lower is None else terms.lower[stock]
    upper = np.inf if terms.upper is None else terms.upper[stock]
    return float(max(lower - weight, weight - upper))
