"""IC and RankIC of a prediction: what losses are made of, and what early stopping follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch

MetricName = Literal["ic", "rank_ic"]


def ic(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Pearson correlation of two vectors (n,); NaN if either is constant or holds a value that is not finite."""
    return unit(prediction) @ unit(label)


def rank_ic(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Spearman correlation of two vectors (n,), exact, in float64; NaN as of `ic`."""
    return ic(average_ranks(prediction), average_ranks(label))


METRICS: dict[MetricName, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {"ic": ic, "rank_ic": rank_ic}
"""Name in settings, histories and recorders -> prediction (n,), label (n,) -> scalar; larger is better."""

METRIC_TITLES: dict[MetricName, str] = {"ic": "IC", "rank_ic": "RankIC"}
"""What logs and charts call them."""


def average_ranks(values: torch.Tensor) -> torch.Tensor:
    """Ranks 1 .. n of values (n,) as float64, equal ones sharing their mean rank; NaN if a value is not finite."""
    ordered, order = values.sort()
    _, group, count = torch.unique_consecutive(ordered, return_inverse=True, return_counts=True)
    shared = count.cumsum(0) - (count - 1).double() / 2
    ranks = torch.empty_like(shared[group]).scatter_(0, order, shared[group])
    return torch.where(values.isfinite().all(), ranks, torch.nan)


def unit(values: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """Values (n,) centred and of norm 1; NaN if they are all equal.

    With `weights` (n,), whose sum is 1, centred by the weighted mean and multiplied by the weights' roots: the product
    of two such vectors is the weighted correlation.

    Shift and scale change neither the result nor its gradient. Taking the first value off makes constants exactly 0,
    where their mean would leave rounding errors; the scale keeps the squares of tiny and of large values in range.
    """
    values = values - values[:1].detach()
    values = values / values.detach().abs().max()
    centred = values - values.mean() if weights is None else (values - weights @ values) * weights.sqrt()
    return centred / torch.linalg.vector_norm(centred)
