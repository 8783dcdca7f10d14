"""Random decisions, and the same program written down for another solver."""

from __future__ import annotations

import cvxpy
import numpy as np
import pandas as pd

from qlib_mfgru.portfolio import Constraint, Decision, MarketView
from qlib_mfgru.portfolio.optimise import constraints as c
from qlib_mfgru.portfolio.snapshot import DailyFields


def view(n: int, seed: int = 0, members: float = 0.5, **changes: object) -> MarketView:
    """A market of `n` stocks, the first of which are the index's members; everything trades."""
    random = np.random.default_rng(seed)
    member = np.arange(n) < round(members * n)
    weight = np.where(member, np.exp(random.standard_normal(n)), 0.0)
    calm = np.zeros(n, dtype=bool)
    values = {
        "date": pd.Timestamp("2024-03-01"),
        "stocks": [f"SH{600000 + i}" for i in range(n)],
        "close": 10 * np.exp(random.standard_normal(n)),
        "factor": np.ones(n),
        "weight": weight / weight.sum(),
        "covered": 1.0,
        "member": member,
        "industry": random.integers(0, min(31, max(2, n // 20)), n).astype(np.float64),
        "exposures": DailyFields(market_cap=random.standard_normal(n)),
        "suspended": calm,
        "at_limit_up": calm,
        "at_limit_down": calm,
        "is_st": calm,
    }
    return MarketView(**{**values, **changes})


def random_decision(n: int, seed: int = 0, held: bool = True, **changes: object) -> Decision:
    """A decision from near the index, after prices moved; without a holding if not `held`."""
    market, random = view(n, seed, **changes), np.random.default_rng(seed + 1000)
    current = market.weight * np.exp(0.05 * random.standard_normal(n)) if held else np.zeros(n)
    return Decision(market, random.standard_normal(n), current / max(current.sum(), 1e-300))


def report_constraints(
    floor: float = 0.8, deviation: float = 0.01, industry: float = 0.01, size: float = 0.1, turnover: float = 0.3
) -> list[Constraint]:
    """The Huatai report's set."""
    return [
        c.FullInvestment(),
        c.LongOnly(),
        c.ConstituentFloor(floor),
        c.WeightDeviation(deviation),
        c.IndustryExposure(industry),
        c.FactorExposure("market_cap", size),
        c.Turnover(turnover),
        c.NoLimitUpBuys(),
        c.NoLimitDownSells(),
        c.FrozenSuspended(),
        c.NoUnscoredBuys(),
        c.NoST(),
    ]


def completed(decision: Decision) -> np.ndarray:
    """Expected returns, with their mean for stocks that have none."""
    return np.nan_to_num(decision.expected, nan=np.nanmean(decision.expected))


def best_value(decision: Decision, constraints: list[Constraint]) -> float:
    """Optimal expected return by CLARABEL, from the classes' formulas written out once more; NaN if infeasible."""
    w, market = cvxpy.Variable(len(decision.current)), decision.market
    rules: list[cvxpy.Constraint] = []
    for constraint in constraints:
        match constraint:
            case c.FullInvestment():
                rules.append(cvxpy.sum(w) == 1)
            case c.LongOnly():
                rules.append(w >= 0)
            case c.ConstituentFloor():
                rules.append(cvxpy.sum(w[market.member]) >= constraint.floor)
            case c.WeightDeviation():
                rules.append(cvxpy.abs(w - market.weight) <= constraint.limit)
            case c.IndustryExposure():
                active = w - market.weight
                groups = [np.flatnonzero(market.industry == code) for code in set(market.industry)]
                rules += [cvxpy.abs(cvxpy.sum(active[group])) <= constraint.limit for group in groups]
            case c.FactorExposure():
                rules.append(cvxpy.abs(market.exposures[constraint.field] @ (w - market.weight)) <= constraint.limit)
            case c.Turnover():
                rules.append(
                    cvxpy.norm1(w - decision.current) <= constraint.limit if decision.current.sum() > 0 else w >= 0
                )
            case c.NoLimitUpBuys():
                rules += [w[i] <= decision.current[i] for i in np.flatnonzero(market.at_limit_up)]
            case c.NoLimitDownSells():
                rules += [w[i] >= decision.current[i] for i in np.flatnonzero(market.at_limit_down)]
            case c.FrozenSuspended():
                rules += [w[i] == decision.current[i] for i in np.flatnonzero(market.suspended)]
            case c.NoUnscoredBuys():
                rules += [w[i] <= decision.current[i] for i in np.flatnonzero(np.isnan(decision.expected))]
            case c.NoST():
                rules += [w[i] == 0 for i in np.flatnonzero(market.is_st)]
            case c.Blacklist():
                rules += [w[i] == 0 for i, code in enumerate(market.stocks) if code in constraint.stocks]
    problem = cvxpy.Problem(cvxpy.Maximize(completed(decision) @ w), rules)
    problem.solve(solver=cvxpy.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return float(problem.value) if problem.status == "optimal" else np.nan
