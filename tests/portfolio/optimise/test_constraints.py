"""Each constraint alone, on both sides of its limit, without a solver."""

from __future__ import annotations

import numpy as np
import pytest
from decisions import view

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.optimise import constraints as c
from qlib_mfgru.portfolio.optimise.optimizer import IndexEnhancementOptimizer

N = 6
MARKET = {
    "weight": np.array([0.5, 0.3, 0.2, 0.0, 0.0, 0.0]),
    "member": np.array([True, True, True, False, False, False]),
    "industry": np.array([1.0, 1.0, 2.0, 2.0, np.nan, np.nan]),
    "exposures": {"market_cap": np.array([2.0, 1.0, 0.0, 0.0, -1.0, -2.0])},
    "suspended": np.array([False, False, False, True, False, False]),
    "at_limit_up": np.array([True, False, False, False, False, False]),
    "at_limit_down": np.array([False, True, False, False, False, False]),
    "is_st": np.array([False, False, False, False, False, True]),
}
CURRENT = np.array([0.4, 0.3, 0.2, 0.1, 0.0, 0.0])
EXPECTED = np.array([1.0, 2.0, np.nan, 0.0, 0.0, 0.0])
DECISION = c.Decision(view(N, **MARKET), EXPECTED, CURRENT)
SMALL = 1e-6

ON_THE_LIMIT = {
    "full": (c.FullInvestment(), [0.5, 0.3, 0.2, 0, 0, 0], [0, 0, 0, 0, 0, 1]),
    "full, too little": (c.FullInvestment(), [0.5, 0.3, 0.2, 0, 0, 0], [-1, 0, 0, 0, 0, 0]),
    "long": (c.LongOnly(), [0.5, 0.5, 0, 0, 0, 0], [0, 0, -1, 0, 0, 0]),
    "floor": (c.ConstituentFloor(0.8), [0.8, 0, 0, 0.1, 0.1, 0], [-1, 0, 0, 1, 0, 0]),
    "deviation above": (c.WeightDeviation(0.1), [0.5, 0.3, 0.2, 0.1, 0, 0], [0, 0, 0, 1, 0, 0]),
    "deviation below": (c.WeightDeviation(0.1), [0.4, 0.3, 0.2, 0.1, 0, 0], [-1, 0, 0, 0, 0, 0]),
    "industry above": (c.IndustryExposure(0.1), [0.6, 0.3, 0.1, 0, 0, 0], [1, 0, 0, 0, 0, 0]),
    "industry below": (c.IndustryExposure(0.1), [0.6, 0.3, 0.1, 0, 0, 0], [0, 0, -1, 0, 0, 0]),
    "industry unknown": (c.IndustryExposure(0.1), [0.5, 0.3, 0.1, 0, 0.05, 0.05], [0, 0, 0, 0, 0, 1]),
    "size above": (c.FactorExposure("market_cap", 0.2), [0.6, 0.3, 0.1, 0, 0, 0], [1, 0, -1, 0, 0, 0]),
    "size below": (c.FactorExposure("market_cap", 0.2), [0.4, 0.3, 0.3, 0, 0, 0], [-1, 0, 1, 0, 0, 0]),
    "turnover": (c.Turnover(0.3), [0.55, 0.3, 0.1, 0.05, 0, 0], [1, 0, 0, 0, 0, 0]),
    "limit-up": (c.NoLimitUpBuys(), CURRENT, [1, 0, 0, 0, 0, 0]),
    "limit-down": (c.NoLimitDownSells(), CURRENT, [0, -1, 0, 0, 0, 0]),
    "suspended, bought": (c.FrozenSuspended(), CURRENT, [0, 0, 0, 1, 0, 0]),
    "suspended, sold": (c.FrozenSuspended(), CURRENT, [0, 0, 0, -1, 0, 0]),
    "no score": (c.NoUnscoredBuys(), CURRENT, [0, 0, 1, 0, 0, 0]),
    "st": (c.NoST(), [0.5, 0.5, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1]),
    "blacklist": (c.Blacklist(["SH600004"]), [0.5, 0.5, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0]),
}


@pytest.mark.parametrize("name", ON_THE_LIMIT)
def test_a_constraint_on_both_sides_of_its_limit(name: str) -> None:
    constraint, weights, outwards = ON_THE_LIMIT[name]
    on_it = np.array(weights, dtype=np.float64)
    assert constraint.excess(DECISION, on_it) == pytest.approx(0.0, abs=1e-12)
    beyond = constraint.excess(DECISION, on_it + SMALL * np.array(outwards))
    assert SMALL * 0.99 < beyond < 3 * SMALL


@pytest.mark.parametrize(
    ("constraint", "weights"),
    [
        (c.NoLimitUpBuys(), [0.3, 0.3, 0.2, 0.1, 0, 0]),
        (c.NoLimitDownSells(), [0.4, 0.4, 0.2, 0.1, 0, 0]),
        (c.NoUnscoredBuys(), [0.4, 0.3, 0.1, 0.1, 0, 0]),
    ],
)
def test_trades_in_the_other_direction_are_free(constraint: c.Constraint, weights: list[float]) -> None:
    assert constraint.excess(DECISION, np.array(weights)) == 0


def test_the_first_purchase_has_no_turnover_limit() -> None:
    first = c.Decision(DECISION.market, EXPECTED, np.zeros(N))
    assert c.Turnover(0.3).excess(first, MARKET["weight"]) == 0


def test_names() -> None:
    every = [constraint for constraint, *_ in ON_THE_LIMIT.values()]
    assert {one.name for one in every} == {
        *("full_investment", "long_only", "constituent_floor", "weight_deviation", "industry_exposure"),
        *("market_cap_exposure", "turnover", "no_limit_up_buys", "no_limit_down_sells", "frozen_suspended"),
        *("no_unscored_buys", "no_st", "blacklist"),
    }


def test_an_exposure_that_was_not_read_is_named() -> None:
    with pytest.raises(InputError, match="no exposure to beta was read"):
        c.FactorExposure("beta", 0.1).terms(DECISION)


def test_constraints_compose_from_configs() -> None:
    configs = [
        {"class": "FullInvestment", "module_path": "qlib_mfgru.portfolio"},
        {
            "class": "FactorExposure",
            "module_path": "qlib_mfgru.portfolio",
            "kwargs": {"field": "market_cap", "limit": 0.2},
        },
    ]
    made = IndexEnhancementOptimizer(configs).constraints
    assert made == {"full_investment": c.FullInvestment(), "market_cap_exposure": c.FactorExposure("market_cap", 0.2)}


def test_two_constraints_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="same name"):
        IndexEnhancementOptimizer([c.Turnover(0.3), c.Turnover(0.4)])


def test_an_unknown_name_in_the_relaxation_is_refused() -> None:
    with pytest.raises(InputError, match="'size'"):
        IndexEnhancementOptimizer([c.LongOnly()], relaxation=["size"])


def test_what_never_gives_way_is_refused_in_the_relaxation() -> None:
    with pytest.raises(InputError, match=r"\['turnover'\], which never give way"):
        IndexEnhancementOptimizer([c.FullInvestment(), c.Turnover(0.3)], relaxation=["full_investment", "turnover"])
