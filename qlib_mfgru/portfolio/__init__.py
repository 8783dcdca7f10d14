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
from qlib_mfgru.portfolio.exchange import IndexEnhancementExchange
from qlib_mfgru.portfolio.optimizer import IndexEnhancementOptimizer, Solution
from qlib_mfgru.portfolio.quote import DenseQuote
from qlib_mfgru.portfolio.record import IndexEnhancementRecord
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot, MarketView
from qlib_mfgru.portfolio.strategy import IndexEnhancementStrategy

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
