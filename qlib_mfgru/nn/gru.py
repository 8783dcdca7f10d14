"""The recurrent layer behind every network."""

from __future__ import annotations

import torch
from torch import nn

from qlib_mfgru.nn.recurrence import GRURecurrence


class GRULayer(nn.GRU):
    """One-layer GRU over windows; parameters, their names and their initial values are those of ``torch.nn.GRU``.

    On the CPU it runs `GRURecurrence`, on a GPU torch's (cuDNN's) own kernel.

    Parameters
    ----------
    n_fields : int
    hidden_size : int
        Report: 30.
    """

    def __init__(self, n_fields: int, hidden_size: int) -> None:
        super().__init__(n_fields, hidden_size)

    def forward(self, window: torch.Tensor, all_outputs: bool = False) -> torch.Tensor:  # type: ignore[override]
        """Outputs for windows of shape (n, n_steps, n_fields).

        Batches hold (n_steps, n_fields, n) memory behind that view, which is just what the recurrence reads.

        Returns
        -------
        Tensor
            The last output (n, hidden_size), or all outputs (n_steps, n, hidden_size).
        """
        if window.is_cuda:
            outputs, last = super().forward(window.permute(1, 0, 2).contiguous())
            return outputs if all_outputs else last[0]
        states = GRURecurrence.apply(
            window.permute(1, 2, 0).contiguous(),
            self.weight_ih_l0,
            self.weight_hh_l0,
            self.bias_ih_l0,
            self.bias_hh_l0,
            all_outputs,
        )
        return states.transpose(-2, -1)
