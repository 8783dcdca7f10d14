"""``Member``: what a rolling ensemble or a mean asks of the models that it is made of."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from qlib_mfgru.data.dataset import MultiFreqDataset, multi_freq
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.state import ModelState
from qlib_mfgru.nn import MetricName

if TYPE_CHECKING:  # qlib is untyped, and a class derived from its Model would pass for anything

    class Model:
        def fit(self, dataset: Any) -> None: ...
        def predict(self, dataset: Any, segment: Any = "test") -> Any: ...

else:
    from qlib.model.base import Model


class Member(Model):
    """A qlib Model that tells what it trains on and how well it validates.

    Attributes
    ----------
    tag : str
        Prefix of everything that goes to the recorder, where several models are fitted in one experiment.
    history : list of dict
        One row an epoch; empty if there are none.
    validation : mapping of str to float
        Metric -> its value on the validation samples, with the weights that were kept; empty where nothing validates.
    """

    tag: str

    @property
    def params(self) -> dict[str, Any]:
        """Its class, as ``model``, and its settings by name, defaults included."""
        return {"model": type(self).__name__}

    @property
    @abstractmethod
    def history(self) -> list[dict[str, Any]]: ...

    @property
    @abstractmethod
    def validation(self) -> Mapping[MetricName, float]: ...

    @property
    @abstractmethod
    def starts_warm(self) -> bool:
        """Whether `warm_start` is possible."""

    @abstractmethod
    def stage_freqs(self, dataset: MultiFreqDataset) -> list[tuple[str, ...]]:
        """Frequencies that the samples of each stage need, in the order of training; empty if it does not say."""

    def check_inputs(self, dataset: MultiFreqDataset) -> None:
        """Refuse frequencies that are no input of the dataset's handler, as far as the model says what it reads.

        Raises
        ------
        InputError
            In one line.
        """
        for freqs in self.stage_freqs(dataset):
            multi_freq(dataset, type(self).__name__).handler.frequencies(freqs)

    @abstractmethod
    def warm_start(self, earlier: Member) -> None:
        """Start the next `fit` from what `earlier`, a fitted member of the same making, has learnt.

        Raises
        ------
        InputError
            If there is nothing that could be taken over.
        """

    @abstractmethod
    def state(self) -> ModelState | None:
        """What the last `fit` has learnt; None if tensors and plain values cannot say it."""

    @abstractmethod
    def restore(self, state: ModelState) -> None:
        """Become what a member of the same class and settings was whose `state` this is.

        Raises
        ------
        Exception
            Of any kind, if it is the state of another.
        """

    @abstractmethod
    def fit(self, dataset: MultiFreqDataset) -> None:
        """Train."""

    @abstractmethod
    def predict(self, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
        """Scores over (datetime, instrument)."""


def as_member(model: Model) -> Member:
    """A model of ours as it is, any other qlib Model as a `PlainMember`."""
    return model if isinstance(model, Member) else PlainMember(model)


class PlainMember(Member):
    """Any other qlib Model that reads a `MultiFreqDataset`: it is fitted and predicts, and says no more than that.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        self.model, self.tag = model, ""

    @property
    def params(self) -> dict[str, Any]:
        return {"model": type(self.model).__name__}

    @property
    def history(self) -> list[dict[str, Any]]:
        return []

    @property
    def validation(self) -> Mapping[MetricName, float]:
        return {}

    @property
    def starts_warm(self) -> bool:
        return False

    def stage_freqs(self, dataset: MultiFreqDataset) -> list[tuple[str, ...]]:
        return []

    def warm_start(self, earlier: Member) -> None:
        raise InputError(f"{type(self.model).__name__} cannot begin with the weights of another")

    def state(self) -> None:
        return None

    def restore(self, state: ModelState) -> None:
        raise InputError(f"{type(self.model).__name__} cannot be restored: it does not say what it has learnt")

    def fit(self, dataset: MultiFreqDataset) -> None:
        self.model.fit(dataset)

    def predict(self, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
        scores: pd.Series = self.model.predict(dataset, segment)
        return scores
