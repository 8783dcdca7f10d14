"""The networks as qlib Models."""

from qlib_mfgru.model.mean import MeanModel
from qlib_mfgru.model.networks import AttentionGRUModel, GRUModel, IncrementalGRUModel, MixedGRUModel
from qlib_mfgru.model.recorded import RecordedModel
from qlib_mfgru.model.settings import TrainSettings
from qlib_mfgru.model.training import TrainingError

__all__ = [
    "AttentionGRUModel",
    "GRUModel",
    "IncrementalGRUModel",
    "MeanModel",
    "MixedGRUModel",
    "RecordedModel",
    "TrainSettings",
    "TrainingError",
]
