"""``RecordedModel``: a recorder's prediction in the place of a model, so that qrun can run records on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from qlib.data.dataset import DatasetH
from qlib.log import get_module_logger
from qlib.model.base import Model

from qlib_mfgru.data.settings import bounds_of, span
from qlib_mfgru.errors import InputError
from qlib_mfgru.report.recorders import find_recorder, load_prediction
from qlib_mfgru.report.scores import as_series
from qlib_mfgru.settings import Text, checked


class RecordedModel(Model):
    """A model that trains nothing and predicts what a recorder of the same store holds.

    Parameters
    ----------
    recorder_id : str
        As qrun and ``mlflow ui`` show it.
    """

    def __init__(self, recorder_id: str) -> None:
        self.recorder_id: str = checked(Text, "recorder_id", recorder_id)

    def fit(self, dataset: DatasetH, *_: Any, **__: Any) -> None:
        """Check that there is a prediction.

        Raises
        ------
        InputError
            No such recorder in the store, or no prediction in it.
        """
        dates = self._scores().index.unique("datetime")
        span = f"{len(dates)} dates, {min(dates):%Y-%m-%d} .. {max(dates):%Y-%m-%d}"
        get_module_logger("mfgru").info(f"the prediction is that of recorder {self.recorder_id}: {span}")

    def predict(self, dataset: DatasetH, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
        """The recorder's scores of a segment, a Series named ``score`` over (datetime, instrument).

        Raises
        ------
        InputError
            The recorder has no score of the segment.
        """
        bounds = bounds_of(segment, dataset.segments)
        first, last = bounds
        scores = self._scores()
        dates = pd.Series(scores.index.get_level_values("datetime"))
        in_segment = scores[dates.between(first or dates.min(), last or dates.max()).to_numpy()]
        if in_segment.empty:
            raise InputError(f"the recorder {self.recorder_id} has no score in {span(bounds)}")
        return in_segment

    def _scores(self) -> pd.Series:
        return as_series(load_prediction(find_recorder(self.recorder_id))).rename("score")
