"""``RecordedModel``: a recorder's prediction in the place of a model, so that qrun can run records on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from qlib.data import D
from qlib.data.dataset import DatasetH, TSDatasetH
from qlib.data.dataset.handler import DataHandlerLP
from qlib.log import get_module_logger
from qlib.model.base import Model
from qlib.utils import get_date_by_shift
from qlib.workflow import R
from qlib.workflow.recorder import Recorder

from qlib_mfgru.data.settings import Bounds, bounds_of, span
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.training.callbacks import recorder_is_active
from qlib_mfgru.report.recorders import (
    DATASET,
    MODEL,
    find_recorder,
    has_artifact,
    load_artifact,
    load_model,
    load_prediction,
    model_name,
)
from qlib_mfgru.report.scores import as_series
from qlib_mfgru.report.store.runs import name_run, run_name
from qlib_mfgru.settings import Text, checked


class RecordedModel(Model):
    """A model that trains nothing and predicts what a recorder of the same store holds.

    Dates after the recorder's last one are predicted by the recorder's own model, as qlib's PredUpdater would, but
    nothing is written to that recorder; so qlib's updaters continue the prediction of a recorder whose model this is.
    Recorded dates are served as they are, and those before the first one are left out. Later dates that cannot be
    predicted, as where daily bars are newer than those of 15 minutes, are named in a warning and left out.

    Parameters
    ----------
    recorder_id : str
        As qrun and ``mlflow ui`` show it.
    """

    def __init__(self, recorder_id: str) -> None:
        self.recorder_id: str = checked(Text, "recorder_id", recorder_id)

    @property
    def recorder(self) -> Recorder:
        """The recorder; an InputError where the store has none of that id."""
        return find_recorder(self.recorder_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of recorder {self.recorder_id}>"

    def fit(self, dataset: DatasetH, *_: Any, **__: Any) -> None:
        """Check that there is a prediction.

        Raises
        ------
        InputError
            No such recorder in the store, or no prediction in it.
        """
        recorder = self.recorder
        dates = _scores(recorder).index.unique("datetime")
        span = f"{len(dates)} dates, {min(dates):%Y-%m-%d} .. {max(dates):%Y-%m-%d}"
        if recorder_is_active():
            name_run(R.get_recorder(), run_name(recorder) or model_name(recorder))
        get_module_logger("mfgru").info(f"the prediction is that of recorder {self.recorder_id}: {span}")

    def predict(self, dataset: DatasetH, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
        """The recorder's scores of a segment, a Series named ``score`` over (datetime, instrument).

        Parameters
        ----------
        dataset : DatasetH
            Its segments, and where the recorder holds no dataset the data that its model predicts later dates on.
        segment : str, slice or (first, last)

        Raises
        ------
        InputError
            The recorder has no score of the segment, and no model for its later dates; or these cannot be predicted.
        """
        recorder, bounds = self.recorder, bounds_of(segment, dataset.segments)
        recorded = _scores(recorder)
        last = recorded.index.get_level_values("datetime").max()
        parts = [_within(recorded, bounds)]
        if later := _later(last, bounds):
            try:
                parts.append(_predicted(recorder, dataset, later))
            except InputError as error:
                if parts[0].empty:
                    raise
                get_module_logger("mfgru").warning(f"no score in {span(later)}: {error}")
        scores = pd.concat([part for part in parts if not part.empty] or parts[:1])
        if scores.empty:
            raise InputError(f"the recorder {self.recorder_id} has no score in {span(bounds)}")
        return scores


def _scores(recorder: Recorder) -> pd.Series:
    return as_series(load_prediction(recorder)).rename("score")


def _within(scores: pd.Series, bounds: Bounds) -> pd.Series:
    first, last = bounds
    dates = pd.Series(scores.index.get_level_values("datetime"))
    return scores[dates.between(first or dates.min(), last or dates.max()).to_numpy()]


def _later(recorded_until: pd.Timestamp, bounds: Bounds) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """First and last trading day of a segment after what is recorded; None if there is none."""
    first, last = bounds
    days = pd.DatetimeIndex(D.calendar(freq="day"))
    days = days[days > recorded_until]
    days = days[(days >= (first or days.min())) & (days <= (last or days.max()))]
    return (days[0], days[-1]) if len(days) else None


def _predicted(recorder: Recorder, dataset: DatasetH, segment: tuple[pd.Timestamp, pd.Timestamp]) -> pd.Series:
    """Scores of later dates by the recorder's model; an InputError where it has none, or cannot predict any."""
    if not has_artifact(recorder, MODEL):
        raise InputError(
            f"the recorder {recorder.id} has no score in {span(segment)}, nor a model ({MODEL}) to predict it"
        )
    if has_artifact(recorder, DATASET):
        dataset = load_artifact(recorder, DATASET, "qrun saves it")
        first = get_date_by_shift(segment[0], 1 - dataset.step_len) if isinstance(dataset, TSDatasetH) else segment[0]
        dataset.config(handler_kwargs={"start_time": first, "end_time": segment[1]}, segments={"test": segment})
        dataset.setup_data(handler_kwargs={"init_type": DataHandlerLP.IT_LS})
    return as_series(load_model(recorder).predict(dataset, slice(*segment))).rename("score")
