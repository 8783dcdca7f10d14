"""Losses: what a network's scores for a batch are trained to lower."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn

from qlib_mfgru.nn.metrics import average_ranks, ic, unit
from qlib_mfgru.nn.ranking import soft_ranks
from qlib_mfgru.settings import Count, Positive, checked

LossName = Literal["ic", "rank_ic", "top_ic", "pairwise", "mse"]


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


class TopICLoss(Loss):
    """Minus the IC with weights that fall from the top down: for those who only buy, and live off the top layers.

    A sample weighs ``2 ** (-depth / half_life)``. Its depth is the share of the batch above it, by score or by label,
    whichever is less: both a loser among the highest scores and a winner among the lowest weigh in full. No gradient
    passes through the weights.

    Parameters
    ----------
    half_life : float
        Share of the batch by which one sample lies further down than another that weighs twice as much.
    """

    title, stochastic = "top-weighted IC", False

    def __init__(self, half_life: float = 0.2) -> None:
        super().__init__()
        self.half_life: float = checked(Positive, "half_life", half_life)

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        ranks = torch.maximum(average_ranks(scores.detach()), average_ranks(label))
        weights = torch.exp2((ranks / len(ranks) - 1) / self.half_life)
        weights = (weights / weights.sum()).to(scores.dtype)
        return -(unit(scores, weights) @ unit(label, weights))


class PairwiseLoss(Loss):
    """Logistic loss of pairs: ``log(1 + exp(s_j - s_i))`` where i has the higher label, mean over the pairs.

    Each sample is compared with `partners` others at even distances in the batch, others in every epoch since batches
    are drawn anew: time and memory grow with the batch and not with its square.

    Parameters
    ----------
    partners : int

    Notes
    -----
    C. Burges et al., "Learning to rank using gradient descent", ICML 2005.
    """

    title, stochastic = "pairwise", False

    def __init__(self, partners: int = 16) -> None:
        super().__init__()
        self.partners: int = checked(Count, "partners", partners)

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        n, ways = len(scores), 2 * self.partners + 1
        steps = sorted({max(1, n * number // ways) for number in range(1, self.partners + 1)})  # below n / 2: no twice
        # rolled, not indexed, which on several threads would add up gradients in any order
        others, other_labels = (torch.stack([each.roll(-step) for step in steps]) for each in (scores, label))
        higher = torch.sign(label - other_labels)
        losses = torch.nn.functional.softplus(-higher * (scores - others))
        return losses[higher != 0].mean()


class MSELoss(Loss):
    """Mean squared difference of scores and labels."""

    title, stochastic = "MSE", False

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return (scores - label).square().mean()


LOSSES: dict[LossName, type[Loss]] = {
    "ic": ICLoss,
    "rank_ic": RankICLoss,
    "top_ic": TopICLoss,
    "pairwise": PairwiseLoss,
    "mse": MSELoss,
}
"""Those that settings may name."""
