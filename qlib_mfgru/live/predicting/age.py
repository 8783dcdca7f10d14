"""How old a model is, and its retraining."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from qlib_mfgru.data.dataset import MultiFreqDataset
from qlib_mfgru.data.settings import Bounds, span
from qlib_mfgru.live.predicting.subject import Subject
from qlib_mfgru.provider import reader
from qlib_mfgru.rolling import RollingEnsembleModel
from qlib_mfgru.rolling.folds import Fold


@dataclass(frozen=True)
class Age:
    """When the network that predicts a day was trained.

    Attributes
    ----------
    trained : (Timestamp, Timestamp)
        The training window, validation included; None for no bound.
    n_days : int
        Trading days after it, up to the day that is predicted.
    period : str or None
        Months between retrainings, ``6M``; None of a single model, which has no such period.
    missing : tuple of Fold
        Retrainings that the calendar asks for on that day, and that are not done.
    """

    trained: Bounds
    n_days: int
    period: str | None = None
    missing: tuple[Fold, ...] = ()

    @property
    def due(self) -> bool:
        """Whether the model is older than its retraining period."""
        return bool(self.missing)

    @property
    def overdue(self) -> str:
        """Since when a retraining is due, in words; empty where none is."""
        return f"a retraining is due since {self.missing[0].test[0]:%Y-%m-%d} (--retrain does it)" if self.due else ""

    def __str__(self) -> str:
        trained = f"trained on {span(self.trained)}, {self.n_days} trading days before"
        if self.period is None:
            return f"{trained}; a single model has no retraining period"
        if not self.missing:
            return f"{trained}; retrained every {self.period}"
        return f"{trained}: older than its retraining period, {self.period}; {self.overdue}"


def age_of(subject: Subject, day: pd.Timestamp) -> Age:
    """The age of a subject's network on a day."""
    network = subject.network
    if not isinstance(network, RollingEnsembleModel):
        bounds = _fitted_on(subject.saved_dataset())
        return Age(bounds, _days_after(bounds, day))
    fold = [fold for fold in network.folds if fold.test[0] <= day or fold is network.folds[0]][-1]
    return Age(
        fold.train, _days_after(fold.train, day), network.retrain, tuple(network.missing_folds(_of_test(subject, day)))
    )


def train_missing(subject: Subject, day: pd.Timestamp) -> list[Fold]:
    """Train the folds of a rolling model that are missing on a day, and nothing else; return them.

    A single model has no folds, and none is missing.
    """
    network = subject.network
    return network.extend(_of_test(subject, day)) if isinstance(network, RollingEnsembleModel) else []


def _of_test(subject: Subject, day: pd.Timestamp) -> MultiFreqDataset:
    """The dataset of a rolling model's folds, as if its test had been up to a day."""
    segments = dict(subject.saved_dataset().segments)
    first = subject.network.folds[0].test[0]
    return subject.dataset(None, max(day, first), **{**segments, "test": (first, max(day, first))})


def _fitted_on(dataset: MultiFreqDataset) -> Bounds:
    bounds = [dataset.segments[name] for name in ("train", "valid") if name in dataset.segments]
    if not bounds:
        return None, None
    first, last = bounds[0][0], bounds[-1][1]
    return first, last


def _days_after(bounds: Bounds, day: pd.Timestamp) -> int:
    days = reader.calendar("day")
    return 0 if bounds[1] is None else int(((days > bounds[1]) & (days <= day)).sum())
