"""``TrainingError`` and what it says: which of input, label, network and loss went wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from qlib_mfgru.data.samples import Batch
from qlib_mfgru.nn import Loss

_ALIKE = 1e-6
"""Inputs are z-scores: what differs by less is as good as equal."""


class TrainingError(RuntimeError):
    """Training cannot continue; the message says why and what to look at."""


def check_size(batch: Batch, epoch: int) -> None:
    """Refuse a batch of one sample, in which there is nothing to compare.

    Raises
    ------
    TrainingError
    """
    if len(batch) < 2:
        raise TrainingError(
            f"epoch {epoch}, batch of 1 sample on {_day(batch.dates[0])}: a batch needs at least two stocks; use "
            "larger batches, or start where every date has more stocks"
        )


def check_scores(scores: Any, batch: Batch, network: str) -> None:
    """Refuse scores that are not one number a stock: a column would broadcast to a matrix without a word.

    Raises
    ------
    TrainingError
    """
    if not isinstance(scores, torch.Tensor):
        raise TrainingError(f"{network} gives a {type(scores).__name__}: must be a tensor of scores")
    if scores.shape != (len(batch),) or scores.dtype != torch.float32:
        raise TrainingError(
            f"{network} gives scores of shape {tuple(scores.shape)}, {scores.dtype}, for {len(batch)} stocks: must be "
            f"({len(batch)},), {torch.float32}"
        )


def check_trainable(scores: torch.Tensor, objective: Any, network: str, loss: Loss) -> None:
    """Refuse a network or a loss that no gradient passes through.

    Raises
    ------
    TrainingError
    """
    if not scores.requires_grad:
        raise TrainingError(f"{network} gives scores that do not depend on its weights: there is nothing to train")
    if not isinstance(objective, torch.Tensor) or objective.dim() or not objective.requires_grad:
        what = f"a tensor of shape {tuple(objective.shape)}" if isinstance(objective, torch.Tensor) else repr(objective)
        raise TrainingError(f"the {loss.title} loss gives {what}: must be one number that depends on the scores")


def why_not_finite(loss: Loss, scores: torch.Tensor, batch: Batch, epoch: int) -> str:
    """The message about a batch whose loss is NaN or infinite."""
    days = f"{_day(batch.dates[0])} .. {_day(batch.dates[-1])}"
    where = f"epoch {epoch}, batch of {len(batch)} samples {days}"
    for freq, window in batch.features.items():
        if not bool(torch.isfinite(window).all()):
            return f"{where}: the {freq} input holds NaN or infinite values; look at the provider's bars of these dates"
        if float((window - window[:1]).abs().max()) < _ALIKE:
            return f"{where}: the {freq} input is the same for all stocks; look at clip, and at the provider's bars"
    if bool(torch.isfinite(scores).all()) and bool((batch.label == batch.label[0]).all()):
        return (
            f"{where}: all labels are equal, so the {loss.title} is undefined; use larger batches or look at the label"
        )
    wrong = what_is_wrong(scores, loss.title)
    if wrong is None:
        return f"{where}: the {loss.title} is NaN or infinite, though scores and labels are not"
    return f"{where}: {wrong}; a lower learning rate may help, or less dropout"


def _day(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(moment, unit="D"))


def what_is_wrong(scores: torch.Tensor, undefined: str) -> str | None:
    """Why scores have no `undefined` (a loss or a metric); None if they look right."""
    if not bool(torch.isfinite(scores).all()):
        return "the network's output is NaN or infinite"
    if bool((scores == scores[0]).all()):
        return f"the network predicts the same for all stocks, so the {undefined} is undefined"
    return None
