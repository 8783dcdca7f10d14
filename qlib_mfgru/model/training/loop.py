"""The one training loop of all models: what an epoch is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from qlib_mfgru.data.samples import Batch, SampleTable
from qlib_mfgru.model.settings import TrainSettings
from qlib_mfgru.model.training.adamw import AdamW
from qlib_mfgru.model.training.cores import cores_for
from qlib_mfgru.model.training.failures import TrainingError, check_size, check_trainable, why_not_finite
from qlib_mfgru.model.training.scoring import batch_scores, mean_metric, t_value, validate_by_date
from qlib_mfgru.nn import METRICS, Loss, MetricName, ScoringNet


@dataclass(frozen=True)
class EpochRecord:
    """Results of one epoch.

    Attributes
    ----------
    stage : int
        1, 2, ... in the order of training.
    epoch : int
        From 1.
    metric : {"ic", "rank_ic"}
    train : float
        Mean metric of the epoch's batches, while the weights were still changing; NaN if no batch has one.
    valid : float
        Mean over the validation dates of the per-date metric.
    seconds : float
    t : float, optional
        t-value of `valid`, where early stopping is on it.
    """

    stage: int
    epoch: int
    metric: MetricName
    train: float
    valid: float
    seconds: float
    t: float | None = None

    @property
    def criterion(self) -> float:
        """What early stopping compares epochs by."""
        return self.valid if self.t is None else self.t

    @property
    def values(self) -> dict[str, float]:
        """``train_<metric>`` and ``valid_<metric>``, and where early stopping is on it ``valid_t``."""
        t = {} if self.t is None else {"valid_t": self.t}
        return {f"train_{self.metric}": self.train, f"valid_{self.metric}": self.valid, **t}

    def row(self) -> dict[str, Any]:
        """A plain dict: ``stage, epoch``, `values` and ``seconds``."""
        return {"stage": self.stage, "epoch": self.epoch, **self.values, "seconds": self.seconds}


Callback = Callable[[EpochRecord, ScoringNet], bool | None]
"""Called after every epoch; a true value ends the stage."""


@dataclass(frozen=True, eq=False)
class StageData:
    """Samples of one stage, and the predictions of the frozen branches for them.

    Attributes
    ----------
    train, valid : SampleTable
    train_base, valid_base : Tensor of shape (len(table),), optional
        Added to the network's output; None where nothing is frozen.
    """

    train: SampleTable
    valid: SampleTable
    train_base: torch.Tensor | None = None
    valid_base: torch.Tensor | None = None


def train_stage(
    net: ScoringNet, data: StageData, settings: TrainSettings, callbacks: Sequence[Callback], stage: int = 1
) -> None:
    """Train all parameters of `net`, and those that the loss has, until a callback ends it or `max_epochs` is reached.

    Parameters
    ----------
    net : ScoringNet
        Trained in place.
    data : StageData
    settings : TrainSettings
    callbacks : sequence of Callback
    stage : int
        For the records.

    Raises
    ------
    TrainingError
        On a loss that is NaN or infinite, a constant prediction, or a validation set in which no date has the metric.
    """
    loss = settings.make_loss().to(settings.torch_device())
    decay = settings.weight_decay
    optimizer = AdamW((net.parameters(), decay), (loss.parameters(), 0.0), lr=settings.lr)  # a loss does not decay
    for epoch in range(1, settings.max_epochs + 1):
        start = time.perf_counter()
        optimizer.lr = settings.lr * settings.lr_decay ** (epoch - 1)
        with cores_for(net):
            train = _train_epoch(net, data, settings, loss, optimizer, epoch)
            by_date = validate_by_date(net, data.valid, data.valid_base, settings.metric)
        t = t_value(by_date) if settings.stop_on == "t" else None
        seconds = time.perf_counter() - start
        record = EpochRecord(stage, epoch, settings.metric, train, mean_metric(by_date), seconds, t)
        verdicts = [callback(record, net) for callback in callbacks]
        if any(verdicts):
            break


def _train_epoch(
    net: ScoringNet,
    data: StageData,
    settings: TrainSettings,
    loss: Loss,
    optimizer: AdamW,
    epoch: int,
) -> float:
    net.train()
    values: list[float] = []
    for batch in _epoch(net, data.train, settings, epoch):
        check_size(batch, epoch)
        scores = batch_scores(net, batch, data.train_base)
        label = batch.label.to(scores.device)
        objective = loss(scores, label)
        check_trainable(scores, objective, type(net).__name__, loss)
        if not math.isfinite(objective.item()):
            raise TrainingError(why_not_finite(loss, scores, batch, epoch))
        values.append(METRICS[settings.metric](scores.detach(), label).item())
        optimizer.zero_grad()
        objective.backward()
        optimizer.step()
        del batch, scores, objective  # before the next batch is made: a window of 5000 samples is 38 MB
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else math.nan


def _epoch(net: ScoringNet, table: SampleTable, settings: TrainSettings, epoch: int) -> Iterator[Batch]:
    if settings.batch_by == "date":
        return table.by_date(settings.seed, epoch, inputs=net.freqs)
    return table.shuffled(settings.batch_size, settings.seed, epoch, inputs=net.freqs)
