"""``IndexEnhancementSettings``: one index's enhancement; what is not given is the report's (figures 34, 38, 42, 46)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qlib.utils import init_instance_by_config

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.optimise import constraints as rules
from qlib_mfgru.portfolio.optimise.constraints import Constraint
from qlib_mfgru.report.published import published

BENCHMARKS = {"csi300": "SH000300", "csi500": "SH000905", "csi1000": "SH000852", "cni2000": "SZ399303"}
"""Code of each index's level in a provider."""

_CHOICES = {
    "index_weights": ("drifted", "market_cap"),
    "deal_price": ("vwap", "close", "open"),
    "unfilled": ("drop", "carry"),
}


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
    blacklist : sequence of str
        Stocks that are never held.
    constraints : sequence of Constraint or dict, optional
        Objects, or qlib configs, in place of all that the five settings above make; the turnover limit is added.
    relaxation : sequence of str, optional
        Which constraints give way where not all can be met: see `IndexEnhancementOptimizer`.
    index_weights : str
        ``drifted`` or ``market_cap``: see `MarketSnapshot`.
    deal_price : str
        ``vwap``, ``close`` or ``open`` of the trading day.
    buy_cost, sell_cost : float
        Shares of the traded value; the report's 0.4 % two-sided is 0.2 % a side.
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
        First and last day of the backtest; by default from the day after the first scored one to the day after the
        last.

    Raises
    ------
    InputError
        An unknown value, or a setting that is missing for an index which the report does not have.
    """

    index: str
    turnover_limits: Sequence[float] | None = None
    min_constituent_weight: float | None = None
    max_weight_deviation: float | None = None
    industry_exposure: float | None = None
    exposures: Mapping[str, float] | None = None
    blacklist: Sequence[str] = ()
    constraints: Sequence[Any] | None = None
    relaxation: Sequence[str] | None = None
    index_weights: str = "drifted"
    deal_price: str = "vwap"
    buy_cost: float = 0.002
    sell_cost: float = 0.002
    unfilled: str = "drop"
    account: float = 1e8
    risk_degree: float = 0.99
    benchmark: str | None = None
    start_time: Any = None
    end_time: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", self.index.lower())  # as markets and fields are written
        if isinstance(self.turnover_limits, (int, float)):
            raise InputError(f"turnover_limits must be a list, not {self.turnover_limits!r}")
        for name, value in _report(self.index).items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        missing = [name for name in ("turnover_limits", "benchmark") if getattr(self, name) is None]
        if self.constraints is None:
            limits = ("min_constituent_weight", "max_weight_deviation", "industry_exposure", "exposures")
            missing += [name for name in limits if getattr(self, name) is None]
        if missing:
            raise InputError(f"the report has no {self.index}: set {', '.join(missing)}")
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise InputError(f"{name} is {getattr(self, name)!r}; it must be one of {list(known)}")
        if not self.turnovers or min(self.turnovers) < 0 or not 0 < self.risk_degree <= 1:
            raise InputError("turnover_limits must not be empty or negative, and risk_degree must be in (0, 1]")

    @property
    def turnovers(self) -> list[float]:
        """The turnover limits."""
        return [float(limit) for limit in self.turnover_limits or ()]

    def limits(self, turnover: float) -> list[Constraint]:
        """All constraints of the portfolio with a turnover limit."""
        if self.constraints is not None:
            made = [init_instance_by_config(constraint, accept_types=Constraint) for constraint in self.constraints]
            return [*made, rules.Turnover(turnover)]
        numbers = (self.min_constituent_weight, self.max_weight_deviation, self.industry_exposure)
        floor, deviation, industry = (float(number) for number in numbers if number is not None)
        return [
            rules.FullInvestment(),
            rules.LongOnly(),
            rules.ConstituentFloor(floor),
            rules.WeightDeviation(deviation),
            rules.IndustryExposure(industry),
            *(rules.FactorExposure(name, float(limit)) for name, limit in (self.exposures or {}).items()),
            rules.Turnover(turnover),
            rules.NoLimitUpBuys(),
            rules.NoLimitDownSells(),
            rules.FrozenSuspended(),
            rules.NoUnscoredBuys(),
            rules.NoST(),
            rules.Blacklist(tuple(self.blacklist)),
        ]

    def exposure_fields(self) -> list[str]:
        """Daily fields that the constraints name."""
        return [one.field for one in self.limits(0.0) if isinstance(one, rules.FactorExposure)]


def _report(index: str) -> dict[str, Any]:
    """What the report sets for an index; nothing for one that it does not have."""
    table = published("enhancement_settings")
    rows = table[table["index"] == index.upper()].to_dict("records")
    if not rows:
        return {}
    (row,) = rows
    return {
        "turnover_limits": tuple(float(limit) for limit in row["turnover_limits"].split(";")),
        **{name: row[name] for name in ("min_constituent_weight", "max_weight_deviation", "industry_exposure")},
        "exposures": {"market_cap": row["size_exposure"]},
        "benchmark": BENCHMARKS[index],
    }
