"""What all models share as qlib Models: settings, fitting in stages, prediction, and what goes to the recorder."""

from __future__ import annotations

import copy
import dataclasses
import json
import tempfile
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import torch
from qlib.log import get_module_logger
from qlib.workflow import R

from qlib_mfgru import native
from qlib_mfgru.data.dataset import MultiFreqDataset, multi_freq
from qlib_mfgru.data.samples import SampleTable
from qlib_mfgru.data.settings import span
from qlib_mfgru.errors import InputError
from qlib_mfgru.machine import advice
from qlib_mfgru.model.ahead import check_records
from qlib_mfgru.model.member import Member
from qlib_mfgru.model.settings import TrainSettings
from qlib_mfgru.model.start import WarmStart, check_reading
from qlib_mfgru.model.state import ModelState, fit_of, plain_fit, weights_of
from qlib_mfgru.model.training.callbacks import (
    History,
    Progress,
    RecorderLog,
    log_metrics,
    recorder_is_active,
)
from qlib_mfgru.model.training.cores import gru_layers, what_runs
from qlib_mfgru.model.training.denormals import denormals_flushed
from qlib_mfgru.model.training.loop import Callback, StageData, train_stage
from qlib_mfgru.model.training.run import begin_run, log_validation, titled
from qlib_mfgru.model.training.scoring import check_dates, mean_by_date, metric_by_date, score_samples, validate
from qlib_mfgru.model.training.seeded import seeded
from qlib_mfgru.model.training.stage import StageResult
from qlib_mfgru.model.training.stopping import EarlyStopping
from qlib_mfgru.model.training.weight import choose_weight
from qlib_mfgru.nn import Inputs, InputShape, MetricName, ScoringNet
from qlib_mfgru.nn.weighted import WeightedNet


