"""``TrainingError`` and what it says: which of input, label, network and loss went wrong."""

from __future__ import annotations

import torch

from qlib_mfgru.data.samples import Batch
from qlib_mfgru.nn import Loss


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
            f"epoch {epoch}, batch of 1 sample on {batch.dates[0]}: a batch needs at least two stocks; use larger "
            "batches, or start where every date has more stocks"
        )


def check_shape(scores: torch.Tensor, batch: Batch, network: str) -> None:
    """Refuse scores that are not one number a stock: a column would broadcast to a matrix without a word.

    Raises
    ------
    TrainingError
    """
    if scores.shape != (len(batch),):
        raise TrainingError(
            f"{network} gives scores of shape {tuple(scores.shape)} for {len(batch)} stocks: must be ({len(batch)},)"
        )


def why_not_finite(loss: Loss, scores: torch.Tensor, batch: Batch, epoch: int) -> str:
    """The message about a batch whose loss is NaN or infinite."""
    where = f"epoch {epoch}, batch of {len(batch)} samples {batch.dates[0]} .. {batch.dates[-1]}"
    for freq, window in batch.features.items():
        if not bool(torch.isfinite(window).all()):
            return f"{where}: the {freq} input holds NaN or infinite values; look at the provider's bars of these dates"
    if bool(torch.isfinite(scores).all()) and bool((batch.label == batch.label[0]).all()):
        return (
            f"{where}: all labels are equal, so the {loss.title} is undefined; use larger batches or look at the label"
        )
    wrong = what_is_wrong(scores, loss.title)
    if wrong is None:
        return f"{where}: the {loss.title} is NaN or infinite, though scores and labels are not"
    return f"{where}: {wrong}; a lower learning rate may help"


def what_is_wrong(scores: torch.Tensor, undefined: str) -> str | None:
    """Why scores have no `undefined` (a loss or a metric); None if they look right."""
    if not bool(torch.isfinite(scores).all()):
        return "the network's output is NaN or infinite"
    if bool((scores == scores[0]).all()):
        return f"the network predicts the same for all stocks, so the {undefined} is undefined"
    return None
