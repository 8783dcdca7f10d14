from .collecting.account import Collected
from .collecting.run import collect
from .rebalancing.plan import RebalancePlan
from .rebalancing.rebalance import rebalance

__all__ = [
    "Collected",
    "RebalancePlan",
    "collect",
    "rebalance",
]
