"""Networks and losses as a user writes them, in a file outside the package."""

from __future__ import annotations

import torch
from torch import nn

from qlib_mfgru.nn import Encoder, Features, Inputs, InputShape, Loss, MSELoss, ScoringNet


class CausalConv(nn.Module):
    """A convolution over time that sees no later step."""

    def __init__(self, n_in: int, n_out: int, dilation: int) -> None:
        super().__init__()
        self.pad = nn.ConstantPad1d((2 * dilation, 0), 0.0)
        self.conv = nn.Conv1d(n_in, n_out, kernel_size=3, dilation=dilation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(self.pad(x)))


class TCN(ScoringNet):
    """Causal convolutions of growing dilation over each frequency; their last steps, side by side, give the score."""

    def __init__(self, inputs: Inputs, channels: int = 8, depth: int = 2) -> None:
        super().__init__(inputs)
        widths = [channels] * depth
        self.towers = nn.ModuleDict(
            {
                freq: nn.Sequential(
                    *(CausalConv(n, m, 2**i) for i, (n, m) in enumerate(zip([shape.fields, *widths], widths)))  # noqa: B905
                )
                for freq, shape in inputs.items()
            }
        )
        self.head = nn.Linear(channels * len(inputs), 1)

    def forward(self, features: Features) -> torch.Tensor:
        last = [tower(features[freq].transpose(1, 2))[:, :, -1] for freq, tower in self.towers.items()]
        return self.head(torch.cat(last, dim=1)).squeeze(1)


class Transformer(ScoringNet):
    """Self-attention over the steps of each frequency, with dropout; the mean over all of them gives the score."""

    def __init__(self, inputs: Inputs, width: int = 8, dropout: float = 0.2) -> None:
        super().__init__(inputs)
        self.embed = nn.ModuleDict({freq: nn.Linear(shape.fields, width) for freq, shape in inputs.items()})
        self.places = nn.ParameterDict({f: nn.Parameter(torch.randn(s.steps, width)) for f, s in inputs.items()})
        self.layer = nn.TransformerEncoderLayer(width, 2, 2 * width, dropout, batch_first=True)
        self.head = nn.Linear(width, 1)

    def forward(self, features: Features) -> torch.Tensor:
        codes = [self.layer(self.embed[f](features[f]) + self.places[f]).mean(dim=1) for f in self.freqs]
        return self.head(torch.stack(codes).mean(dim=0)).squeeze(1)


class Pinned(ScoringNet):
    """Says itself what it reads."""

    def __init__(self, freq: str = "15min", hidden: int = 3) -> None:
        super().__init__()
        self.freqs = (freq,)
        self.encoder = Encoder(6, hidden)
        self.head = nn.Linear(hidden, 1)

    def forward(self, features: Features) -> torch.Tensor:
        return self.head(self.encoder(features[self.freqs[0]])).squeeze(1)


class Column(Pinned):
    """Forgets to take the last axis off."""

    def forward(self, features: Features) -> torch.Tensor:
        return super().forward(features)[:, None]


class Blind(ScoringNet):
    """Reads nothing."""

    def __init__(self, inputs: dict[str, InputShape]) -> None:
        super().__init__()

    def forward(self, features: Features) -> torch.Tensor:
        return torch.zeros(0)


class NotALoss(nn.Module):
    pass


class HuberLoss(Loss):
    """Quadratic near 0, linear beyond `delta`."""

    def __init__(self, delta: float = 1.0) -> None:
        super().__init__()
        self.huber = nn.HuberLoss(delta=delta)

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return self.huber(scores, label)


class Broken(Loss):
    """Not a number, whatever it is given."""

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return scores.sum() * torch.nan


class NoisyLoss(MSELoss):
    """Draws random numbers, as a loss of random pairs does."""

    stochastic = True

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return super().forward(scores, label + torch.randn_like(label))
