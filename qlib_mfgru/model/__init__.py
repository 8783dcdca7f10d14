"""The networks as qlib Models."""

from qlib_mfgru.model.expression import ExpressionModel
from qlib_mfgru.model.incremental import IncrementalGRUModel
from qlib_mfgru.model.mean import MeanModel
from qlib_mfgru.model.member import Member, as_member
from qlib_mfgru.model.networks import AttentionGRUModel, GRUModel, MixedGRUModel, NetworkModel
from qlib_mfgru.model.recorded import RecordedModel
from qlib_mfgru.model.settings import EpochSettings, TrainSettings
from qlib_mfgru.model.state import ModelState
from qlib_mfgru.model.training.failures import TrainingError

__all__ = [
    "AttentionGRUModel",
    "EpochSettings",
    "ExpressionModel",
    "GRUModel",
    "IncrementalGRUModel",
    "MeanModel",
    "Member",
    "MixedGRUModel",
    "ModelState",
    "NetworkModel",
    "RecordedModel",
    "TrainSettings",
    "TrainingError",
    "as_member",
]
