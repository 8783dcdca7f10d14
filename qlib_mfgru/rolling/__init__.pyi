from .folds import Fold, calendar_folds, sample_dates
from .model import RollingEnsembleModel
from .work.store import UnitStore
from .work.training import RollingError

__all__ = [
    "Fold",
    "RollingEnsembleModel",
    "RollingError",
    "UnitStore",
    "calendar_folds",
    "sample_dates",
]
