from .rebalancing.plan import RebalancePlan
from .rebalancing.rebalance import rebalance

__all__: list[str] = ["RebalancePlan", "rebalance"]
