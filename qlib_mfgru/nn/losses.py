"""Losses: what a network's scores for a batch are trained to lower."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn

from qlib_mfgru.nn.metrics import average_ranks, ic, unit
from qlib_mfgru.nn.ranking import soft_ranks
from qlib_mfgru.settings import Positive, checked

LossName = Literal["ic", "rank_ic", "mse"]


class Loss(nn.Module):
    """Scores and labels of one batch -> a scalar to be minimised; the base class of a loss of one's own.

    Attributes
    ----------
    stochastic : bool
        Whether it may draw random numbers, as of `ScoringNet`.
    """

    stochastic = True

    def __init__(self) -> None:
        super().__init__()  # torch's would take any keyword, and refuse it only when it is built

    @property
    def title(self) -> str:
        """What messages call it."""
        return type(self).__name__

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Loss of scores (n,) against labels (n,), which are z-scored by date and never NaN."""
        raise NotImplementedError


class ICLoss(Loss):
    """Minus the IC: the report's loss."""

    title, stochastic = "IC", False

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return -ic(scores, label)


class RankICLoss(Loss):
    """Minus the RankIC, with ranks of the scores that are differentiable (`soft_ranks`) and exact ones of the labels.

    Parameters
    ----------
    tau : float
        Smoothing of the ranks, in standard deviations of the batch's scores. At 0.1 the soft and the exact ranks of
        5,000 normal scores correlate by more than 0.999, and yet every score feels hundreds of others: a smaller one
        gives gradients that a few close pairs decide.
    """

    title, stochastic = "RankIC", False

    def __init__(self, tau: float = 0.1) -> None:
        super().__init__()
        self.tau: float = checked(Positive, "tau", tau)

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        standardised = unit(scores) * math.sqrt(len(scores))
        return -ic(soft_ranks(standardised, self.tau), average_ranks(label).to(scores.dtype))


class MSELoss(Loss):
    """Mean squared difference of scores and labels."""

    title, stochastic = "MSE", False

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return (scores - label).square().mean()


LOSSES: dict[LossName, type[Loss]] = {"ic": ICLoss, "rank_ic": RankICLoss, "mse": MSELoss}
"""Those that settings may name."""
