"""What all models share as qlib Models: settings, fitting in stages, prediction, and what goes to the recorder."""

from __future__ import annotations

import copy
import dataclasses
import json
import tempfile
import threading
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from qlib.log import get_module_logger
from qlib.model.base import Model
from qlib.workflow import R

from qlib_mfgru import native
from qlib_mfgru.data.dataset import MultiFreqDataset
from qlib_mfgru.data.samples import SampleTable
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.callbacks import EarlyStopping, History, Progress, RecorderLog, recorder_is_active
from qlib_mfgru.model.curve import plot_training_curve
from qlib_mfgru.model.denormals import denormals_flushed
from qlib_mfgru.model.training import Callback, StageData, TrainSettings, score_samples, train_stage
from qlib_mfgru.nn import GRULayer, ScoringNet

_SEEDED = threading.Lock()  # torch's random numbers are the process's: models fitted in threads take turns


class NeuralModel(Model):
    """A network, trained on the samples of a `MultiFreqDataset` by minus the IC.

    Parameters
    ----------
    freqs : sequence of str
        Frequencies that the model reads.
    hidden_size : int
        Size of the GRU's state; report: 30.
    **settings
        Any of `TrainSettings`: ``batch_size, batch_by, lr, max_epochs, patience, seed, device, gru``.

    Attributes
    ----------
    tag : str
        Put before the names of what goes to the recorder, where several models are fitted in one experiment.
    net : Module or None
        The trained network, on the CPU; None before `fit`.
    history : list of dict
        One row an epoch: ``stage, epoch, train_ic, valid_ic, seconds``.
    """

    _start: dict[str, torch.Tensor] | None = None  # weights that the next fit begins with

    def __init__(self, freqs: Sequence[str], hidden_size: int = 30, **settings: Any) -> None:
        known = [field.name for field in dataclasses.fields(TrainSettings)]
        unknown = sorted(settings.keys() - set(known))
        if unknown:
            raise InputError(f"{type(self).__name__} does not know {unknown}; training settings are {known}")
        if not freqs or isinstance(freqs, str):
            raise InputError(f"{type(self).__name__} needs a list of frequencies, not {freqs!r}")
        self.freqs = tuple(freqs)
        self.hidden_size = hidden_size
        self.settings = TrainSettings(**settings)
        self.tag = ""
        self.net: ScoringNet | None = None
        self.history: list[dict[str, Any]] = []

    def stage_freqs(self) -> list[tuple[str, ...]]:
        """Frequencies that the samples of each stage need, in the order of training."""
        return [self.freqs]

    def warm_start(self, earlier: NeuralModel) -> None:
        """Let the next `fit` begin with the weights of `earlier`, a fitted model of the same shape."""
        if earlier.net is None:
            raise RuntimeError(f"{type(earlier).__name__} is not fitted: there are no weights to start from")
        self._start = copy.deepcopy(earlier.net.state_dict())

    @abstractmethod
    def build(self) -> ScoringNet:
        """A fresh network; called under the model's seed."""

    @abstractmethod
    def train(self, net: ScoringNet, dataset: MultiFreqDataset) -> list[str]:
        """Train `net` in place by `run_stage`; return a title for each stage."""

    def fit(self, dataset: MultiFreqDataset) -> None:
        """Train on ``train``, stop early on ``valid``, keep the best weights.

        Inside a qlib experiment the ICs of every epoch go to the recorder's metrics, and ``training_history.json``
        and ``training_curve.png`` to its artifacts.

        Raises
        ------
        InputError
            If a segment has no samples.
        TrainingError
            If the loss is NaN, predictions are constant, or no validation date has an IC.
        """
        self.history = []
        with _SEEDED, torch.random.fork_rng():
            torch.manual_seed(self.settings.seed)
            net = self.build()
        if self._start is not None:
            net.load_state_dict(self._start)
            self._start = None
        with denormals_flushed():
            titles = self.train(self._placed(net), dataset)
        self.net = net.cpu().eval()
        if recorder_is_active():
            self._save_curve(titles)

    def run_stage(self, net: ScoringNet, data: StageData, stage: int, title: str) -> None:
        """Train `net` for one stage and give it the weights of its best epoch."""
        train, valid = self._resident(net, data.train, data.valid)
        data = dataclasses.replace(data, train=train, valid=valid)
        stopping = EarlyStopping(self.settings.patience)
        with Progress(f"{type(self).__name__}: {title}", self.settings.max_epochs) as progress:
            callbacks: list[Callback] = [stopping, History(self.history), progress, RecorderLog(self.tag)]
            train_stage(net, data, self.settings, callbacks, stage)
        stopping.restore(net)
        get_module_logger("mfgru").info(
            f"{title}: best validation IC {stopping.best_ic:.4f} at epoch {stopping.best_epoch}"
        )

    def predict(self, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
        """Scores of every stock with complete windows on every trading day of a segment.

        Parameters
        ----------
        dataset : MultiFreqDataset
        segment : str, slice or (first, last)

        Returns
        -------
        Series
            Named ``score``, over (datetime, instrument). The scale is arbitrary: the loss knows correlations only.
        """
        if self.net is None:
            raise RuntimeError(f"{type(self).__name__} is not fitted: call fit(dataset) before predict")
        with denormals_flushed():
            (table,) = self._resident(self.net, dataset.every_day(segment, self.freqs))
            scores = score_samples(self._placed(self.net), table, f"{type(self).__name__}: predicting")
        self.net = self.net.cpu()
        index = pd.MultiIndex.from_arrays([table.sample_dates, table.sample_codes], names=["datetime", "instrument"])
        return pd.Series(scores.numpy(), index=index, name="score")

    def _placed(self, net: ScoringNet) -> ScoringNet:
        """`net` on the device of the settings, with their implementation of the recurrence."""
        device = self.settings.torch_device()
        net.to(device)
        layers = [module for module in net.modules() if isinstance(module, GRULayer)]
        for layer in layers:
            layer.implementation = self.settings.gru
        place = native.capability() if device.type == "cpu" else torch.cuda.get_device_name(device)
        get_module_logger("mfgru").info(
            f"GRU: {layers[0].chosen()} on {device} ({place}, {torch.get_num_threads()} threads)"
        )
        return net

    def _resident(self, net: ScoringNet, *tables: SampleTable) -> tuple[SampleTable, ...]:
        """The tables with the bars that `net` reads held on the GPU, where there is one and they fit."""
        device = self.settings.torch_device()
        if device.type == "cpu":
            return tables
        market = tables[0].market.on_device(device, net.freqs)
        return tuple(table.over(market) for table in tables)

    def _save_curve(self, titles: Sequence[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            curve, history = (Path(folder, self.tag + name) for name in ("training_curve.png", "training_history.json"))
            plot_training_curve(self.history, titles, curve)
            history.write_text(json.dumps(self.history, indent=1))
            for path in (curve, history):
                R.save_objects(local_path=str(path))
