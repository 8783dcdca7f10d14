"""``Formulation``: one rebalance as a sparse linear program in buy / sell form.

Columns are, for n stocks and k rows of constraints: purchases b (n), sales s (n), forced trades f (n) of stocks whose
current weight v lies outside its bounds, and what is missing below and above each row, p and q (k)::

    w = v + b - s + d f,     d = 1 where v is below its bounds, else -1
    least <= A w + p - q <= most                       the constraints' rows
    sum(b + s + f) <= turnover
    sum(p + q) + sum(forced - f) <= allowance          one for each group of constraints that give way together

With allowances of 0 every constraint holds, so one matrix serves whatever gives way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from qlib_mfgru.portfolio.optimise.constraints import Constraint, Decision, Terms

_NOTHING = 1e-10
"""Weights and trades below it are rounding of the solver's."""

Groups = Sequence[Sequence[Constraint]]


@dataclass(frozen=True)
class Trades:
    """Bounds of the columns b, s and f; all of shape (n_stocks,).

    Attributes
    ----------
    buy, sell : ndarray
        Largest purchases and sales beyond the forced ones; never both forced and the other way.
    forced : ndarray
        What must be traded to come back inside the bounds; 0 for stocks that cannot be traded that way.
    direction : ndarray
        Of the forced trades, 1 or -1.
    """

    buy: np.ndarray
    sell: np.ndarray
    forced: np.ndarray
    direction: np.ndarray

    @classmethod
    def within(cls, terms: Sequence[Terms], current: np.ndarray) -> Trades:
        """Intersect the bounds of all constraints; where they contradict each other, the upper ones hold."""
        anything, nothing = np.full(len(current), np.inf), np.zeros(len(current), dtype=bool)
        upper = np.minimum.reduce([anything, *(term.upper for term in terms if term.upper is not None)])
        lower = np.maximum.reduce([-anything, *(term.lower for term in terms if term.lower is not None)])
        no_buy = np.logical_or.reduce([nothing, *(term.no_buy for term in terms if term.no_buy is not None)])
        no_sell = np.logical_or.reduce([nothing, *(term.no_sell for term in terms if term.no_sell is not None)])
        lower = np.minimum(lower, upper)
        inside = np.clip(current, lower, upper)
        rising, falling = inside > current, inside < current
        return cls(
            buy=np.where(no_buy | falling, 0.0, upper - inside),
            sell=np.where(no_sell | rising, 0.0, inside - lower),
            forced=np.where(np.where(rising, no_buy, no_sell), 0.0, np.abs(inside - current)),
            direction=np.where(rising, 1.0, -1.0),
        )

    def columns(self, coefficients: np.ndarray) -> sparse.csc_array:
        """Coefficients of weights (n_rows, n_stocks) as those of b, s and f, (n_rows, 3 n_stocks)."""
        on_weights = sparse.csc_array(coefficients)
        return sparse.hstack([on_weights, -on_weights, on_weights * self.direction], format="csc")


@dataclass(frozen=True)
class Formulation:
    """The arrays of one date's program, columns b, s, f, p, q; rows of the constraints, the turnover, then the groups.

    Attributes
    ----------
    current : ndarray of shape (n_stocks,)
    trades : Trades
    matrix : csc_array of shape (n_rows, n_columns)
    returns : ndarray of shape (n_columns,)
        Expected returns as costs, the largest scaled to 1.
    least_columns, most_columns : ndarray of shape (n_columns,)
    least_rows, most_rows : ndarray of shape (n_rows,)
        Allowances of 0.
    giving_way : ndarray of shape (n_groups, n_columns)
        The groups' rows: how far each gives way is this times the columns, plus `constant`.
    constant : ndarray of shape (n_groups,)
    """

    current: np.ndarray
    trades: Trades
    matrix: sparse.csc_array
    returns: np.ndarray
    least_columns: np.ndarray
    most_columns: np.ndarray
    least_rows: np.ndarray
    most_rows: np.ndarray
    giving_way: np.ndarray
    constant: np.ndarray

    @classmethod
    def of(cls, decision: Decision, constraints: Sequence[Constraint], groups: Groups) -> Formulation:
        """Write a decision as a program; bounds on single weights give way with the last group that has any."""
        terms, current = [constraint.terms(decision) for constraint in constraints], decision.current
        trades, n = Trades.within(terms, current), len(current)
        weights = np.concatenate([np.empty((0, n)), *(term.rows for term in terms if term.rows is not None)])
        least, most = (np.concatenate([getattr(term, side) for term in terms]) for side in ("least", "most"))
        owners = [c for c, term in zip(constraints, terms, strict=True) for _ in term.least]
        bounding = [c for c, term in zip(constraints, terms, strict=True) if term.upper is not None]
        slack, k = sparse.eye_array(len(owners)), len(owners)
        giving_way = np.zeros((len(groups), 3 * n + 2 * k))
        constant, forced_least = np.zeros(len(groups)), trades.forced
        for row, group in enumerate(groups):
            giving_way[row, 3 * n :] = np.tile([owner in group for owner in owners], 2)
        slack_most = np.where(giving_way[:, 3 * n :].any(axis=0), np.inf, 0.0)
        holders = [row for row, group in enumerate(groups) if any(constraint in group for constraint in bounding)]
        if holders:
            giving_way[holders[-1], 2 * n : 3 * n] = -(trades.forced > 0).astype(np.float64)
            constant[holders[-1]] = trades.forced.sum()
            forced_least = np.zeros(n)
        turnover = np.repeat([1.0, 0.0], [3 * n, 2 * k])
        held = weights @ current
        rows = sparse.hstack([trades.columns(weights), slack, -slack])
        expected = _completed(decision.expected)
        expected = expected / max(np.abs(expected).max(), np.finfo(np.float64).tiny)
        return cls(
            current=current,
            trades=trades,
            matrix=sparse.csc_array(sparse.vstack([rows, turnover[None], giving_way], format="csc")),
            returns=np.concatenate([expected, -expected, expected * trades.direction, np.zeros(2 * k)]),
            least_columns=np.concatenate([np.zeros(2 * n), forced_least, np.zeros(2 * k)]),
            most_columns=np.concatenate([trades.buy, trades.sell, trades.forced, slack_most]),
            least_rows=np.append(least - held, np.full(1 + len(groups), -np.inf)),
            most_rows=np.concatenate([most - held, [min(term.turnover for term in terms)], -constant]),
            giving_way=giving_way,
            constant=constant,
        )

    def weights(self, columns: np.ndarray) -> np.ndarray:
        """Weights (n_stocks,) of a solution (n_columns,), without traces of rounding."""
        bought, sold, forced = columns[: 3 * len(self.current)].reshape(3, -1)
        change = bought - sold + self.trades.direction * forced
        weights = self.current + np.where(np.abs(change) < _NOTHING, 0.0, change)
        return np.where(np.abs(weights) < _NOTHING, 0.0, weights)


def _completed(expected: np.ndarray) -> np.ndarray:
    """Returns with the mean of the known ones for all others: scores of a network have no level of their own."""
    known = np.isfinite(expected)
    return np.where(known, expected, expected[known].mean() if known.any() else 0.0)
