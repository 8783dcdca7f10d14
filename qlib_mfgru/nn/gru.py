"""The recurrent layer behind every network, and which implementation runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import nn

from qlib_mfgru import native
from qlib_mfgru.nn.attention import TemporalAttention
from qlib_mfgru.nn.kernels import fused
from qlib_mfgru.nn.kernels.compiled import compiled_attended_gru, compiled_gru
from qlib_mfgru.nn.kernels.plain import plain_gru

Implementation = Literal["auto", "compiled", "plain", "fused", "torch"]


_RUN: dict[str, Callable[..., torch.Tensor]] = {"compiled": compiled_gru, "plain": plain_gru, "fused": fused.fused_gru}


class GRULayer(nn.GRU):
    """One-layer GRU over windows; parameters, their names and their initial values are those of ``torch.nn.GRU``.

    ==========  =================================================================================================
    auto        on the CPU ``compiled``, or where it was not built ``plain``; on a GPU ``fused``, or where it does not
                run (older GPUs, larger sizes, no triton) ``torch``
    compiled    C++ over tiles of samples (native/gru.cpp), float32, with products of bfloat16 if `precision` says so
    fused       Triton over tiles of samples (kernels/fused.py), float32, on CUDA
    plain       torch operations with a backward written by hand (kernels/plain.py), any device and precision
    torch       ``torch.nn.GRU`` itself; on a GPU that is cuDNN
    ==========  =================================================================================================

    Parameters
    ----------
    n_fields : int
    hidden_size : int
        Report: 30.

    Attributes
    ----------
    implementation : {"auto", "compiled", "plain", "fused", "torch"}
        May be set at any time; no part of the state dict.
    precision : {"float32", "bf16"}
        What is asked of the compiled recurrence, likewise; `multiplied` says what it will be.
    """

    def __init__(self, n_fields: int, hidden_size: int) -> None:
        super().__init__(n_fields, hidden_size)
        self.implementation: Implementation = "auto"
        self.precision: native.Precision = "float32"

    def chosen(self) -> str:
        """The implementation that would run now, where the layer's weights are."""
        if self.implementation != "auto":
            return self.implementation
        weight = self.weight_hh_l0
        is_single = weight.dtype == torch.float32
        if weight.is_cuda:
            runs = is_single and fused.available() and fused.supports(self.hidden_size, self.input_size)
            return "fused" if runs else "torch"
        return "compiled" if is_single and native.library() is not None else "plain"

    def multiplied(self) -> native.Precision:
        """The precision of products now: bf16 where it is asked for and `compiled` runs on a processor that has it."""
        wanted = self.precision if self.chosen() == "compiled" else "float32"
        return wanted if native.library(wanted) is not None else "float32"

    def forward(self, window: torch.Tensor, all_outputs: bool = False) -> torch.Tensor:  # type: ignore[override]
        """Outputs for windows of shape (n, n_steps, n_fields).

        Batches hold (n_steps, n_fields, n) memory behind that view, which is just what the recurrence reads.

        Returns
        -------
        Tensor
            The last output (n, hidden_size), or all outputs (n_steps, n, hidden_size).

        Raises
        ------
        ValueError
            Windows of another shape or precision, or on another device than the weights.
        """
        self._check(window)
        chosen = self.chosen()
        if chosen == "torch":
            outputs, last = super().forward(window.permute(1, 0, 2).contiguous())
            return outputs if all_outputs else last[0]
        how = {"precision": self.multiplied()} if chosen == "compiled" else {}
        states = _RUN[chosen](window.permute(1, 2, 0), *self.parameters(), all_states=all_outputs, **how)
        return states.transpose(-2, -1)

    def attended(self, window: torch.Tensor, attention: TemporalAttention) -> tuple[torch.Tensor, torch.Tensor]:
        """The last output and what `attention` makes of all of them, both (n, hidden_size).

        The compiled kernel does both at once; the other implementations write all outputs for it. Errors as of a call.
        """
        if self.chosen() != "compiled":
            outputs = self(window, all_outputs=True)
            return outputs[-1], attention(outputs)
        self._check(window)
        parameters, weights = tuple(self.parameters()), attention.weights()
        states = compiled_attended_gru(window.permute(1, 2, 0), parameters, weights, self.multiplied())
        return states[0].t(), states[1].t()

    def _check(self, window: torch.Tensor) -> None:
        """Kernels read memory as the weights say that it lies there."""
        weight, fields = self.weight_ih_l0, self.input_size
        fits = window.dim() == 3 and window.shape[2] == fields and window.shape[1] > 0
        if not (fits and window.dtype == weight.dtype and window.device == weight.device):
            raise ValueError(
                f"windows must have the shape (n, n_steps, {fields}), {weight.dtype} and lie on {weight.device}, where "
                f"the GRU's weights are; these have {tuple(window.shape)}, {window.dtype} and lie on {window.device}"
            )
