"""``Formulation``: one rebalance as a sparse linear program in buy / sell form.

Columns are, for the stocks that can be traded so and k sums of weights that constraints bound: purchases b, sales s,
forced trades f of stocks whose current weight v lies outside its bounds, and what is missing below and above each sum,
p, q (k)::

    w = v + b - s + d f,     d = 1 where v is below its bounds, else -1
    least <= A w + p - q <= most                       the constraints' sums
    sum(b + s + f) <= turnover
    sum(p + q) + sum(forced - f) <= allowance          one for each group of constraints that give way together

With allowances of 0 every constraint holds, so one matrix serves whatever gives way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from qlib_mfgru.portfolio.optimise.base import Constraint, Decision, terms_of
from qlib_mfgru.portfolio.optimise.blocks import Bans, Columns, Sums, Trades
from qlib_mfgru.portfolio.optimise.objective import Objective
from qlib_mfgru.portfolio.optimise.terms import Terms

_NOTHING = 1e-10
"""Weights and trades below it are rounding of the solver's."""

Groups = Sequence[Sequence[Constraint]]


@dataclass(frozen=True)
class GivingWay:
    """How far each group of constraints gives way: `coefficients` times the columns, plus `constant`.

    Attributes
    ----------
    coefficients : ndarray of shape (n_groups, n_columns)
    constant : ndarray of shape (n_groups,)
    sums : ndarray of shape (n_sums,), bool
        Which sums may be missed.
    bounds : bool
        Whether the bounds on single weights may be missed; if not, forced trades must be made in full.
    """

    coefficients: np.ndarray
    constant: np.ndarray
    sums: np.ndarray
    bounds: bool

    @classmethod
    def of(
        cls, columns: Columns, groups: Groups, bounding: Sequence[Constraint], sums: Sums, trades: Trades
    ) -> GivingWay:
        """Sums give way with the group of their owner, bounds on single weights with the last group that has any."""
        coefficients, constant = np.zeros((len(groups), len(columns))), np.zeros(len(groups))
        for row, group in enumerate(groups):
            owned = sums.owned_by(group)
            coefficients[row] = columns.vector(below=owned, above=owned)
        holders = [row for row, group in enumerate(groups) if any(constraint in group for constraint in bounding)]
        if holders:
            coefficients[holders[-1], columns.spans["forced"]] = -1.0
            constant[holders[-1]] = trades.forced.sum()
        may_be_missed = np.any(coefficients[:, columns.spans["below"]], axis=0)
        return cls(coefficients, constant, np.asarray(may_be_missed), bool(holders))


@dataclass(frozen=True)
class Formulation:
    """The arrays of one date's program; rows are the constraints' sums, the turnover, then the groups.

    Attributes
    ----------
    current : ndarray of shape (n_stocks,)
    columns : Columns
    trades : Trades
    matrix : csc_array of shape (n_rows, n_columns)
    returns : ndarray of shape (n_columns,)
        Coefficients of the objective, the largest scaled to 1.
    least_columns, most_columns : ndarray of shape (n_columns,)
    least_rows, most_rows : ndarray of shape (n_rows,)
        Allowances of 0.
    giving_way : GivingWay
    """

    current: np.ndarray
    columns: Columns
    trades: Trades
    matrix: sparse.csc_array
    returns: np.ndarray
    least_columns: np.ndarray
    most_columns: np.ndarray
    least_rows: np.ndarray
    most_rows: np.ndarray
    giving_way: GivingWay

    @classmethod
    def of(
        cls,
        decision: Decision,
        constraints: Sequence[Constraint],
        groups: Groups,
        objective: Objective,
        freed: np.ndarray | None = None,
    ) -> Formulation:
        """Write a decision as a program; what is banned of `freed` stocks, (n_stocks,), bool, may be traded."""
        terms, current = [terms_of(constraint, decision) for constraint in constraints], decision.current
        bans = Bans.of(terms, len(current))
        trades = Trades.within(terms, current, bans if freed is None else bans.only(~freed))
        sums = Sums.of(constraints, terms, len(current))
        columns = Columns.of(trades, len(sums.owners))
        bounding = [
            constraint
            for constraint, term in zip(constraints, terms, strict=True)
            if term.lower is not None or term.upper is not None
        ]
        giving_way = GivingWay.of(columns, groups, bounding, sums, trades)
        least_columns, most_columns = _column_bounds(columns, trades, giving_way)
        least_rows, most_rows = _row_bounds(sums, current, terms, giving_way)
        return cls(
            current=current,
            columns=columns,
            trades=trades,
            matrix=_matrix(columns, sums, trades, giving_way),
            returns=objective.coefficients(columns, decision.expected, trades),
            least_columns=least_columns,
            most_columns=most_columns,
            least_rows=least_rows,
            most_rows=most_rows,
            giving_way=giving_way,
        )

    def weights(self, solution: np.ndarray) -> np.ndarray:
        """Weights (n_stocks,) of a solution (n_columns,), without traces of rounding."""
        bought, sold, forced = (self.columns.traded(block, solution) for block in ("buy", "sell", "forced"))
        change = bought - sold + self.trades.direction * forced
        weights = self.current + np.where(np.abs(change) < _NOTHING, 0.0, change)
        return np.where(np.abs(weights) < _NOTHING, 0.0, weights)


def _matrix(columns: Columns, sums: Sums, trades: Trades, giving_way: GivingWay) -> sparse.csc_array:
    of_weights = sparse.csc_array(columns.of_weights(sums.coefficients, trades.direction))
    missing = sparse.csc_array(sparse.eye(columns.n_sums, format="csc"))  # there may be a sum for each stock
    of_sums = sparse.hstack([of_weights, missing, -missing], format="csc")
    turnover = columns.vector(buy=1.0, sell=1.0, forced=1.0)
    others = sparse.csc_array(np.vstack([turnover, giving_way.coefficients]))
    return sparse.csc_array(sparse.vstack([of_sums, others], format="csc"))


def _column_bounds(columns: Columns, trades: Trades, giving_way: GivingWay) -> tuple[np.ndarray, np.ndarray]:
    missing = np.where(giving_way.sums, np.inf, 0.0)
    least = columns.vector(forced=0.0 if giving_way.bounds else trades.forced)
    most = columns.vector(buy=trades.buy, sell=trades.sell, forced=trades.forced, below=missing, above=missing)
    return least, most


def _row_bounds(
    sums: Sums, current: np.ndarray, terms: Sequence[Terms], giving_way: GivingWay
) -> tuple[np.ndarray, np.ndarray]:
    held, turnover = sums.coefficients @ current, min(term.turnover for term in terms)
    unbounded = np.full(1 + len(giving_way.constant), -np.inf)
    least = np.concatenate([sums.least - held, unbounded])
    return least, np.concatenate([sums.most - held, [turnover], -giving_way.constant])
