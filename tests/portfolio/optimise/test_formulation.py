"""One small rebalance written down as a program, number by number, in the order in which HiGHS gets it."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass

import numpy as np
from decisions import view

from qlib_mfgru.portfolio import (
    ConstituentFloor,
    Constraint,
    Decision,
    FrozenSuspended,
    FullInvestment,
    LongOnly,
    Terms,
    Turnover,
    WeightDeviation,
)
from qlib_mfgru.portfolio.optimise.blocks import Columns, Trades
from qlib_mfgru.portfolio.optimise.formulation import Formulation
from qlib_mfgru.portfolio.optimise.objective import Objective
from qlib_mfgru.portfolio.optimise.optimizer import IndexEnhancementOptimizer
from qlib_mfgru.portfolio.optimise.program import Program

INF = float("inf")
MARKET = view(
    3,
    weight=np.array([0.5, 0.5, 0.0]),
    member=np.array([True, True, False]),
    suspended=np.array([False, True, False]),
)
"""Two members of the index, of which the second is suspended, and another stock."""
DECISION = Decision(MARKET, expected=np.array([1.0, np.nan, -2.0]), current=np.array([0.125, 0.5, 0.375]))
"""The first stock lies below its band and the third above: 0.125 of each must be traded."""
FULL, FLOOR, BAND = FullInvestment(), ConstituentFloor(0.75), WeightDeviation(0.25)
CONSTRAINTS = [FULL, LongOnly(), FLOOR, BAND, Turnover(0.5), FrozenSuspended()]
GROUPS = [[BAND, FLOOR], [FULL]]

MATRIX = [
    # the first is bought | the third sold | both forced | below | above
    [1, -1, 1, -1, 1, 0, -1, 0],  # full investment
    [1, 0, 1, 0, 0, 1, 0, -1],  # members
    [1, 1, 1, 1, 0, 0, 0, 0],  # turnover
    [0, 0, -1, -1, 0, 1, 0, 1],  # how far band and members give way
    [0, 0, 0, 0, 1, 0, 1, 0],  # how far full investment does
]


def test_the_matrix() -> None:
    matrix = Formulation.of(DECISION, CONSTRAINTS, GROUPS, Objective()).matrix
    np.testing.assert_array_equal(matrix.toarray(), MATRIX)
    assert matrix.indptr.tolist() == [0, 3, 5, 9, 12, 14, 16, 18, 20]
    assert matrix.indices.tolist() == [row for column in np.transpose(MATRIX) for row in np.flatnonzero(column)]
    assert (matrix.data != 0).all()


@dataclass(frozen=True)
class OwnCeilings(Constraint):
    """A constraint of a user's own with a sum for each stock."""

    def terms(self, decision: Decision) -> Terms:
        n = len(decision.current)
        return Terms(rows=np.eye(n), least=np.full(n, -INF), most=np.full(n, 0.25))


def test_a_sum_for_each_stock_takes_few_dense_copies() -> None:
    n = 1000
    decision = Decision(view(n), np.arange(float(n)), np.zeros(n))
    tracemalloc.start()
    matrix = Formulation.of(decision, [LongOnly(), OwnCeilings()], [], Objective()).matrix
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    expected = np.vstack([np.hstack([np.eye(n), np.eye(n), -np.eye(n)]), np.arange(3 * n) < n])
    np.testing.assert_array_equal(matrix.toarray(), expected)
    assert peak < 7 * n * decision.current.nbytes


def test_bounds_and_returns() -> None:
    program = Formulation.of(DECISION, CONSTRAINTS, GROUPS, Objective())
    assert program.returns.tolist() == [0.5, 1, 0.5, 1, 0, 0, 0, 0]
    assert program.least_columns.tolist() == [0.0] * 8
    assert program.most_columns.tolist() == [0.5, 0.25, 0.125, 0.125, INF, INF, INF, INF]
    assert program.least_rows.tolist() == [0, 0.125, -INF, -INF, -INF]
    assert program.most_rows.tolist() == [0, INF, 0.5, -0.25, 0]
    assert program.giving_way.constant.tolist() == [0.25, 0]
    assert program.giving_way.coefficients.tolist() == MATRIX[3:]


def test_what_gives_way_in_no_group_never_does() -> None:
    """Forced trades are then made in full, and sums met exactly."""
    program = Formulation.of(DECISION, CONSTRAINTS, [[FULL]], Objective())
    assert program.least_columns.tolist() == [0, 0, 0.125, 0.125, 0, 0, 0, 0]
    assert program.most_columns[4:].tolist() == [INF, 0, INF, 0]
    strict = Formulation.of(DECISION, CONSTRAINTS, [], Objective())
    assert strict.matrix.shape == (3, 8)
    assert strict.most_columns[4:].tolist() == [0, 0, 0, 0]


def test_the_solution_as_weights() -> None:
    assert Program(CONSTRAINTS, GROUPS, Objective()).solve(DECISION).tolist() == [0.375, 0.5, 0.125]
    solution = np.array([0.125, 1e-11, 0.125, 0.125, 0, 0, 0, 0])
    weights = Formulation.of(DECISION, CONSTRAINTS, GROUPS, Objective()).weights(solution)
    assert weights.tolist() == [0.375, 0.5, 0.25 - 1e-11]


def test_where_nothing_can_be_traded_the_holding_stays() -> None:
    """No stock has a column then; without a sum that constraints bound there is none at all."""
    idle = Decision(
        view(3, weight=MARKET.weight, suspended=np.ones(3, dtype=bool)), DECISION.expected, DECISION.current
    )
    for constraints in ([LongOnly(), FrozenSuspended()], [FULL, LongOnly(), Turnover(0.5), FrozenSuspended()]):
        assert IndexEnhancementOptimizer(constraints).solve(idle).status == "solved"
        assert Program(constraints, [], Objective()).solve(idle).tolist() == DECISION.current.tolist()
    kept = IndexEnhancementOptimizer([LongOnly(), BAND, FrozenSuspended()]).solve(idle)
    assert (kept.status, kept.relaxed) == ("forced", {"weight_deviation": 0.125})
    assert [(each.stock, each.trade) for each in kept.why.untradable] == [("SH600000", 0.125), ("SH600002", -0.125)]


def test_columns_have_their_places() -> None:
    trades = Trades(
        buy=np.array([0.5, 0, 0.25]), sell=np.array([0, 1, 0]), forced=np.array([0, 0, 0.5]), direction=np.ones(3)
    )
    columns = Columns.of(trades, n_sums=2)
    assert len(columns) == 8
    of_stocks, of_sums = np.array([1, 2, 3]), np.array([9, 10])
    numbered = columns.vector(buy=of_stocks, sell=4, forced=4 + of_stocks, below=8, above=of_sums)
    assert numbered.tolist() == [1, 3, 4, 7, 8, 8, 9, 10]
    assert columns.traded("buy", numbered).tolist() == [1, 0, 3]
    assert columns.traded("sell", numbered).tolist() == [0, 4, 0]
