"""Retraining by the calendar, seed by seed, in units that survive a crash."""

from qlib_mfgru.rolling.folds import Fold, calendar_folds, sample_dates
from qlib_mfgru.rolling.model import RollingEnsembleModel, RollingError
from qlib_mfgru.rolling.store import UnitStore

__all__ = ["Fold", "RollingEnsembleModel", "RollingError", "UnitStore", "calendar_folds", "sample_dates"]
