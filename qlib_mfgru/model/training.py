"""The one training loop of all models: what an epoch is, how it is validated, and which errors end it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from tqdm.auto import tqdm

from qlib_mfgru.data.samples import Batch, SampleTable
from qlib_mfgru.model.settings import TrainSettings
from qlib_mfgru.nn import GRULayer, ScoringNet, ic, ic_loss
from qlib_mfgru.threads import torch_on_one_thread


class TrainingError(RuntimeError):
    """Training cannot continue; the message says why and what to look at."""


@dataclass(frozen=True)
class EpochRecord:
    """Results of one epoch.

    Attributes
    ----------
    stage : int
        1, 2, ... in the order of training.
    epoch : int
        From 1.
    train_ic : float
        Mean IC of the epoch's batches, while the weights were still changing.
    valid_ic : float
        Mean over the validation dates of the per-date IC.
    seconds : float
    """

    stage: int
    epoch: int
    train_ic: float
    valid_ic: float
    seconds: float


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
    """Train all parameters of `net` until a callback ends it or `max_epochs` is reached.

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
        On a NaN loss, a constant prediction, or a validation set in which no date has an IC.
    """
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.lr)
    for epoch in range(1, settings.max_epochs + 1):
        start = time.perf_counter()
        with _cores_for(net):
            train_ic = _train_epoch(net, data, settings, optimizer, epoch)
            valid_ic = validation_ic(net, data.valid, data.valid_base)
        record = EpochRecord(stage, epoch, train_ic, valid_ic, time.perf_counter() - start)
        verdicts = [callback(record, net) for callback in callbacks]
        if any(verdicts):
            break


def _train_epoch(
    net: ScoringNet, data: StageData, settings: TrainSettings, optimizer: torch.optim.Optimizer, epoch: int
) -> float:
    net.train()
    ics: list[float] = []
    for batch in _epoch(net, data.train, settings, epoch):
        if len(batch) < 2:
            raise TrainingError(
                f"epoch {epoch}, batch of 1 sample on {batch.dates[0]}: an IC needs at least two stocks; use larger "
                "batches, or start where every date has more stocks"
            )
        scores = _scores(net, batch, data.train_base)
        loss = ic_loss(scores, batch.label.to(scores.device))
        ics.append(-loss.item())
        if ics[-1] != ics[-1]:
            raise TrainingError(_why_nan(scores, batch, epoch))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        del batch, scores, loss  # before the next batch is made: a window of 5000 samples is 38 MB
    return sum(ics) / len(ics)


def _epoch(net: ScoringNet, table: SampleTable, settings: TrainSettings, epoch: int) -> Iterator[Batch]:
    if settings.batch_by == "date":
        return table.by_date(settings.seed, epoch, inputs=net.freqs)
    return table.shuffled(settings.batch_size, settings.seed, epoch, inputs=net.freqs)


def _scores(net: ScoringNet, batch: Batch, base: torch.Tensor | None) -> torch.Tensor:
    device = next(net.parameters()).device
    scores = net({freq: window.to(device) for freq, window in batch.features.items()})
    return scores if base is None else scores + base[torch.from_numpy(batch.rows)].to(device)


def _cores_for(net: ScoringNet) -> AbstractContextManager[None]:
    """Leave the cores to the compiled kernels where these do nearly all of the work, otherwise to torch."""
    layers = [module for module in net.modules() if isinstance(module, GRULayer)]
    return torch_on_one_thread() if all(layer.chosen() == "compiled" for layer in layers) else nullcontext()


@torch.no_grad()
def score_samples(net: ScoringNet, table: SampleTable, description: str | None = None) -> torch.Tensor:
    """Scores of all samples of a table in evaluation mode, (len(table),) on the CPU.

    With a description a progress bar shows if it takes long.
    """
    net.eval()
    scores = torch.empty(len(table))
    dates = tqdm(
        table.by_date(inputs=net.freqs),
        description,
        len(table.rows_by_date()),
        unit="date",
        leave=False,
        delay=2,
        disable=description is None,
    )
    with _cores_for(net):
        for batch in dates:
            scores[torch.from_numpy(batch.rows)] = _scores(net, batch, None).cpu()
            del batch
    return scores


def validation_ic(net: ScoringNet, table: SampleTable, base: torch.Tensor | None = None) -> float:
    """Mean over dates of the per-date IC, in evaluation mode; dates whose labels are constant have none.

    Raises
    ------
    TrainingError
        If no date has an IC, or the network predicts the same for all stocks of a date.
    """
    scores = score_samples(net, table)
    if base is not None:
        scores = scores + base
    ics = []
    for rows in table.rows_by_date():
        prediction, label = scores[rows], table.labels[rows]
        if len(prediction) < 2 or bool((label == label[0]).all()):
            continue
        value = float(ic(prediction, label))
        if value != value:
            raise TrainingError(f"validation: {_what_is_wrong(prediction)} on {table.sample_dates[rows.start]}")
        ics.append(value)
    if not ics:
        raise TrainingError(
            f"validation is empty: none of its {len(table.days)} dates has two stocks with different labels"
        )
    return sum(ics) / len(ics)


def _why_nan(scores: torch.Tensor, batch: Batch, epoch: int) -> str:
    where = f"epoch {epoch}, batch of {len(batch)} samples {batch.dates[0]} .. {batch.dates[-1]}"
    for freq, window in batch.features.items():
        if not bool(torch.isfinite(window).all()):
            return f"{where}: the {freq} input holds NaN or infinite values; look at the provider's bars of these dates"
    if bool((batch.label == batch.label[0]).all()):
        return f"{where}: all labels are equal, so the IC is undefined; use larger batches or look at the label"
    return f"{where}: {_what_is_wrong(scores)}; a lower learning rate may help"


def _what_is_wrong(scores: torch.Tensor) -> str:
    if not bool(torch.isfinite(scores).all()):
        return "the network's output is NaN or infinite"
    return "the network predicts the same for all stocks, so the IC is undefined"
