"""The report's four networks (figures 6, 8, 10 and 12), built of one encoder; `inputs` maps frequencies to shapes.

===============  ==========================================================================
report           here
===============  ==========================================================================
15-minute        ``ScoreNet(inputs)`` of one frequency
with attention   ``ScoreNet(inputs, attention="alstm")``
mixed            ``ScoreNet(inputs)`` of both
incremental      ``IncrementalNet([ScoreNet(daily), ScoreNet(minute)])``
===============  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from qlib_mfgru.nn.attention import AttentionForm, TemporalAttention
from qlib_mfgru.nn.gru import GRULayer


class InputShape(NamedTuple):
    """Shape of one stock's window."""

    steps: int
    fields: int


Inputs = Mapping[str, InputShape]
"""Frequency -> the shape of its windows."""

Features = Mapping[str, torch.Tensor]
"""Frequency -> normalised windows (n, steps, fields); views of (steps, fields, n) memory."""


class ScoringNet(nn.Module):
    """A network that reads windows of some frequencies and gives one score per stock; any subclass can be trained.

    Parameters
    ----------
    inputs : mapping of str to InputShape, optional
        What the network is built for; all of it is read. A network that reads something else sets `freqs` itself.

    Attributes
    ----------
    freqs : tuple of str
        Frequencies that the network reads.
    stochastic : bool
        Whether it may draw random numbers while it is trained, as dropout does. Models that do are not trained in
        several threads of a process at a time, since torch's random state is the process's.
    """

    stochastic = True

    def __init__(self, inputs: Inputs | None = None) -> None:
        super().__init__()
        self.freqs: tuple[str, ...] = tuple(inputs or ())

    def forward(self, features: Features) -> torch.Tensor:
        """Scores (n,) of the windows of `freqs`; `features` may hold others as well."""
        raise NotImplementedError


class Encoder(nn.Module):
    """GRU over one frequency -> last output, with attention also the attended one -> BatchNorm.

    Attributes
    ----------
    width : int
        Size of the code: `hidden_size`, with attention twice that.
    """

    def __init__(self, n_fields: int, hidden_size: int, attention: AttentionForm | None = None) -> None:
        super().__init__()
        self.gru = GRULayer(n_fields, hidden_size)
        self.attention = None if attention is None else TemporalAttention(hidden_size, attention)
        self.width = hidden_size if attention is None else 2 * hidden_size
        self.norm = nn.BatchNorm1d(self.width)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """Code (n, width) of windows (n, n_steps, n_fields)."""
        if self.attention is None:
            return self.norm(self.gru(window).contiguous())  # BatchNorm is faster along a stock's code
        return self.norm(torch.cat(self.gru.attended(window, self.attention), dim=1))


class ScoreNet(ScoringNet):
    """One encoder per frequency -> concatenation -> Linear -> one score per stock.

    Parameters
    ----------
    inputs : mapping of str to InputShape
    hidden_size : int
        Report: 30.
    attention : {"alstm", "literal"}, optional
    dropout : float
        Share of the code that is dropped before the Linear while it is trained; the report drops nothing.
    """

    def __init__(
        self,
        inputs: Inputs,
        hidden_size: int = 30,
        attention: AttentionForm | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(inputs)
        self.stochastic = dropout > 0
        encoders = [Encoder(shape.fields, hidden_size, attention) for shape in inputs.values()]
        self.encoders = nn.ModuleList(encoders)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.head = nn.Linear(sum(encoder.width for encoder in encoders), 1)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Also of a model that was saved before networks had a dropout."""
        super().__setstate__(state)
        self._modules.setdefault("dropout", nn.Identity())

    def forward(self, features: Features) -> torch.Tensor:
        """Scores (n,) of the windows of this network's frequencies."""
        codes = [encoder(features[freq]) for freq, encoder in zip(self.freqs, self.encoders, strict=True)]
        return self.head(self.dropout(torch.cat(codes, dim=1))).squeeze(1)


class IncrementalNet(ScoringNet):
    """Branches with a score of their own each; the prediction is the sum of the scores.

    The branches are trained one after the other, each on what those before it leave (figure 13).

    Parameters
    ----------
    branches : sequence of ScoringNet
        In the order of training.

    Attributes
    ----------
    kept : Tensor of shape (n_branches,), bool
        Which branches count; part of the state dict. The others are not run, and add exactly 0.
    """

    kept: torch.Tensor

    def __init__(self, branches: Sequence[ScoringNet]) -> None:
        super().__init__()
        self.freqs = tuple(dict.fromkeys(freq for branch in branches for freq in branch.freqs))
        self.stochastic = any(branch.stochastic for branch in branches)
        self.branches = nn.ModuleList(branches)
        self.register_buffer("kept", torch.ones(len(branches), dtype=torch.bool))

    def branch_list(self) -> list[ScoringNet]:
        """The branches in the order of training."""
        return [branch for branch in self.branches if isinstance(branch, ScoringNet)]

    def kept_branches(self, end: int | None = None) -> list[ScoringNet]:
        """Those of the first `end` branches (by default all) that count."""
        return [branch for branch, kept in zip(self.branch_list()[:end], self.kept[:end].tolist(), strict=True) if kept]

    def forward(self, features: Features) -> torch.Tensor:
        """Scores (n,): the sum over the branches that count."""
        return torch.stack([branch(features) for branch in self.kept_branches()]).sum(dim=0)
