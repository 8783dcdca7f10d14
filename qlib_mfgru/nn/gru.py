"""The recurrent layer behind every network."""

from __future__ import annotations

import torch
from torch import nn


class GRULayer(nn.Module):
    """One-layer GRU over windows; the parameters and their names are those of ``torch.nn.GRU``.

    Parameters
    ----------
    n_fields : int
    hidden_size : int
        Report: 30.
    """

    def __init__(self, n_fields: int, hidden_size: int) -> None:
        super().__init__()
        self.rnn = nn.GRU(n_fields, hidden_size)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """All outputs in time-major order, (n_steps, n, hidden_size), for a window of shape (n, n_steps, n_fields).

        Batches hold time-major memory behind their (n, n_steps, n_fields) view, so the permutation here leads back
        to steps that lie one after the other.
        """
        outputs, _ = self.rnn(window.permute(1, 0, 2).contiguous())
        return outputs