class NeuralModel(Member):
    """A network, trained on the samples of a `MultiFreqDataset`.

    Parameters
    ----------
    **settings
        Those of `settings_kind`: any of `TrainSettings` and `EpochSettings`, and for the report's models
        ``hidden_size`` (report: 30) and ``dropout`` (none).

    Attributes
    ----------
    settings : TrainSettings
    net : ScoringNet or None
        The trained network, on the CPU; None before `fit`.
    trained : list of StageResult
        One for each stage of the last `fit`.
    inputs : mapping of str to InputShape
        What the network was built for; empty before `fit`.
    reading : mapping
        How the windows that it was fitted on are made, see `MultiFreqHandler.reading`; empty before `fit`.

    Raises
    ------
    InputError
        What is wrong with the settings, in one line.
    """

    settings_kind: ClassVar[type[TrainSettings]]
    settings: TrainSettings
    _start: WarmStart | None = None

    def __init__(self, **settings: Any) -> None:
        self.settings = self.settings_kind(**settings)
        self.tag = ""
        self.net: ScoringNet | None = None
        self.trained: list[StageResult] = []
        self.inputs: Inputs = {}
        self.reading: Mapping[str, Any] = {}

    @property
    @abstractmethod
    def freqs(self) -> tuple[str, ...] | None:
        """Frequencies that the network is built for; None for all of the handler's."""

    @property
    def params(self) -> dict[str, Any]:
        return super().params | dict(self.settings)

    def __repr__(self) -> str:
        state = "; ".join(map(str, self.trained)) or "not fitted"
        hidden = f", hidden size {self.params['hidden_size']}" if "hidden_size" in self.params else ""
        loss = self.settings.loss if isinstance(self.settings.loss, str) else self.settings.loss["class"]
        return f"<{titled(self.params)}{hidden}, loss {loss}, seed {self.settings.seed}: {state}>"

    @property
    def history(self) -> list[dict[str, Any]]:
        """One row an epoch: ``stage, epoch, train_<metric>, valid_<metric>, seconds``."""
        return [row for result in self.trained for row in result.rows]

    @property
    def validation(self) -> Mapping[MetricName, float]:
        """The validation metric of the last stage; empty before `fit`."""
        return {result.metric: result.valid for result in self.trained[-1:]}

    @property
    def starts_warm(self) -> bool:
        return True

    def warm_start(self, earlier: Member) -> None:
        """Start the next `fit` from the weights of `earlier`, a fitted model of the same shape."""
        if not isinstance(earlier, NeuralModel):
            raise InputError(f"{type(earlier).__name__} has no weights that a {type(self).__name__} could start from")
        if earlier.net is None:
            raise RuntimeError(f"{type(earlier).__name__} is not fitted: there are no weights to start from")
        self._start = WarmStart(copy.deepcopy(earlier.net.state_dict()), earlier.reading)

    @abstractmethod
    def build(self, inputs: Inputs) -> ScoringNet:
        """A fresh network for windows of these shapes; called under the model's seed."""

    @abstractmethod
    def train(self, net: ScoringNet, dataset: MultiFreqDataset) -> list[StageResult]:
        """Train `net` in place by `run_stage`, once for each stage."""

    def fit(self, dataset: MultiFreqDataset) -> None:
        """Train on ``train``, stop early on ``valid``, keep the best weights.

        Inside a qlib experiment the recorder gets a name and the settings (`begin_run`), metrics of what is kept
        (``valid_<metric>``; ``stage<k>_epoch``, 0 for a stage that adds nothing), of every epoch (``epochs/...``), and
        the artifacts ``training_history.json`` and ``training_curve.png``.

        Raises
        ------
        InputError
            If the dataset is no `MultiFreqDataset`, a record of the qrun cannot be made (`check_records`), torch does
            not see the GPU of the settings, the handler lacks a frequency of the model, or a segment has no samples.
        TrainingError
            If the loss is NaN, predictions are constant, or no validation date has the metric.
        """
        multi_freq(dataset, type(self).__name__)
        check_records()
        device = self.settings.torch_device()
        begin_run(self, dataset)
        net = self.fresh(dataset)
        self.inputs, self.trained = self._shapes(dataset), []
        if self._start is not None:
            self._start.give_to(net, dataset.handler)
            self._start = None
        stochastic = net.stochastic or self.settings.make_loss().stochastic
        random = seeded(self.settings.seed, device) if stochastic else nullcontext()
        with random, denormals_flushed():  # no decorator: qlib reads the method's own signature
            self.trained = self.train(self._placed(net), dataset)
        self.net, self.reading = net.cpu().eval(), dataset.handler.reading(net.freqs)
        log_validation(self)
        if recorder_is_active():
            self._save_curve(dataset)

    def fresh(self, dataset: MultiFreqDataset) -> ScoringNet:
        """A network for the dataset's windows, with the weights that the seed draws.

        Raises
        ------
        InputError
            If the dataset is no `MultiFreqDataset`, or the handler lacks a frequency of the model.
        """
        net = self._drawn(self._shapes(multi_freq(dataset, type(self).__name__)))
        dataset.handler.frequencies(net.freqs)
        return net

    def _shapes(self, dataset: MultiFreqDataset) -> Inputs:
        return {freq: InputShape(*shape) for freq, shape in dataset.handler.input_shapes(self.freqs).items()}

    def _drawn(self, inputs: Inputs) -> ScoringNet:
        with seeded(self.settings.seed, torch.device("cpu")):
            return self.build(inputs)

    def state(self) -> ModelState | None:
        """As of `Member`: the weights of `net`, and what `fit` left beside them."""
        if self.net is None:
            raise RuntimeError(f"{type(self).__name__} is not fitted: there is nothing to keep")
        weights = weights_of(self.net)
        return None if weights is None else ModelState(weights, plain_fit(self.inputs, self.reading, self.trained))

    def restore(self, state: ModelState) -> None:
        """As of `Member`: the network is built anew for the inputs that it was fitted on, and gets its weights."""
        self.inputs, self.reading, self.trained = fit_of(state.plain)
        net = self._drawn(self.inputs)
        net.load_state_dict(state.tensors)
        self.net = net.eval()

    def stage_settings(self, stage: int) -> TrainSettings:
        """How a stage, counted from 1, is trained."""
        return self.settings

    def run_stage(self, net: ScoringNet, data: StageData, stage: int, title: str) -> StageResult:
        """Train `net` for one stage and leave it with what the settings keep: by default its best epoch's weights."""
        _ = data.train.panels.labels  # read once, and not by each copy on a device
        train, valid = self._resident(net, data.train, data.valid)
        data = dataclasses.replace(data, train=train, valid=valid)
        settings, rows = self.stage_settings(stage), list[dict[str, Any]]()
        metric, averaged = settings.metric, settings.average_epochs
        if data.valid_base is not None and isinstance(net, WeightedNet):
            check_dates(metric_by_date(data.valid_base, valid, metric), "stage_weight: fixed")
        stopping = EarlyStopping(settings.patience, settings.smooth_epochs, averaged)
        with Progress(f"{type(self).__name__}: {title}", settings.max_epochs) as progress:
            callbacks: list[Callback] = [stopping, History(rows), progress, RecorderLog(self.tag)]
            train_stage(net, data, settings, callbacks, stage)
        stopping.restore(net)
        best = stopping.valid if averaged == 1 else validate(net, valid, data.valid_base, metric)
        weight, base = 1.0, None
        if data.valid_base is not None:
            base = mean_by_date(data.valid_base, valid, metric)
            if isinstance(net, WeightedNet):
                weight, best = choose_weight(net, valid, data.valid_base, metric)
        result = StageResult(stage, title, metric, stopping.best_epoch, best, base, rows, averaged, weight)
        get_module_logger("mfgru").info(str(result))
        log_metrics({f"{self.tag}stage{stage}_epoch": float(result.epoch if result.kept else 0)})
        return result

    def predict(self, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
        """Scores of every stock with complete windows on every trading day of a segment.

        Parameters
        ----------
        dataset : MultiFreqDataset
        segment : str, slice or (first, last)

        Returns
        -------
        Series
            Named ``score``, over (datetime, instrument). Its scale is arbitrary where the loss is a correlation.

        Raises
        ------
        InputError
            If the dataset is no `MultiFreqDataset`, its windows are made in another way than those of `fit`, or the
            segment has none.
        """
        if self.net is None:
            raise RuntimeError(f"{type(self).__name__} is not fitted: call fit(dataset) before predict")
        multi_freq(dataset, type(self).__name__)
        check_reading(self.reading, dataset.handler, f"{type(self).__name__} was")
        with denormals_flushed():
            (table,) = self._resident(self.net, dataset.every_day(segment, self.net.freqs))
            try:
                scores = score_samples(self._placed(self.net), table, f"{type(self).__name__}: predicting")
            finally:  # also where the GPU's memory does not suffice
                self.net.cpu()
        index = pd.MultiIndex.from_arrays([table.sample_dates, table.sample_codes], names=["datetime", "instrument"])
        return pd.Series(scores.numpy(), index=index, name="score")

    def _placed(self, net: ScoringNet) -> ScoringNet:
        """`net` on the device of the settings, with their implementation of the recurrence."""
        device = self.settings.torch_device()
        net.to(device)
        for layer in (layers := gru_layers(net)):
            layer.implementation, layer.precision = self.settings.gru, self.settings.precision
        place = native.capability() if device.type == "cpu" else torch.cuda.get_device_name(device)
        log = get_module_logger("mfgru")
        log.info(f"{what_runs(net)} on {device} ({place}, {torch.get_num_threads()} threads)")
        if any(layer.multiplied() != self.settings.precision for layer in layers):
            log.warning("precision bf16 is for the compiled GRU on a processor with AVX-512 BF16: float32 is used")
        return net

    def _resident(self, net: ScoringNet, *tables: SampleTable) -> tuple[SampleTable, ...]:
        """The tables with the bars that `net` reads held on the GPU, where there is one and they fit."""
        device = self.settings.torch_device()
        if device.type == "cpu":
            return tables
        panels = tables[0].panels.on_device(device, net.freqs)
        return tuple(table.over(panels) for table in tables)

    def _save_curve(self, dataset: MultiFreqDataset) -> None:
        from qlib_mfgru.model.training.curve import plot_training_curve  # a prediction needs no matplotlib

        subject = f"{type(self).__name__} · seed {self.settings.seed} · {span(dataset.segments['train'])}"
        with advice(tempfile.gettempdir()), tempfile.TemporaryDirectory() as folder:
            curve, history = (Path(folder, self.tag + name) for name in ("training_curve.png", "training_history.json"))
            plot_training_curve(self.trained, curve, subject, dataset.handler.source)
            history.write_text(json.dumps(self.history, indent=1))
            for path in (curve, history):
                R.save_objects(local_path=str(path))
