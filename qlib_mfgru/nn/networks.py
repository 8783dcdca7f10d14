"""The report's four networks (figures 6, 8, 10 and 12), built of one encoder.

===============  ==========================================================================
report           here
===============  ==========================================================================
15-minute        ``ScoreNet(["15min"])``
with attention   ``ScoreNet(["15min"], attention="alstm")``
mixed            ``ScoreNet(["day", "15min"])``
incremental      ``IncrementalNet(["day", "15min"])``
===============  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from qlib_mfgru.nn.attention import AttentionForm, TemporalAttention
from qlib_mfgru.nn.gru import GRULayer

N_FIELDS = 6
"""open, high, low, close, vwap, volume"""

Features = Mapping[str, torch.Tensor]
"""Frequency -> normalised window (n, n_steps, n_fields)."""


class ScoringNet(nn.Module):
    """A network that reads the windows of `freqs` and gives one score per stock."""

    freqs: tuple[str, ...]


class Encoder(nn.Module):
    """GRU over one frequency -> last output, with attention also the attended one -> BatchNorm.

    Attributes
    ----------
    width : int
        Size of the code: `hidden_size`, with attention twice that.
    """

    def __init__(self, hidden_size: int, attention: AttentionForm | None = None, n_fields: int = N_FIELDS) -> None:
        super().__init__()
        self.gru = GRULayer(n_fields, hidden_size)
        self.attention = None if attention is None else TemporalAttention(hidden_size, attention)
        self.width = hidden_size if attention is None else 2 * hidden_size
        self.norm = nn.BatchNorm1d(self.width)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """Code (n, width) of windows (n, n_steps, n_fields)."""
        if self.attention is None:
            return self.norm(self.gru(window))
        return self.norm(torch.cat(self.gru.attended(window, self.attention), dim=1))


class ScoreNet(ScoringNet):
    """One encoder per frequency -> concatenation -> Linear -> one score per stock.

    Parameters
    ----------
    freqs : sequence of str
        Frequencies that the network reads.
    hidden_size : int
        Report: 30.
    attention : {"alstm", "literal"}, optional
    n_fields : int
    """

    def __init__(
        self,
        freqs: Sequence[str],
        hidden_size: int = 30,
        attention: AttentionForm | None = None,
        n_fields: int = N_FIELDS,
    ) -> None:
        super().__init__()
        self.freqs = tuple(freqs)
        self.encoders = nn.ModuleList(Encoder(hidden_size, attention, n_fields) for _ in self.freqs)
        self.head = nn.Linear(hidden_size * (1 if attention is None else 2) * len(self.freqs), 1)

    def forward(self, features: Features) -> torch.Tensor:
        """Scores (n,) of the windows of this network's frequencies."""
        codes = [encoder(features[freq]) for freq, encoder in zip(self.freqs, self.encoders, strict=True)]
        return self.head(torch.cat(codes, dim=1)).squeeze(1)


class IncrementalNet(ScoringNet):
    """One branch per frequency, each with a score of its own; the prediction is the sum of the scores.

    The branches are trained one after the other, each on what those before it leave (figure 13).

    Parameters
    ----------
    stages : sequence of str
        Frequencies in the order of training.
    hidden_size : int
    n_fields : int
    """

    def __init__(self, stages: Sequence[str], hidden_size: int = 30, n_fields: int = N_FIELDS) -> None:
        super().__init__()
        self.freqs = tuple(stages)
        self.branches = nn.ModuleList(ScoreNet([freq], hidden_size, n_fields=n_fields) for freq in self.freqs)

    def branch_list(self) -> list[ScoreNet]:
        """The branches in the order of training."""
        return [branch for branch in self.branches if isinstance(branch, ScoreNet)]

    def forward(self, features: Features) -> torch.Tensor:
        """Scores (n,): the sum over the branches."""
        return torch.stack([branch(features) for branch in self.branches]).sum(dim=0)
