from .collecting.account import Collected
from .collecting.run import collect
from .predicting.age import Age
from .predicting.predict import Prediction, predict
from .rebalancing.plan import RebalancePlan
from .rebalancing.rebalance import rebalance
from .updating.reporting.report import UpdateReport
from .updating.update import update

__all__ = [
    "Age",
    "Collected",
    "Prediction",
    "RebalancePlan",
    "UpdateReport",
    "collect",
    "predict",
    "rebalance",
    "update",
]
