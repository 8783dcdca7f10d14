from .folds import Fold, calendar_folds, sample_dates
from .model import RollingEnsembleModel, RollingError
from .work.store import UnitStore

__all__ = [
    "Fold",
    "RollingEnsembleModel",
    "RollingError",
    "UnitStore",
    "calendar_folds",
    "sample_dates",
]
