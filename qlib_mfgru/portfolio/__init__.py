"""Index enhancement with a factor: constraints, optimiser, qlib strategy and exchange, performance, record."""

from qlib_mfgru.portfolio.optimise.constraints import (
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
from qlib_mfgru.portfolio.optimise.optimizer import IndexEnhancementOptimizer, Solution
from qlib_mfgru.portfolio.results.record import IndexEnhancementRecord
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot, MarketView
from qlib_mfgru.portfolio.trade.exchange import IndexEnhancementExchange
from qlib_mfgru.portfolio.trade.quote import DenseQuote
from qlib_mfgru.portfolio.trade.strategy import IndexEnhancementStrategy

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
