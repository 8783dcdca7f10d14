"""Information coefficient: the Pearson correlation of prediction and label, as loss and as metric."""

from __future__ import annotations

import torch


def ic(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Pearson correlation of two vectors (n,); NaN if either is constant or holds a NaN."""
    return _standardise(prediction) @ _standardise(label)


def ic_loss(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Negative IC, to be minimised: the report trains on it."""
    return -ic(prediction, label)


def _standardise(values: torch.Tensor) -> torch.Tensor:
    """Values (n,) centred and of norm 1; NaN if they are all equal.

    Shift and scale change neither the result nor its gradient. Taking the first value off makes constants exactly 0,
    where their mean would leave rounding errors; the scale keeps the squares of tiny and of large values in range.
    """
    values = values - values[:1].detach()
    values = values / values.detach().abs().max()
    centred = values - values.mean()
    return centred / torch.linalg.vector_norm(centred)
