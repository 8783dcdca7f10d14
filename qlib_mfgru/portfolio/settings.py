"""``IndexEnhancementSettings``: one index's enhancement, by default the Huatai report's (figures 34, 38, 42, 46)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, model_validator

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.optimise import constraints as rules
from qlib_mfgru.portfolio.optimise.base import Constraint, as_constraints, needed_fields
from qlib_mfgru.portfolio.optimise.objective import Objective
from qlib_mfgru.portfolio.optimise.relaxation import by_name, relaxation_groups
from qlib_mfgru.portfolio.snapshot import MarketSnapshot
from qlib_mfgru.portfolio.value_types import DealPrice, Exposures, IndexCode, StockCodes, TurnoverLimits
from qlib_mfgru.provider.index.codes import BENCHMARKS
from qlib_mfgru.report.published import published
from qlib_mfgru.settings import Fraction, Gt, Len, Listed, Names, NonNegative, Positive, Settings, Stamp, Text, checked


class ExchangeSettings(Settings):
    """At what price and cost orders are executed, and on which days.

    Attributes
    ----------
    deal_price : str
        ``vwap``, ``close`` or ``open`` of the trading day.
    buy_cost, sell_cost : float
        Shares of the traded value; the Huatai report's 0.4 % two-sided is 0.2 % per side.
    start_time, end_time : stamp or None
        First and last day.
    """

    deal_price: DealPrice = "vwap"
    buy_cost: Fraction = 0.002
    sell_cost: Fraction = 0.002
    start_time: Stamp | None = None
    end_time: Stamp | None = None

    @model_validator(mode="after")
    def _in_order(self) -> ExchangeSettings:
        if self.start_time is not None and self.end_time is not None and self.start_time > self.end_time:
            raise ValueError(f"start_time {self.start_time:%Y-%m-%d} is after end_time {self.end_time:%Y-%m-%d}")
        return self


class PortfolioSettings(ExchangeSettings):
    """What the portfolios of one index share: all of an enhancement but its turnover limits.

    Attributes
    ----------
    index : str
        A market of the provider with point-in-time members.
    min_constituent_weight : float
        Floor on the weight in index members.
    max_weight_deviation : float
        Largest deviation of a stock's weight from its index weight.
    industry_exposure : float
        Largest deviation of an industry's weight from the index's; 0 is neutral.
    exposures : mapping of str to float
        Largest deviation from the index's exposure to a daily field, in standard deviations across the stocks traded on
        the day; ``market_cap`` is taken as its logarithm, and makes the size exposure of the Huatai report.
    blacklist : sequence of str
        Codes of stocks that are never held.
    constraints : sequence of Constraint or dict, optional
        All constraints but the turnover limit, which is added: objects, or qlib configs. They replace the default ones,
        trading bans included, and the five settings above, which must then be left out.
    relaxation : sequence of str, optional
        Names of the constraints that give way where not all can be met: see `IndexEnhancementOptimizer`.
    cost_aversion : float
        How heavily expected costs weigh in what is maximised, 0 for not at all: see `Objective`.
    index_weights : str
        ``drifted`` or ``market_cap``: see `MarketSnapshot`.
    unfilled : str
        What becomes of orders that were not executed in full: ``drop``, or ``carry`` to the following days until the
        next rebalance.
    account : float
        Yuan at the start.
    risk_degree : float
        Share of the account that is invested; the rest stays as cash and pays the costs.
    benchmark : str
        Code of the index's level; known for the Huatai report's indices.
    deal_price, buy_cost, sell_cost : see `ExchangeSettings`
    start_time, end_time : stamp or None
        First and last day of the backtest; by default from the day after the first scored one to the day after the
        last.
    """

    index: Annotated[Text, AfterValidator(str.lower)]  # as markets and fields are written
    min_constituent_weight: Fraction | None = None
    max_weight_deviation: Fraction | None = None
    industry_exposure: Fraction | None = None
    exposures: Exposures | None = None
    blacklist: StockCodes = ()
    constraints: Annotated[tuple[Constraint, ...], Len(1)] | None = None
    relaxation: Names | None = None
    cost_aversion: NonNegative = 0.0
    index_weights: Literal["drifted", "market_cap"] = "drifted"
    unfilled: Literal["drop", "carry"] = "drop"
    account: Positive = 1e8
    risk_degree: Annotated[Fraction, Gt(0)] = 0.99
    benchmark: IndexCode | None = None

    _limit_names: ClassVar = ("min_constituent_weight", "max_weight_deviation", "industry_exposure", "exposures")
    _required: ClassVar[tuple[str, ...]] = ()
    """What else must be set for an index that the Huatai report does not have."""

    @model_validator(mode="before")
    @classmethod
    def _with_own_constraints(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("constraints") is None:
            return values
        configs = checked(Annotated[tuple[Any, ...], Listed], "constraints", values["constraints"])
        return values | {"constraints": tuple(as_constraints(configs))}

    @model_validator(mode="before")
    @classmethod
    def _as_in_the_report(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fill in what the Huatai report has for the index; own constraints take the place of its limits."""
        index = values.get("index")
        report = _report(index.lower()) if isinstance(index, str) else {}
        skipped = cls._limit_names if values.get("constraints") is not None else ()
        names = [name for name in report if name in cls.model_fields and name not in skipped]
        return values | {name: report[name] for name in names if values.get(name) is None}

    @model_validator(mode="after")
    def _complete_and_consistent(self) -> PortfolioSettings:
        own = self.constraints is not None
        missing = [name for name in self._required if getattr(self, name) is None]
        limits = [name for name in self._limit_names if getattr(self, name) is not None]
        missing += [] if own else [name for name in self._limit_names if name not in limits]
        if missing:
            indices = ", ".join(BENCHMARKS)
            raise ValueError(f"the Huatai report has {indices}, not {self.index}: set {', '.join(missing)}")
        ignored = [*limits, *(["blacklist"] if self.blacklist else [])]
        if own and ignored:
            raise ValueError(f"constraints take the place of {', '.join(ignored)}: write these as constraints too")
        constraints = self.limits(turnover=0.0)
        relaxation_groups(by_name(constraints), self.relaxation)
        needed_fields(constraints)
        return self

    def limits(self, turnover: float) -> list[Constraint]:
        """All constraints of the portfolio with a turnover limit."""
        if self.constraints is not None:
            return [*self.constraints, rules.Turnover(turnover)]
        floor, deviation, industry = self.min_constituent_weight, self.max_weight_deviation, self.industry_exposure
        assert floor is not None
        assert deviation is not None
        assert industry is not None
        return [
            rules.FullInvestment(),
            rules.LongOnly(),
            rules.ConstituentFloor(floor),
            rules.WeightDeviation(deviation),
            rules.IndustryExposure(industry),
            *(rules.FactorExposure(name, limit) for name, limit in (self.exposures or {}).items()),
            rules.Turnover(turnover),
            rules.NoLimitUpBuys(),
            rules.NoLimitDownSells(),
            rules.FrozenSuspended(),
            rules.NoUnscoredBuys(),
            rules.NoST(),
            rules.Blacklist(self.blacklist),
        ]

    @property
    def objective(self) -> Objective:
        """What rebalances maximise."""
        return Objective(self.cost_aversion, self.buy_cost, self.sell_cost)

    def read_market(self) -> MarketSnapshot:
        """Read the market that these portfolios are decided from, with the fields that their constraints need.

        Raises
        ------
        InputError
            A stock of a blacklist that the provider lacks, or as of `MarketSnapshot.read`.
        """
        market = MarketSnapshot.read(self.index, self.index_weights, needed_fields(self.limits(turnover=0.0)))
        self.check_blacklist(market.stocks)
        return market

    def check_blacklist(self, stocks: Iterable[str]) -> None:
        """Refuse a blacklist, also of own constraints, that names what is none of the market's stocks."""
        lists = [rule for rule in self.limits(turnover=0.0) if isinstance(rule, rules.Blacklist)]
        known = set(stocks)
        unknown = sorted({str(code) for rule in lists for code in rule.stocks if code.among(known) not in known})
        if unknown:
            raise InputError(f"blacklist names {', '.join(unknown)}: the provider's market `all` has no such stock")


class IndexEnhancementSettings(PortfolioSettings):
    """Settings of one index's enhancement: a portfolio for each turnover limit.

    Attributes
    ----------
    turnover_limits : sequence of float
        Two-sided, per rebalance, from 0 to 2.
    ... : all others as of `PortfolioSettings`

    Raises
    ------
    UnknownSetting
        A name that is no setting.
    InputError
        A value that is not allowed, or a setting that is missing for an index that the Huatai report does not have.
    """

    turnover_limits: TurnoverLimits | None = None
    _required: ClassVar[tuple[str, ...]] = ("turnover_limits", "benchmark")

    def __init__(self, index: Any = None, **settings: Any) -> None:
        super().__init__(**({} if index is None else {"index": index}), **settings)

    @property
    def turnovers(self) -> list[float]:
        """The turnover limits."""
        return list(self.turnover_limits or ())

    def shared(self) -> dict[str, Any]:
        """What the portfolios share, as keywords of `PortfolioSettings`."""
        return {name: value for name, value in self if name != "turnover_limits"}


def _report(index: str) -> dict[str, Any]:
    """What the Huatai report sets for an index; nothing for one that it does not have."""
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
