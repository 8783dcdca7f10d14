"""Each constraint alone, on both sides of its limit, without a solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from decisions import view

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import Constraint, Decision, IndexEnhancementOptimizer, IndexEnhancementSettings, Terms
from qlib_mfgru.portfolio.optimise import constraints as c
from qlib_mfgru.portfolio.optimise.base import needed_fields
from qlib_mfgru.portfolio.snapshot import DailyFields
from qlib_mfgru.settings import Positive

N = 6
MARKET = {
    "weight": np.array([0.5, 0.3, 0.2, 0.0, 0.0, 0.0]),
    "member": np.array([True, True, True, False, False, False]),
    "industry": np.array([1.0, 1.0, 2.0, 2.0, np.nan, np.nan]),
    "exposures": DailyFields(market_cap=np.array([2.0, 1.0, 0.0, 0.0, -1.0, -2.0])),
    "suspended": np.array([False, False, False, True, False, False]),
    "at_limit_up": np.array([True, False, False, False, False, False]),
    "at_limit_down": np.array([False, True, False, False, False, False]),
    "is_st": np.array([False, False, False, False, False, True]),
}
CURRENT = np.array([0.4, 0.3, 0.2, 0.1, 0.0, 0.0])
EXPECTED = np.array([1.0, 2.0, np.nan, 0.0, 0.0, 0.0])
DECISION = Decision(view(N, **MARKET), EXPECTED, CURRENT)
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
def test_trades_in_the_other_direction_are_free(constraint: Constraint, weights: list[float]) -> None:
    assert constraint.excess(DECISION, np.array(weights)) == 0


def test_the_first_purchase_has_no_turnover_limit() -> None:
    first = Decision(DECISION.market, EXPECTED, np.zeros(N))
    assert c.Turnover(0.3).excess(first, MARKET["weight"]) == 0


def test_names() -> None:
    assert {constraint.name for constraint, *_ in ON_THE_LIMIT.values()} == {
        *("full_investment", "long_only", "constituent_floor", "weight_deviation", "industry_exposure"),
        *("market_cap_exposure", "turnover", "no_limit_up_buys", "no_limit_down_sells", "frozen_suspended"),
        *("no_unscored_buys", "no_st", "blacklist"),
    }


def test_an_exposure_that_was_not_read_is_named() -> None:
    with pytest.raises(InputError, match=r"\$beta was not read"):
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
    assert IndexEnhancementOptimizer(configs).constraints == {
        "full_investment": c.FullInvestment(),
        "market_cap_exposure": c.FactorExposure("market_cap", 0.2),
    }


def test_two_constraints_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="same name"):
        IndexEnhancementOptimizer([c.Turnover(0.3), c.Turnover(0.4)])


@pytest.mark.parametrize(
    ("relaxation", "message"),
    [
        (
            ["full_investment", "turnover"],
            "relaxation names 'turnover', which never gives way; those that can are ",
        ),
        (["full_investment", "full_investment"], "relaxation names 'full_investment' twice$"),
        ("full_investment", "relaxation is 'full_investment': must be a list$"),
    ],
)
def test_what_is_refused_in_the_relaxation(relaxation: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        IndexEnhancementOptimizer([c.FullInvestment(), c.Turnover(0.3)], relaxation=relaxation)


NAN = float("nan")


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (c.ConstituentFloor, 80, "ConstituentFloor.floor is 80: must be a fraction from 0 to 1; 80 percent is 0.8"),
        (c.ConstituentFloor, NAN, "ConstituentFloor.floor is nan: must be a finite number"),
        (c.ConstituentFloor, "0.8", r"ConstituentFloor.floor is '0.8': must be a number \(without quotes: 0.8\)"),
        (c.WeightDeviation, -0.01, "WeightDeviation.limit is -0.01: must be at least 0"),
        (c.WeightDeviation, np.float64(NAN), "WeightDeviation.limit is nan: must be a finite number"),
        (c.IndustryExposure, -1, "IndustryExposure.limit is -1: must be at least 0"),
        (c.IndustryExposure, 2, "IndustryExposure.limit is 2: must be a fraction from 0 to 1; 2 percent is 0.02"),
        (c.Turnover, 40, "Turnover.limit is 40: must be a fraction from 0 to 2, buys plus sells; 40 percent is 0.4"),
        (c.Turnover, np.int64(40), "Turnover.limit is 40: must be a fraction from 0 to 2, buys plus sells; 40 percent"),
        (c.Turnover, NAN, "Turnover.limit is nan: must be a finite number"),
        (c.Turnover, float("inf"), "Turnover.limit is inf: must be a finite number"),
        (c.Blacklist, "SZ300002", "Blacklist.stocks is 'SZ300002': must be a list"),
        (c.Blacklist, ["nobody"], r"Blacklist.stocks\[0\] is 'nobody': must be a code such as SH600000"),
    ],
)
def test_a_constraint_checks_its_limit(kind: type[Constraint], value: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        kind(value)


def test_a_constraint_reads_what_is_written_in_other_ways() -> None:
    assert c.Turnover(2).limit == 2.0
    assert c.Turnover(np.float32(0.5)).limit == 0.5
    assert c.Blacklist(["sz300002", "600000.SH", 300750]).stocks == ("SZ300002", "SH600000", "SZ300750")
    assert c.FactorExposure("$beta", 0.1) == c.FactorExposure("beta", 0.1)
    with pytest.raises(InputError, match=r"^FactorExposure.limit is -0.1: must be at least 0$"):
        c.FactorExposure("beta", -0.1)


@pytest.mark.parametrize(
    ("stocks", "banned"),
    [
        (["00700", "2330", "600000", "AAPL", "700", "600519.SH"], [True, True, True, True, False, True]),
        (["SZ002330", "SH600000", "SZ000700", "SH600519"], [True, True, False, True]),
    ],
    ids=["numbers", "A-shares"],
)
def test_a_number_on_the_blacklist_is_the_stock_that_is_written_so(stocks: list[str], banned: list[bool]) -> None:
    rule, n = c.Blacklist(["00700", "2330", 600000, "AAPL", "600519.sh"]), len(stocks)
    upper = rule.terms(Decision(view(n, stocks=stocks), np.zeros(n), np.zeros(n))).upper
    assert upper.tolist() == [0.0 if each else np.inf for each in banned]


@dataclass(frozen=True)
class Liquid(Constraint):
    """A constraint of a user's own: ``w_i = 0`` for stocks whose last known day traded less than `least` yuan."""

    least: Positive
    needs = ("amount",)
    rank = 3

    def terms(self, decision: Decision) -> Terms:
        return Terms(upper=np.where(decision.market.fields["amount"] >= self.least, np.inf, 0.0))


