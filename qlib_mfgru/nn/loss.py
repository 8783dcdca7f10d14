"""Information coefficient: the Pearson correlation of prediction and label, as loss and as metric."""

from __future__ import annotations

import torch


def ic(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Pearson correlation of two vectors (n,); NaN if either is constant or holds a NaN."""
    prediction, label = prediction - prediction.mean(), label - label.mean()
    # norms, not variances: the squares of tiny predictions would underflow before the ratio is taken
    return (prediction / torch.linalg.vector_norm(prediction)) @ (label / torch.linalg.vector_norm(label))


def ic_loss(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Minus the IC (REPORT section 3), to be minimised."""
    return -ic(prediction, label)
