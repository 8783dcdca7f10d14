"""``IndexEnhancementSettings``: one index's enhancement; what is not given is the report's (figures 34, 38, 42, 46)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.published import published

BENCHMARKS = {"csi300": "SH000300", "csi500": "SH000905", "csi1000": "SH000852", "cni2000": "SZ399303"}
"""Code of each index's level in a provider."""

UNFILLED = ("drop", "carry")


@dataclass(frozen=True)
class IndexEnhancementSettings:
    """Settings of one index's enhancement.

    Attributes
    ----------
    index : str
        A market of the provider with point-in-time members.
    turnover_limits : sequence of float
        Two-sided, a rebalance: a portfolio each.
    min_constituent_weight : float
        Floor on the weight in index members.
    max_weight_deviation : float
        Largest deviation of a stock's weight from its index weight.
    industry_exposure : float
        Largest deviation of an industry's weight from the index's; 0 is neutral.
    exposures : mapping of str to float
        Largest deviation from the index's exposure to a daily field, in standard deviations across all stocks;
        ``market_cap`` is taken as its logarithm. The report's size exposure is ``{market_cap: ...}``.
    index_weights : str
        ``drifted`` or ``market_cap``: see `MarketSnapshot`.
    blacklist : sequence of str
        Stocks that are never held.
    deal_price : str
        ``vwap``, ``close`` or ``open`` of the trading day.
    buy_cost, sell_cost : float
        Share of the traded value; the report's 0.4 % two-sided is 0.2 % a side.
    unfilled : str
        What becomes of orders that were not dealt in full: ``drop``, or ``carry`` to the following days until the next
        rebalance.
    account : float
        Yuan at the start.
    risk_degree : float
        Share of the account that is invested; the rest stays as cash and pays the costs.
    benchmark : str
        Code of the index's level; known for the report's indices.
    start_time, end_time : stamp or None
        First and last day of the backtest; by default the scores' days.

    Raises
    ------
    InputError
        An unknown value, or a setting that is needed for an index which the report does not have.
    """

    index: str
    turnover_limits: Sequence[float] = ()
    min_constituent_weight: float | None = None
    max_weight_deviation: float | None = None
    industry_exposure: float | None = None
    exposures: Mapping[str, float] = field(default_factory=dict)
    index_weights: str = "drifted"
    blacklist: Sequence[str] = ()
    deal_price: str = "vwap"
    buy_cost: float = 0.002
    sell_cost: float = 0.002
    unfilled: str = "drop"
    account: float = 1e8
    risk_degree: float = 0.99
    benchmark: str | None = None
    start_time: Any = None
    end_time: Any = None
