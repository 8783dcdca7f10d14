"""The constraints of the Huatai report, each a small class with its formula: they compose, and need no solver to check.

Weights ``w`` are shares of the invested capital, ``v`` the current ones (as prices moved them), ``m`` the index's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from qlib_mfgru.portfolio.optimise.base import Constraint, Decision
from qlib_mfgru.portfolio.optimise.terms import Terms
from qlib_mfgru.portfolio.value_types import FieldName, StockCodes, TwoSidedTurnover
from qlib_mfgru.settings import Fraction, NonNegative


@dataclass(frozen=True)
class FullInvestment(Constraint):
    """``sum_i w_i = 1``."""

    rank: ClassVar[int | None] = 5

    def terms(self, decision: Decision) -> Terms:
        return Terms(rows=np.ones((1, len(decision.current))), least=np.ones(1), most=np.ones(1))


@dataclass(frozen=True)
class LongOnly(Constraint):
    """``w_i >= 0``."""

    def terms(self, decision: Decision) -> Terms:
        return Terms(lower=np.zeros(len(decision.current)))


@dataclass(frozen=True)
class ConstituentFloor(Constraint):
    """``sum of w_i over the index's members >= floor``."""

    floor: Fraction
    rank: ClassVar[int | None] = 4

    def terms(self, decision: Decision) -> Terms:
        member = decision.market.member.astype(np.float64)
        return Terms(rows=member[None], least=np.array([self.floor]), most=np.array([np.inf]))


@dataclass(frozen=True)
class WeightDeviation(Constraint):
    """``|w_i - m_i| <= limit``."""

    limit: Fraction
    rank: ClassVar[int | None] = 3

    def terms(self, decision: Decision) -> Terms:
        index = decision.market.weight
        return Terms(lower=index - self.limit, upper=index + self.limit)


@dataclass(frozen=True)
class IndustryExposure(Constraint):
    """``|sum of (w_i - m_i) over an industry| <= limit``, for each; stocks of unknown industry are one of their own."""

    limit: Fraction
    rank: ClassVar[int | None] = 2

    def terms(self, decision: Decision) -> Terms:
        codes = np.nan_to_num(decision.market.industry, nan=-1.0)
        rows = (codes == np.unique(codes)[:, None]).astype(np.float64)
        return _around_index(rows, decision, self.limit)


@dataclass(frozen=True)
class FactorExposure(Constraint):
    """``|sum_i (w_i - m_i) x_i| <= limit``, x the z-scores of a daily field; `market_cap` makes the size exposure."""

    field: FieldName
    limit: NonNegative
    rank: ClassVar[int | None] = 1

    @property
    def name(self) -> str:
        return f"{self.field}_exposure"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.field,)

    def terms(self, decision: Decision) -> Terms:
        return _around_index(decision.market.exposures[self.field][None], decision, self.limit)


@dataclass(frozen=True)
class Turnover(Constraint):
    """``sum_i |w_i - v_i| <= limit``, two-sided; the first purchase is free."""

    limit: TwoSidedTurnover

    def terms(self, decision: Decision) -> Terms:
        return Terms(turnover=self.limit if decision.current.any() else np.inf)


@dataclass(frozen=True)
class NoLimitUpBuys(Constraint):
    """``w_i <= v_i`` for stocks that close at their upper limit."""

    def terms(self, decision: Decision) -> Terms:
        return Terms(no_buy=decision.market.at_limit_up)


@dataclass(frozen=True)
class NoLimitDownSells(Constraint):
    """``w_i >= v_i`` for stocks that close at their lower limit."""

    def terms(self, decision: Decision) -> Terms:
        return Terms(no_sell=decision.market.at_limit_down)


@dataclass(frozen=True)
class FrozenSuspended(Constraint):
    """``w_i = v_i`` for stocks without a trade on the date."""

    def terms(self, decision: Decision) -> Terms:
        return Terms(no_buy=decision.market.suspended, no_sell=decision.market.suspended)


@dataclass(frozen=True)
class NoUnscoredBuys(Constraint):
    """``w_i <= v_i`` for stocks without an expected return."""

    def terms(self, decision: Decision) -> Terms:
        return Terms(no_buy=~np.isfinite(decision.expected))


@dataclass(frozen=True)
class NoST(Constraint):
    """``w_i = 0`` for stocks flagged ST on the date."""

    rank: ClassVar[int | None] = 3

    @property
    def name(self) -> str:
        return "no_st"

    def terms(self, decision: Decision) -> Terms:
        return Terms(upper=np.where(decision.market.is_st, 0.0, np.inf))


@dataclass(frozen=True)
class Blacklist(Constraint):
    """``w_i = 0`` for named stocks."""

    stocks: StockCodes
    rank: ClassVar[int | None] = 3

    def terms(self, decision: Decision) -> Terms:
        stocks = decision.market.stocks
        known = set(stocks)
        return Terms(upper=np.where(np.isin(stocks, [code.among(known) for code in self.stocks]), 0.0, np.inf))


def _around_index(rows: np.ndarray, decision: Decision, limit: float) -> Terms:
    index = rows @ decision.market.weight
    return Terms(rows=rows, least=index - limit, most=index + limit)
