"""What breaks constraints: stocks that cannot be traded, by name, or no feasible portfolio; small cases by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from decisions import best_value, random_decision, report_constraints, view

from qlib_mfgru.portfolio import Constraint, Decision, IndexEnhancementOptimizer, Solution, Terms
from qlib_mfgru.portfolio.optimise import constraints as c
from qlib_mfgru.portfolio.optimise.objective import Objective
from qlib_mfgru.portfolio.optimise.program import Program
from qlib_mfgru.portfolio.optimise.relaxation import by_name, relaxation_groups

A, B, C, D = "SH600000", "SH600001", "SH600002", "SH600003"
BASE: list[Constraint] = [c.FullInvestment(), c.LongOnly(), c.WeightDeviation(0.125), c.Turnover(0.5)]
BANS: list[Constraint] = [c.FrozenSuspended(), c.NoLimitUpBuys(), c.NoLimitDownSells(), c.NoUnscoredBuys()]


def solved(current: list[float], *more: Constraint, base: list[Constraint] = BASE, **flags: list[str]) -> Solution:
    """A market of four stocks, all in the index at a quarter each but as `flags` say; the last has the best score."""
    codes = [A, B, C, D]
    fields = {name: np.isin(codes, stocks) for name, stocks in flags.items()}
    member = fields.pop("member", np.ones(4, dtype=bool))
    market = view(4, weight=member / member.sum(), member=member, **fields)
    decision = Decision(market, np.arange(4.0), np.array(current))
    return IndexEnhancementOptimizer([*base, *BANS, *more]).solve(decision)


def test_a_suspended_holding_above_its_band_is_named() -> None:
    """It has to stay at 0.5, an eighth above; all else can be met."""
    solution = solved([0.125, 0.125, 0.25, 0.5], suspended=[D])
    assert solution.status == "forced"
    assert solution.relaxed == {"weight_deviation": pytest.approx(0.125)}
    assert solution.why.infeasible == {}
    (stock,) = solution.why.untradable
    assert (stock.stock, stock.banned_by) == (D, ("frozen_suspended",))
    assert stock.trade == pytest.approx(-0.125)
    assert stock.breaks == {"weight_deviation": pytest.approx(0.125)}


def test_a_member_that_cannot_be_bought_is_named() -> None:
    """It lies a sixteenth below its band, and closed at its upper limit."""
    solution = solved([0.0625, 0.3125, 0.3125, 0.3125], at_limit_up=[A])
    (stock,) = solution.why.untradable
    assert solution.status == "forced"
    assert (stock.stock, stock.banned_by, stock.trade) == (A, ("no_limit_up_buys",), pytest.approx(0.0625))


def test_an_st_holding_at_its_lower_limit_is_named() -> None:
    """Outside the index; one that can be sold is sold, and nothing is broken."""
    members, held = {"member": [A, B, C]}, [0.25, 0.25, 0.25, 0.25]
    locked = solved(held, c.NoST(), is_st=[D], at_limit_down=[D], **members)
    (stock,) = locked.why.untradable
    assert (locked.status, stock.stock, stock.banned_by) == ("forced", D, ("no_limit_down_sells",))
    assert stock.trade == pytest.approx(-0.25)
    assert stock.breaks == {"weight_deviation": pytest.approx(0.125), "no_st": pytest.approx(0.25)}
    assert solved(held, c.NoST(), is_st=[D], **members).status == "solved"


def test_a_stock_that_keeps_the_weights_from_a_sum_is_named() -> None:
    """The suspended stock outside the index leaves 0.625 to members, an eighth below their floor."""
    base: list[Constraint] = [c.FullInvestment(), c.LongOnly(), c.ConstituentFloor(0.75), c.Turnover(0.5)]
    solution = solved([0.25, 0.25, 0.125, 0.375], base=base, member=[A, B, C], suspended=[D])
    (stock,) = solution.why.untradable
    assert (solution.status, stock.stock, stock.trade) == ("forced", D, pytest.approx(-0.125))
    assert stock.breaks == {"constituent_floor": pytest.approx(0.125)} == solution.relaxed


def test_limits_that_contradict_each_other_are_no_stocks_fault() -> None:
    """An ST member must not be held, and its band begins at an eighth."""
    solution = solved([0.25, 0.25, 0.25, 0.25], c.NoST(), is_st=[D])
    assert (solution.status, solution.why.untradable) == ("relaxed", [])
    assert solution.why.infeasible == solution.relaxed == {"weight_deviation": pytest.approx(0.125)}
    assert solution.why.contradicted == (D,)


def test_too_little_turnover_is_no_stocks_fault() -> None:
    """Also where a stock is suspended that need not be traded. An eighth of each of two stocks would have to be."""
    base = [*BASE[:3], c.Turnover(0.125)]
    solution = solved([0.0, 0.25, 0.25, 0.5], base=base, suspended=[B])
    assert (solution.status, solution.why.untradable) == ("relaxed", [])
    assert solution.why.infeasible == solution.relaxed == {"weight_deviation": pytest.approx(0.0625)}
    assert solution.why.contradicted == ()


def test_both_at_once_are_told_apart() -> None:
    """An ST member without a band, and a suspended holding an eighth above its own."""
    solution = solved([0.125, 0.125, 0.25, 0.5], c.NoST(), is_st=[A], suspended=[D])
    assert solution.status == "relaxed"
    assert solution.why.infeasible == {"weight_deviation": pytest.approx(0.125)}
    assert solution.why.contradicted == (A,)
    assert [(stock.stock, stock.trade) for stock in solution.why.untradable] == [(D, pytest.approx(-0.125))]


@dataclass(frozen=True)
class TwoSums(Constraint):
    """Three quarters of the first stock, which its band forbids, and at most a quarter of the last."""

    rank: ClassVar[int | None] = 1

    def terms(self, decision: Decision) -> Terms:
        rows = np.eye(4)[[0, 3]]
        return Terms(rows=rows, least=np.array([0.75, -np.inf]), most=np.array([np.inf, 0.25]))


def test_a_sum_that_is_broken_for_a_stock_stands_beside_one_that_is_broken_more_anyway() -> None:
    solution = solved([0.25, 0.25, 0.125, 0.375], TwoSums(), suspended=[D])
    assert (solution.status, solution.why.infeasible) == ("relaxed", {"two_sums": pytest.approx(0.375)})
    (stock,) = solution.why.untradable
    assert (stock.stock, stock.trade) == (D, pytest.approx(-0.125))
    assert stock.breaks == {"two_sums": pytest.approx(0.125)}


def test_what_is_neither_held_nor_in_the_index_forces_nothing() -> None:
    """With one of two members on a blacklist the capital has no place but stocks outside, which are suspended."""
    base: list[Constraint] = [c.FullInvestment(), c.LongOnly(), c.WeightDeviation(0.125), c.Turnover(2.0)]
    flags = {"member": [A, B], "suspended": [C, D]}
    assert solved([0.5, 0.5, 0.0, 0.0], base=base, **flags).status == "solved"
    without = solved([0.5, 0.5, 0.0, 0.0], c.Blacklist((A,)), base=base, **flags)
    assert (without.status, without.why.untradable) == ("relaxed", [])


N = 120


def stuck_decision(seed: int) -> Decision:
    """Near the index, but some suspended stocks have moved out of their bands."""
    random = np.random.default_rng(seed)
    suspended = random.random(N) < 0.04
    decision = random_decision(N, seed, suspended=suspended, at_limit_down=random.random(N) < 0.03)
    current = np.where(suspended, decision.current + random.uniform(0.0, 0.04, N), decision.current)
    return Decision(decision.market, decision.expected, current / current.sum())


@pytest.mark.parametrize("seed", range(8))
def test_without_the_bans_of_the_named_another_solver_meets_all_constraints(seed: int) -> None:
    decision, constraints = stuck_decision(seed), report_constraints(deviation=0.015, turnover=0.4)
    solution = IndexEnhancementOptimizer(constraints).solve(decision)
    assert solution.status == "forced"
    assert np.isnan(best_value(decision, constraints))
    named = np.isin(decision.market.stocks, [stock.stock for stock in solution.why.untradable])
    market = decision.market
    freed = replace(market, suspended=market.suspended & ~named, at_limit_down=market.at_limit_down & ~named)
    assert np.isfinite(best_value(Decision(freed, decision.expected, decision.current), constraints))


def test_the_explanation_changes_no_weight() -> None:
    """Nor does what was solved before change the explanation."""
    rules = by_name(report_constraints(deviation=0.015, turnover=0.4))
    alone = Program(list(rules.values()), relaxation_groups(rules, None), Objective())
    optimizer = IndexEnhancementOptimizer(list(rules.values()))
    for seed in range(8):
        solution = optimizer.solve(stuck_decision(seed))
        np.testing.assert_array_equal(solution.weights, alone.solve(stuck_decision(seed)))
        assert solution.why == IndexEnhancementOptimizer(list(rules.values())).solve(stuck_decision(seed)).why