class Misspelt(Liquid):
    """`needs` as an instance has them."""

    def __init__(self, needs: Any) -> None:
        super().__init__(1e6)
        object.__setattr__(self, "needs", needs)


@pytest.mark.parametrize(
    ("needs", "problem"),
    [
        ("amount", "needs is 'amount': must be a list"),
        (None, "needs is None: must be a list"),
        (5, "needs is 5: must be a list"),
        ((5,), r"needs\[0\] is 5: must be text"),
        (["amount", ""], r"needs\[1\] is '': must not be empty"),
    ],
)
def test_needs_that_are_no_fields_are_refused_when_the_setting_is_made(needs: Any, problem: str) -> None:
    with pytest.raises(InputError, match=f"^constraint misspelt: {problem}$"):
        IndexEnhancementSettings("csi300", constraints=[c.FullInvestment(), Misspelt(needs)])


def test_needs_are_read_in_any_case_with_or_without_a_dollar() -> None:
    rules = [Misspelt(("Amount", "$beta")), Misspelt(["$AMOUNT"]), c.FactorExposure("$Beta", 0.1)]
    assert needed_fields(rules) == ("amount", "beta")
    values = DailyFields(amount=np.arange(6.0))
    assert values["$Amount"] is values["AMOUNT"] is values["amount"]
    with pytest.raises(InputError, match=r"^\$beta was not read"):
        values["$Beta"]


def test_constraints_say_what_they_need() -> None:
    constraints = [c.FullInvestment(), Liquid(1e6), c.FactorExposure("beta", 0.1), c.FactorExposure("amount", 0.1)]
    assert needed_fields(constraints) == ("amount", "beta")
    amount = DailyFields(amount=np.array([1e5, 1e6, 1e7, 0, 0, np.nan]))
    decision = Decision(view(N, **MARKET, fields=amount), EXPECTED, CURRENT)
    assert Liquid(1e6).excess(decision, CURRENT) == pytest.approx(0.4)
    with pytest.raises(InputError, match=r"\$amount was not read"):
        Liquid(1e6).terms(DECISION)
    with pytest.raises(InputError, match=r"^Liquid.least is 0: must be above 0$"):
        Liquid(0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("LongOnly", r"constraints\[1\].class is 'LongOnly': no such class"),
        (3, r"constraints\[1\] is 3: must be a Constraint or a config with class, module_path, kwargs"),
        (
            {"class": "Floor", "module_path": "qlib_mfgru.portfolio"},
            r"constraints\[1\].class is 'Floor': no such class",
        ),
        (
            {"class": "Solution", "module_path": "qlib_mfgru.portfolio"},
            r"constraints\[1\].class is 'Solution': must be a C",
        ),
        (
            {"class": "Turnover", "module_path": "qlib_mfgru.portfolio", "kwargs": {"limit": 40}},
            r"constraints\[1\]: Turnover.limit is 40: must be a fraction from 0 to 2",
        ),
    ],
)
def test_what_is_no_constraint_is_refused(config: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        IndexEnhancementOptimizer([c.FullInvestment(), config])
