"""``WeightedNet``: a network whose score counts for a part of itself."""

from __future__ import annotations

import torch

from qlib_mfgru.nn.networks import Features, ScoringNet


class WeightedNet(ScoringNet):
    """A network's score times a weight that no gradient changes.

    Parameters
    ----------
    net : ScoringNet

    Attributes
    ----------
    weight : Tensor of shape (), float32
        1 at first; part of the state dict.
    """

    weight: torch.Tensor

    def __init__(self, net: ScoringNet) -> None:
        super().__init__()
        self.freqs, self.stochastic, self.net = net.freqs, net.stochastic, net
        self.register_buffer("weight", torch.ones(()))

    def forward(self, features: Features) -> torch.Tensor:
        """Scores (n,)."""
        scores: torch.Tensor = self.net(features)
        return self.weight * scores
