from .collecting.account import Collected
from .collecting.run import collect
from .rebalancing.plan import RebalancePlan
from .rebalancing.rebalance import rebalance
from .updating import UpdateReport, update

__all__ = [
    "Collected",
    "RebalancePlan",
    "UpdateReport",
    "collect",
    "rebalance",
    "update",
]
