"""``Subject``: the recorder that predicts, its model, and the data that the model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from qlib.workflow.recorder import Recorder

from qlib_mfgru.data.dataset import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import RecordedModel
from qlib_mfgru.model.member import Member
from qlib_mfgru.report.recorders import DATASET, has_artifact, load_artifact, load_model
from qlib_mfgru.report.scores import as_series
from qlib_mfgru.rolling import RollingEnsembleModel


@dataclass(frozen=True, eq=False)
class Subject:
    """What predicts.

    Attributes
    ----------
    recorder : Recorder
        The one that was asked for.
    model : Model
        Its ``params.pkl``.
    network : Model
        The model itself, or where that is a `RecordedModel` the one of the recorder that this names.
    source : Recorder
        That recorder.
    """

    recorder: Recorder
    model: Any
    network: Any
    source: Recorder

    @classmethod
    def of(cls, recorder: Recorder) -> Subject:
        """All of a recorder; an InputError where it has no model."""
        model = network = load_model(recorder)
        source = recorder
        while isinstance(network, RecordedModel):
            source = network.recorder
            network = load_model(source)
        return cls(recorder, model, network, source)

    @property
    def name(self) -> str:
        """The network's class, and that of its members where there are several."""
        kind = type(self.network).__name__
        return f"{kind} of {self.network.model['class']}" if isinstance(self.network, RollingEnsembleModel) else kind

    def saved_dataset(self) -> MultiFreqDataset:
        """The dataset that the network was fitted on, without data.

        Raises
        ------
        InputError
            The recorder has none, or one of another kind.
        """
        holder = self.source if has_artifact(self.source, DATASET) else self.recorder
        dataset = load_artifact(holder, DATASET, "qrun saves it")
        if not isinstance(dataset, MultiFreqDataset):
            raise InputError(
                f"the recorder {holder.id} was made on a {type(dataset).__name__}: qlib's own PredUpdater continues it"
            )
        return dataset

    def dataset(self, first: pd.Timestamp | None, last: pd.Timestamp, **segments: Any) -> MultiFreqDataset:
        """The saved dataset over the days up to `last`: nothing later is read.

        Parameters
        ----------
        first, last : Timestamp
            Bounds of the handler; None for its own.
        **segments
            By default ``test`` is all of it.
        """
        dataset = self.saved_dataset()
        dates = {"end_time": last} if first is None else {"start_time": first, "end_time": last}
        dataset.config(handler_kwargs=dates, segments=segments or {"test": (first, last)})
        dataset.setup_data(handler_kwargs={})
        return dataset

    def predict(self, dataset: MultiFreqDataset) -> pd.Series:
        """Scores of a dataset's test, in order of date and stock.

        Raises
        ------
        InputError
            The model cannot predict, as before it is fitted, or not this dataset.
        """
        ours = isinstance(self.network, (Member, RollingEnsembleModel))
        try:
            scores = self.model.predict(dataset)
        except Exception as error:  # the models of others raise what they like
            if isinstance(error, (InputError, OSError, MemoryError)) or (ours and not isinstance(error, RuntimeError)):
                raise
            words = " ".join(str(error).split()) or "no reason is given"
            raise InputError(
                f"the {self.name} of the recorder {self.source.id} does not predict its dataset: "
                f"{type(error).__name__}: {words}"
            ) from error
        return as_series(scores).rename("score").sort_index()

    def freqs(self, dataset: MultiFreqDataset) -> tuple[str, ...]:
        """Frequencies that a stock needs for a score."""
        if not isinstance(self.network, (Member, RollingEnsembleModel)):
            return dataset.handler.frequencies()
        stages = self.network.stage_freqs(dataset)
        return tuple(dict.fromkeys(freq for stage in stages for freq in stage)) or dataset.handler.frequencies()
