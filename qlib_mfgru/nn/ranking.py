"""Ranks that gradients pass through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.autograd.function import once_differentiable

_PAIRS_AT_ONCE = 1 << 20  # 4 MB of float32: a block of rows of the matrix of pairs, which never exists as a whole


def soft_ranks(scores: torch.Tensor, tau: float) -> torch.Tensor:
    """Smooth ranks of scores (n,): ``rank_i = 1/2 + sum_j sigmoid((s_i - s_j) / tau)``, from 1 (lowest) to n.

    As tau goes to 0 they become the exact ranks, equal scores sharing their mean rank.

    Parameters
    ----------
    scores : Tensor of shape (n,)
    tau : float
        Scores nearer to each other than a few times this share their ranks in part.

    Notes
    -----
    The pairwise sigmoid of T. Qin, T.-Y. Liu and H. Li, "A general approximation framework for direct optimization of
    information retrieval measures", Information Retrieval 13 (2010). Memory is O(n) in both passes.
    """
    ranks: torch.Tensor = _SoftRanks.apply(scores, tau)
    return ranks


class _SoftRanks(torch.autograd.Function):
    """The sums over j in blocks of rows; the backward pass computes the sigmoids again."""

    @staticmethod
    def forward(ctx: Any, scores: torch.Tensor, tau: float) -> torch.Tensor:
        ctx.save_for_backward(scores)
        ctx.tau = tau
        ranks = torch.empty_like(scores)
        for rows in _blocks(len(scores)):
            ranks[rows] = _above(scores, rows, tau).sum(dim=1)
        return ranks.add_(0.5)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        """With the symmetric slopes ``w_kj = sigmoid'((s_k - s_j) / tau) / tau``: ``sum_j w_kj (g_k - g_j)``."""
        (scores,) = ctx.saved_tensors
        result = torch.empty_like(scores)
        for rows in _blocks(len(scores)):
            above = _above(scores, rows, ctx.tau)
            slopes = above.mul_(1 - above)
            result[rows] = slopes.sum(dim=1) * grad[rows] - slopes @ grad
        return result.div_(ctx.tau), None


def _blocks(n: int) -> Iterator[slice]:
    size = max(1, _PAIRS_AT_ONCE // max(n, 1))
    return (slice(start, start + size) for start in range(0, n, size))


def _above(scores: torch.Tensor, rows: slice, tau: float) -> torch.Tensor:
    """By how much each score of a block lies above each of all, (rows, n) from 0 to 1."""
    return (scores[rows, None] - scores).div_(tau).sigmoid_()
