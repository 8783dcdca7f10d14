"""Attention over the outputs of a recurrent layer (figure 8 of the report)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

AttentionForm = Literal["alstm", "literal"]


class TemporalAttention(nn.Module):
    """``o = sum_i softmax_i(u_i) z_i`` over the outputs z_1 .. z_M.

    Parameters
    ----------
    hidden_size : int
    form : {"alstm", "literal"}
        ``alstm``, which the report's code follows (qlib's ALSTM): ``u_i = v . tanh(W z_i + b)`` with W of shape
        (hidden_size // 2, hidden_size); ``literal``, the report's formula: ``u_i = tanh(w . z_i + b)``.
    """

    def __init__(self, hidden_size: int, form: AttentionForm = "alstm") -> None:
        super().__init__()
        if form == "alstm":
            width = max(1, hidden_size // 2)
            self.score = nn.Sequential(nn.Linear(hidden_size, width), nn.Tanh(), nn.Linear(width, 1, bias=False))
        elif form == "literal":
            self.score = nn.Sequential(nn.Linear(hidden_size, 1), nn.Tanh())
        else:
            raise ValueError(f"attention form must be 'alstm' or 'literal', not {form!r}")

    def forward(self, outputs: torch.Tensor) -> torch.Tensor:
        """Weighted outputs (n, hidden_size) of `outputs` (n_steps, n, hidden_size)."""
        return (torch.softmax(self.score(outputs), dim=0) * outputs).sum(dim=0)
