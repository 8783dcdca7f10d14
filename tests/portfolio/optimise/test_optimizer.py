"""The optimiser against another solver, at its limits, and where constraints contradict each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from decisions import best_value, completed, random_decision, report_constraints, view

from qlib_mfgru.portfolio import (
    Constraint,
    Decision,
    FullInvestment,
    IndexEnhancementOptimizer,
    LongOnly,
    Terms,
    Turnover,
)

N = 120
WIDE = {"deviation": 0.02, "industry": 0.02, "size": 0.2}
"""Limits that random decisions can meet."""


def flags(share: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(N) < share


def some_decision(seed: int) -> Decision:
    """Near the index, with stocks that cannot be bought, sold or traded, ST stocks, and stocks without a score."""
    up, down, suspended = (flags(0.04, seed + i) for i in range(3))
    decision = random_decision(
        N,
        seed,
        at_limit_up=up,
        at_limit_down=down,
        suspended=suspended,
        is_st=flags(0.03, seed + 3) & ~(suspended | down) & (random_decision(N, seed).market.weight < 0.02),
    )
    decision.expected[flags(0.05, seed + 4)] = np.nan
    return decision


@pytest.mark.parametrize("seed", range(12))
def test_the_value_is_another_solvers(seed: int) -> None:
    decision, constraints = some_decision(seed), report_constraints(**WIDE)
    solution = IndexEnhancementOptimizer(constraints).solve(decision)
    best = best_value(decision, constraints)
    assert np.isfinite(best)
    assert solution.status == "solved"
    assert completed(decision) @ solution.weights == pytest.approx(best, abs=1e-6)
    assert all(rule.excess(decision, solution.weights) < 1e-7 for rule in constraints)


@dataclass(frozen=True)
class OfNoUnit(Constraint):
    """A sum at most that of the index, in units of any size."""

    unit: float
    rank = 1

    def terms(self, decision: Decision) -> Terms:
        rows = self.unit * np.exp(np.arange(N) / 20)[None]
        return Terms(rows=rows, least=np.array([-np.inf]), most=rows @ decision.market.weight)


def test_sums_have_no_unit() -> None:
    """Illiquidity per yuan, capitalisation in yuan: else the first binds nothing, the second always seems broken."""
    decision, constraints = some_decision(2), report_constraints(**WIDE)
    free = IndexEnhancementOptimizer(constraints).solve(decision).weights
    plain = IndexEnhancementOptimizer([*constraints, OfNoUnit(1.0)]).solve(decision)
    assert OfNoUnit(1.0).excess(decision, free) > 1e-3
    assert OfNoUnit(1.0).excess(decision, plain.weights) < 1e-7
    for unit in (1e-14, 1e13):
        solution = IndexEnhancementOptimizer([*constraints, OfNoUnit(unit)]).solve(decision)
        assert (solution.status, plain.status) == ("solved", "solved")
        np.testing.assert_allclose(solution.weights, plain.weights, atol=1e-8)


@pytest.mark.parametrize("limit", [0.0, 0.01, 0.1, 0.5, 2.0])
def test_the_turnover_limit_is_used_and_kept(limit: float) -> None:
    decision = random_decision(N, 3)
    weights = IndexEnhancementOptimizer(report_constraints(**WIDE, turnover=limit)).solve(decision).weights
    traded = np.abs(weights - decision.current).sum()
    assert traded <= limit + 1e-9
    assert limit > 1 or traded == pytest.approx(limit)


def test_the_first_purchase_is_made_within_all_other_limits() -> None:
    decision, constraints = random_decision(N, 5, held=False), report_constraints(**WIDE)
    solution = IndexEnhancementOptimizer(constraints).solve(decision)
    assert (solution.status, solution.weights.sum()) == ("solved", pytest.approx(1.0))
    assert completed(decision) @ solution.weights == pytest.approx(best_value(decision, constraints), abs=1e-6)


def test_one_optimizer_serves_many_dates_as_new_ones_would() -> None:
    """To the bit: a backtest and ``mfgru rebalance`` then decide alike."""
    constraints = report_constraints(**WIDE)
    optimizer = IndexEnhancementOptimizer(constraints)
    for decision in (*map(some_decision, range(8)), far_from_index(), some_decision(8), far_from_index(1)):
        again = IndexEnhancementOptimizer(constraints).solve(decision)
        assert optimizer.solve(decision).weights.tolist() == again.weights.tolist()


def far_from_index(seed: int = 0) -> Decision:
    """A holding of two stocks outside the index."""
    decision = random_decision(N, seed)
    current = np.zeros(N)
    current[[70, 80]] = 0.5
    return Decision(decision.market, decision.expected, current)


def test_groups_give_way_in_order_and_the_turnover_never() -> None:
    """Little can be traded: the floor stays far away, what gives way before it has given way, and it by the least."""
    decision = far_from_index()
    constraints = report_constraints(**WIDE, turnover=0.3)
    solution = IndexEnhancementOptimizer(constraints).solve(decision)
    assert solution.status == "relaxed"
    assert np.abs(solution.weights - decision.current).sum() <= 0.3 + 1e-9
    assert {"industry_exposure", "weight_deviation", "constituent_floor"} <= set(solution.relaxed)
    assert "full_investment" not in solution.relaxed
    # all that may be traded buys members: the floor gives way by no more than it must
    assert solution.relaxed["constituent_floor"] == pytest.approx(0.8 - 0.15)
    assert solution.weights.sum() == pytest.approx(1.0)


def test_what_needs_not_give_way_holds() -> None:
    """With a turnover that reaches the floor but not the neutral industries, the floor holds."""
    decision = far_from_index()
    solution = IndexEnhancementOptimizer(report_constraints(**WIDE, turnover=1.7)).solve(decision)
    assert "constituent_floor" not in solution.relaxed
    assert "full_investment" not in solution.relaxed
    assert solution.relaxed["weight_deviation"] > 0.05


def test_the_order_can_be_chosen() -> None:
    """If only the floor may give way, it alone does, or there is no solution."""
    decision = random_decision(N, 2, member=np.zeros(N, dtype=bool))
    constraints = report_constraints(**WIDE)
    solution = IndexEnhancementOptimizer(constraints, relaxation=["constituent_floor"]).solve(decision)
    assert (solution.status, set(solution.relaxed)) == ("relaxed", {"constituent_floor"})
    failed = IndexEnhancementOptimizer(constraints, relaxation=["market_cap_exposure"]).solve(decision)
    assert (failed.status, failed.message) == ("failed", "Infeasible")
    np.testing.assert_array_equal(failed.weights, decision.current)


def test_a_frozen_holding_outside_its_band_is_kept_and_said() -> None:
    decision = random_decision(N, 4, suspended=np.arange(N) == 100)
    current = decision.current * 0.95
    current[100] = 0.05
    constraints = report_constraints(**WIDE)
    solution = IndexEnhancementOptimizer(constraints).solve(Decision(decision.market, decision.expected, current))
    assert solution.weights[100] == 0.05
    assert solution.relaxed["weight_deviation"] == pytest.approx(0.03)
    assert set(solution.relaxed) <= {"weight_deviation", "market_cap_exposure", "industry_exposure"}


def test_a_new_st_stock_is_sold_within_the_turnover() -> None:
    decision = random_decision(N, 4, is_st=np.arange(N) == 100)
    current = decision.current * 0.9
    current[100] = 0.1
    stuck = Decision(decision.market, decision.expected, current)
    enough = IndexEnhancementOptimizer(report_constraints(**WIDE, turnover=0.3)).solve(stuck)
    assert (enough.weights[100], enough.status) == (0.0, "solved")
    little = IndexEnhancementOptimizer(report_constraints(**WIDE, turnover=0.1)).solve(stuck)
    assert little.relaxed["no_st"] == pytest.approx(little.weights[100])
    assert little.weights[100] == pytest.approx(0.05)


@dataclass(frozen=True)
class LeastHeld(Constraint):
    """``w_i >= least`` for the last stock, and no upper bound on any."""

    least: float
    rank = 3

    def terms(self, decision: Decision) -> Terms:
        lower = np.full(len(decision.current), -np.inf)
        lower[-1] = self.least
        return Terms(lower=lower)


def test_a_lower_bound_alone_gives_way() -> None:
    """The turnover is enough for a quarter of what is missing, for which the worse of the others is sold."""
    decision = Decision(view(3), np.array([1.0, 0.5, 0.0]), np.array([0.5, 0.5, 0.0]))
    solution = IndexEnhancementOptimizer([FullInvestment(), LongOnly(), LeastHeld(0.2), Turnover(0.1)]).solve(decision)
    assert (solution.status, solution.relaxed) == ("relaxed", {"least_held": pytest.approx(0.15)})
    assert solution.weights == pytest.approx([0.5, 0.45, 0.05])


def test_the_level_of_the_scores_changes_nothing() -> None:
    """Also for holdings without one."""
    decision, optimizer = some_decision(1), IndexEnhancementOptimizer(report_constraints(**WIDE))
    assert np.isnan(decision.expected[decision.current > 0]).any()
    weights = optimizer.solve(decision).weights
    for level in (-10.0, 10.0):
        moved = optimizer.solve(Decision(decision.market, decision.expected + level, decision.current)).weights
        np.testing.assert_allclose(moved, weights, atol=1e-9)
