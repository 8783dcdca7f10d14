"""Networks and losses that cannot be trained, each in its own way."""

from __future__ import annotations

from typing import Any

import torch
from qlib.model.base import Model
from torch import nn

from qlib_mfgru.nn import Features, Inputs, Loss, ScoringNet


class NoForward(ScoringNet):
    """Has weights, and computes nothing."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__(inputs)
        self.head = nn.Linear(1, 1)


class NoWeights(ScoringNet):
    """Takes the last close."""

    def forward(self, features: Features) -> torch.Tensor:
        return features[self.freqs[0]][:, -1, 3]


class Linear(ScoringNet):
    """A weight for each field of the last bar, and what becomes of the scores."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__(inputs)
        self.head = nn.Linear(6, 1)

    def forward(self, features: Features) -> Any:
        return self.finish(self.head(features[self.freqs[0]][:, -1]).squeeze(1))

    def finish(self, scores: torch.Tensor) -> Any:
        return scores


class Curious(Linear):
    """Reads more than it says."""

    def forward(self, features: Features) -> Any:
        return super().forward(features) + features["15min"].mean()


class Doubled(Linear):
    def finish(self, scores: torch.Tensor) -> Any:
        return scores.double()


class Pair(Linear):
    def finish(self, scores: torch.Tensor) -> Any:
        return scores, scores


class Detached(Linear):
    def finish(self, scores: torch.Tensor) -> Any:
        return scores.detach()


class Each(Loss):
    """One number a stock instead of one in all."""

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return (scores - label).square()


class Plain(Loss):
    """A number of Python's, through which no gradient passes."""

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> Any:
        return float((scores.detach() - label).square().mean())


class Alone(Loss):
    """Takes no label."""

    def forward(self, scores: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return scores.mean()


class Shifted(Loss):
    """A squared error whose shift is learnt with the network."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.ones(()))

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return (scores - label - self.shift).square().mean()


class Seedless(Model):
    """A qlib Model that is none of ours, and takes no seed."""

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    def predict(self, dataset: Any, segment: Any = "test") -> Any:
        raise NotImplementedError


class PlainModel(Seedless):
    """One that takes a seed."""

    def __init__(self, alpha: float, seed: int = -1) -> None:
        super().__init__(alpha)
        self.seed = seed
