"""An objective with costs against another solver, and what it does to turnover."""

from __future__ import annotations

from itertools import pairwise

import cvxpy
import numpy as np
import pytest
from decisions import random_decision, report_constraints, view

from qlib_mfgru.portfolio import Decision, IndexEnhancementOptimizer
from qlib_mfgru.portfolio import Objective as Costs
from qlib_mfgru.portfolio.optimise.blocks import Columns, Trades

N = 120
LIMITS = {"deviation": 0.02, "industry": 0.02, "size": 0.2, "turnover": 0.6}


def weights(decision: Decision, costs: Costs | None = None, **limits: float) -> np.ndarray:
    solution = IndexEnhancementOptimizer(report_constraints(**LIMITS | limits), objective=costs).solve(decision)
    assert solution.status == "solved"
    return solution.weights


def turnover(decision: Decision, costs: Costs | None = None) -> float:
    return float(np.abs(weights(decision, costs) - decision.current).sum())


def value(decision: Decision, change: np.ndarray, aversion: float, buy: float, sell: float) -> float:
    """Of a trade, in standard deviations of the scores; one of them earns 1 %."""
    known = decision.expected[~np.isnan(decision.expected)]
    scores = np.nan_to_num((decision.expected - known.mean()) / known.std())
    cost = buy * change[change > 0].sum() - sell * change[change < 0].sum()
    return float(scores @ (decision.current + change) - aversion * cost / 0.01)


def best_value(decision: Decision, aversion: float, buy: float, sell: float) -> float:
    """By CLARABEL, with the constraints of `LIMITS` written out once more."""
    market, w = decision.market, cvxpy.Variable(N)
    known = decision.expected[~np.isnan(decision.expected)]
    scores = np.nan_to_num((decision.expected - known.mean()) / known.std())
    active, change = w - market.weight, w - decision.current
    groups = [np.flatnonzero(market.industry == code) for code in set(market.industry)]
    rules = [
        cvxpy.sum(w) == 1,
        w >= 0,
        cvxpy.sum(w[market.member]) >= 0.8,
        cvxpy.abs(active) <= 0.02,
        cvxpy.abs(market.exposures["market_cap"] @ active) <= 0.2,
        cvxpy.norm1(change) <= 0.6,
        *(cvxpy.abs(cvxpy.sum(active[group])) <= 0.02 for group in groups),
        *(change[stock] <= 0 for stock in np.flatnonzero(np.isnan(decision.expected))),
    ]
    cost = buy * cvxpy.sum(cvxpy.pos(change)) + sell * cvxpy.sum(cvxpy.neg(change))
    problem = cvxpy.Problem(cvxpy.Maximize(scores @ w - aversion * cost / 0.01), rules)
    problem.solve(solver=cvxpy.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return float(problem.value)


@pytest.mark.parametrize("costs", [None, Costs(0.5, 0.002, 0.002)])
@pytest.mark.parametrize("size", [2.0**990, 2.0**-990])
def test_scores_have_no_unit(costs: Costs | None, size: float) -> None:
    """Also those of 1e298, the sum and the squares of which no number holds."""
    decision, huge = random_decision(N, 7), random_decision(N, 7)
    huge.expected[:] = size * decision.expected
    np.testing.assert_array_equal(weights(huge, costs), weights(decision, costs))


@pytest.mark.parametrize(("aversion", "buy", "sell"), [(0.5, 0.002, 0.002), (3.0, 0.0005, 0.0015), (8.0, 0.002, 0.001)])
def test_the_value_is_another_solvers(aversion: float, buy: float, sell: float) -> None:
    """Scores of any level and unit, and stocks without one."""
    decision = random_decision(N, 7)
    decision.expected[:] = 40 + 5 * decision.expected
    decision.expected[[3, 70]] = np.nan
    change = weights(decision, Costs(aversion, buy, sell)) - decision.current
    assert value(decision, change, aversion, buy, sell) == pytest.approx(
        best_value(decision, aversion, buy, sell), abs=1e-6
    )


def test_turnover_falls_as_costs_weigh_more() -> None:
    decision = random_decision(N, 2)
    traded = [turnover(decision, Costs(aversion, 0.002, 0.002)) for aversion in (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0)]
    assert traded[0] == pytest.approx(0.6)
    assert all(more >= less - 1e-9 for more, less in pairwise(traded))
    assert traded[-1] < traded[3] < traded[0]


def test_where_costs_outweigh_all_scores_only_what_must_be_is_traded() -> None:
    """An ST holding goes, in favour of the cheapest place, and nothing else moves."""
    stuck = random_decision(N, 4, is_st=np.arange(N) == 100)
    current = stuck.current * 0.9
    current[100] = 0.1
    decision = Decision(stuck.market, stuck.expected, current)
    change = weights(decision, Costs(1e6, 0.002, 0.002)) - current
    assert change[100] == pytest.approx(-0.1)
    assert np.abs(change).sum() == pytest.approx(0.2)
    resting = random_decision(N, 2)
    inside = weights(resting)  # meets all limits
    held = Decision(resting.market, resting.expected, inside)
    assert np.abs(weights(held, Costs(1e6, 0.002, 0.002)) - inside).sum() < 1e-8


def test_without_aversion_costs_are_not_read() -> None:
    decision = random_decision(N, 3)
    np.testing.assert_array_equal(weights(decision, Costs(0.0, 0.1, 0.1)), weights(decision))


def test_coefficients_number_by_number() -> None:
    """Scores 1, 2, 3 are -a, 0, a in deviations, a = 1.5 ** 0.5; costs of 0.2 % and 0.4 % at 0.5 are 0.1 and 0.2."""
    decision = Decision(view(3), np.array([1.0, 2.0, 3.0]), np.full(3, 1 / 3))
    trades = Trades(np.ones(3), np.ones(3), forced=np.ones(3), direction=np.array([-1.0, 1.0, -1.0]))
    found = Costs(0.5, 0.002, 0.004).coefficients(Columns.of(trades, 0), decision.expected, trades)
    a = 1.5**0.5
    bought, sold, forced = [-a - 0.1, -0.1, a - 0.1], [a - 0.2, -0.2, -a - 0.2], [a - 0.2, -0.1, -a - 0.2]
    expected = np.array([*bought, *sold, *forced]) / (a + 0.2)
    np.testing.assert_allclose(found, expected, atol=1e-15)


def test_scores_that_are_all_equal_leave_only_costs() -> None:
    decision = random_decision(N, 2)
    inside = weights(decision)
    equal = Decision(decision.market, np.full(N, 7.0), inside)
    assert np.abs(weights(equal, Costs(1.0, 0.002, 0.002)) - inside).sum() < 1e-8
