"""Constraints of a rebalance, each a small class with its formula: they compose, and are checked without a solver.

Weights ``w`` are shares of the invested capital, ``v`` the current ones (as prices moved them), ``m`` the index's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.snapshot import MarketView


@dataclass(frozen=True)
class Decision:
    """What one rebalance is decided from; arrays of shape (n_stocks,).

    Attributes
    ----------
    market : MarketView
        The close of the day before the trade.
    expected : ndarray
        Expected returns (the factor), NaN where there is none: a holding without one counts as an average one.
    current : ndarray
        Current weights; all 0 before the first purchase.
    """

    market: MarketView
    expected: np.ndarray
    current: np.ndarray


@dataclass(frozen=True)
class Terms:
    """A constraint on one date, as the linear program and the check both read it.

    Attributes
    ----------
    lower, upper : ndarray of shape (n_stocks,)
        Bounds on weights.
    no_buy, no_sell : ndarray of shape (n_stocks,), bool
    rows : ndarray of shape (n_rows, n_stocks)
        Coefficients of the weights in sums.
    least, most : ndarray of shape (n_rows,)
        Bounds on the sums.
    turnover : float
        Largest sum of absolute changes.
    """

    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    no_buy: np.ndarray | None = None
    no_sell: np.ndarray | None = None
    rows: np.ndarray | None = None
    least: np.ndarray = field(default_factory=lambda: np.empty(0))
    most: np.ndarray = field(default_factory=lambda: np.empty(0))
    turnover: float = np.inf


class Constraint(ABC):
    """One rule for the weights.

    Attributes
    ----------
    rank : int or None
        The lower, the earlier it gives way where not all constraints can be met; None: never.
    """

    rank: ClassVar[int | None] = None

    @property
    def name(self) -> str:
        """What logs call it."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in type(self).__name__).lstrip("_")

    @abstractmethod
    def terms(self, decision: Decision) -> Terms:
        """The constraint as of one date."""

    def excess(self, decision: Decision, weights: np.ndarray) -> float:
        """By how much weights (n_stocks,) break it at worst, in its own units; 0 where it holds."""
        terms, change = self.terms(decision), weights - decision.current
        sums = np.zeros(0) if terms.rows is None else terms.rows @ weights
        broken = [
            terms.lower - weights if terms.lower is not None else 0.0,
            weights - terms.upper if terms.upper is not None else 0.0,
            change[terms.no_buy] if terms.no_buy is not None else 0.0,
            -change[terms.no_sell] if terms.no_sell is not None else 0.0,
            terms.least - sums,
            sums - terms.most,
            np.abs(change).sum() - terms.turnover,
        ]
        return max(float(np.max(values, initial=0.0)) for values in broken)


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

    floor: float
    rank: ClassVar[int | None] = 4

    def terms(self, decision: Decision) -> Terms:
        member = decision.market.member.astype(np.float64)
        return Terms(rows=member[None], least=np.array([self.floor]), most=np.array([np.inf]))


@dataclass(frozen=True)
class WeightDeviation(Constraint):
    """``|w_i - m_i| <= limit``."""

    limit: float
    rank: ClassVar[int | None] = 3

    def terms(self, decision: Decision) -> Terms:
        index = decision.market.weight
        return Terms(lower=index - self.limit, upper=index + self.limit)


@dataclass(frozen=True)
class IndustryExposure(Constraint):
    """``|sum of (w_i - m_i) over an industry| <= limit``, for each; stocks of unknown industry are one of their own."""

    limit: float
    rank: ClassVar[int | None] = 2

    def terms(self, decision: Decision) -> Terms:
        codes = np.nan_to_num(decision.market.industry, nan=-1.0)
        rows = (codes == np.unique(codes)[:, None]).astype(np.float64)
        return _around_index(rows, decision, self.limit)


@dataclass(frozen=True)
class FactorExposure(Constraint):
    """``|sum_i (w_i - m_i) x_i| <= limit``, x the z-scores of a daily field; `market_cap` makes the size exposure."""

    field: str
    limit: float
    rank: ClassVar[int | None] = 1

    @property
    def name(self) -> str:
        return f"{self.field}_exposure"

    def terms(self, decision: Decision) -> Terms:
        if self.field not in decision.market.exposures:
            raise InputError(f"no exposure to {self.field} was read; it has {list(decision.market.exposures)}")
        return _around_index(decision.market.exposures[self.field][None], decision, self.limit)


@dataclass(frozen=True)
class Turnover(Constraint):
    """``sum_i |w_i - v_i| <= limit``, two-sided; the first purchase is free."""

    limit: float

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

    stocks: Sequence[str]
    rank: ClassVar[int | None] = 3

    def terms(self, decision: Decision) -> Terms:
        return Terms(upper=np.where(np.isin(decision.market.stocks, list(self.stocks)), 0.0, np.inf))


def _around_index(rows: np.ndarray, decision: Decision, limit: float) -> Terms:
    index = rows @ decision.market.weight
    return Terms(rows=rows, least=index - limit, most=index + limit)
