from .optimise.constraints import (
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
from .optimise.optimizer import IndexEnhancementOptimizer, Solution
from .results.record import IndexEnhancementRecord
from .settings import IndexEnhancementSettings
from .snapshot import MarketSnapshot, MarketView
from .trade.exchange import IndexEnhancementExchange
from .trade.quote import DenseQuote
from .trade.strategy import IndexEnhancementStrategy

__all__ = [
    "Blacklist",
    "ConstituentFloor",
    "Constraint",
    "Decision",
    "DenseQuote",
    "FactorExposure",
    "FrozenSuspended",
    "FullInvestment",
    "IndexEnhancementExchange",
    "IndexEnhancementOptimizer",
    "IndexEnhancementRecord",
    "IndexEnhancementSettings",
    "IndexEnhancementStrategy",
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
