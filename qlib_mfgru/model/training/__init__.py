"""Training, whatever the network: the loop, what it computes, what happens after an epoch, which errors end it."""

from qlib_mfgru.model.training.failures import TrainingError
from qlib_mfgru.model.training.loop import Callback, EpochRecord, StageData, train_stage
from qlib_mfgru.model.training.scoring import mean_by_date, metric_by_date, score_samples, validate
from qlib_mfgru.model.training.stage import StageResult

__all__ = [
    "Callback",
    "EpochRecord",
    "StageData",
    "StageResult",
    "TrainingError",
    "mean_by_date",
    "metric_by_date",
    "score_samples",
    "train_stage",
    "validate",
]
