"""One small rebalance written down as a program, number by number, in the order in which HiGHS gets it."""

from __future__ import annotations

import numpy as np
from decisions import view

from qlib_mfgru.portfolio import (
    ConstituentFloor,
    Decision,
    FrozenSuspended,
    FullInvestment,
    LongOnly,
    Turnover,
    WeightDeviation,
)
from qlib_mfgru.portfolio.optimise.blocks import Columns
from qlib_mfgru.portfolio.optimise.formulation import Formulation
from qlib_mfgru.portfolio.optimise.objective import Objective
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
    # purchases | sales | forced | below | above
    [1, 1, 1, -1, -1, -1, 1, -1, -1, 1, 0, -1, 0],  # full investment
    [1, 1, 0, -1, -1, 0, 1, -1, 0, 0, 1, 0, -1],  # members
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0],  # turnover
    [0, 0, 0, 0, 0, 0, -1, 0, -1, 0, 1, 0, 1],  # how far band and members give way
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0],  # how far full investment does
]


def test_the_matrix() -> None:
    matrix = Formulation.of(DECISION, CONSTRAINTS, GROUPS, Objective()).matrix
    np.testing.assert_array_equal(matrix.toarray(), MATRIX)
    assert matrix.indptr.tolist() == [0, 3, 6, 8, 11, 14, 16, 20, 23, 26, 28, 30, 32, 34]
    rows = [row for column in np.transpose(MATRIX) for row in np.flatnonzero(column)]
    assert [*rows[:16], *rows[-11:]] == [*matrix.indices[:16], *matrix.indices[-11:]]
    # the suspended stock's forced trade is no part of what gives way: it is stored as nothing, not as a zero
    assert matrix.indices[16:23].tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert (matrix.data != 0).all()


def test_bounds_and_returns() -> None:
    program = Formulation.of(DECISION, CONSTRAINTS, GROUPS, Objective())
    assert program.returns.tolist() == [0.5, -0.25, -1, -0.5, 0.25, 1, 0.5, 0.25, 1, 0, 0, 0, 0]
    assert program.least_columns.tolist() == [0.0] * 13
    assert program.most_columns.tolist() == [0.5, 0, 0, 0, 0, 0.25, 0.125, 0, 0.125, INF, INF, INF, INF]
    assert program.least_rows.tolist() == [0, 0.125, -INF, -INF, -INF]
    assert program.most_rows.tolist() == [0, INF, 0.5, -0.25, 0]
    assert program.giving_way.constant.tolist() == [0.25, 0]
    assert program.giving_way.coefficients.tolist() == MATRIX[3:]


def test_what_gives_way_in_no_group_never_does() -> None:
    """Forced trades are then made in full, and sums met exactly."""
    program = Formulation.of(DECISION, CONSTRAINTS, [[FULL]], Objective())
    assert program.least_columns.tolist() == [0, 0, 0, 0, 0, 0, 0.125, 0, 0.125, 0, 0, 0, 0]
    assert program.most_columns[9:].tolist() == [INF, 0, INF, 0]
    strict = Formulation.of(DECISION, CONSTRAINTS, [], Objective())
    assert strict.matrix.shape == (3, 13)
    assert strict.most_columns[9:].tolist() == [0, 0, 0, 0]


def test_the_solution_as_weights() -> None:
    assert Program(CONSTRAINTS, GROUPS, Objective()).solve(DECISION).tolist() == [0.375, 0.5, 0.125]
    solution = np.array([0.125, 0, 0, 0, 0, 1e-11, 0.125, 0, 0.125, 0, 0, 0, 0])
    weights = Formulation.of(DECISION, CONSTRAINTS, GROUPS, Objective()).weights(solution)
    assert weights.tolist() == [0.375, 0.5, 0.25 - 1e-11]


def test_columns_have_their_places() -> None:
    columns = Columns(n_stocks=3, n_sums=2)
    assert len(columns) == 13
    numbered = columns.vector(buy=1, sell=2, forced=3, below=4, above=np.array([5, 6]))
    assert numbered.tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6]
