from .optimise.base import Constraint, Decision
from .optimise.constraints import (
    Blacklist,
    ConstituentFloor,
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
from .optimise.explanation import Explanation, Untradable
from .optimise.objective import Objective
from .optimise.optimizer import IndexEnhancementOptimizer, Solution
from .optimise.terms import Terms
from .results.record import IndexEnhancementRecord
from .settings import IndexEnhancementSettings
from .snapshot import MarketSnapshot, MarketView
from .trade.backtest import run_index_enhancement
from .trade.exchange import IndexEnhancementExchange
from .trade.portfolios import IndexEnhancement, PortfolioRun
from .trade.position import SortedPosition
from .trade.quote import DenseQuote
from .trade.strategy import IndexEnhancementStrategy

__all__ = [
    "Blacklist",
    "ConstituentFloor",
    "Constraint",
    "Decision",
    "DenseQuote",
    "Explanation",
    "FactorExposure",
    "FrozenSuspended",
    "FullInvestment",
    "IndexEnhancement",
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
    "Objective",
    "PortfolioRun",
    "Solution",
    "SortedPosition",
    "Terms",
    "Turnover",
    "Untradable",
    "WeightDeviation",
    "run_index_enhancement",
]
