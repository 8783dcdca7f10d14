"""Index enhancement with a factor: constraints, optimiser, qlib strategy and exchange, performance, record."""

from qlib_mfgru.portfolio.constraints import (
    Blacklist,
    ConstituentFloor,
    Constraint,
    Decision,
    FactorExposure,
    FrozenSuspended,
    FullInvestment,
    IndustryExposure,
    LongOnly,
    NoLimitDownSells,
    NoLimitUpBuys,
    NoST,
    NoUnscoredBuys,
    Turnover,
    WeightDeviation,
)
from qlib_mfgru.portfolio.optimizer import IndexEnhancementOptimizer, Solution
from qlib_mfgru.portfolio.snapshot import MarketSnapshot, MarketView

__all__ = [
    "Blacklist",
    "ConstituentFloor",
    "Constraint",
    "Decision",
    "FactorExposure",
    "FrozenSuspended",
    "FullInvestment",
    "IndexEnhancementOptimizer",
    "IndustryExposure",
    "LongOnly",
    "MarketSnapshot",
    "MarketView",
    "NoLimitDownSells",
    "NoLimitUpBuys",
    "NoST",
    "NoUnscoredBuys",
    "Solution",
    "Turnover",
    "WeightDeviation",
]
