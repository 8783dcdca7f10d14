"""The compiled CPU kernel (native/gru.cpp), wrapped for autograd."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from qlib_mfgru import native


def compiled_gru(
    window: torch.Tensor, w: torch.Tensor, u: torch.Tensor, b: torch.Tensor, c: torch.Tensor, all_states: bool
) -> torch.Tensor:
    """States of a GRU; shapes as in `qlib_mfgru.nn.kernels`. float32 on the CPU, where `native.library` is not None.

    For the backward pass one state in some sixteen is kept, and the steps between are computed again in the cache.
    """
    inputs = [tensor.contiguous() for tensor in (window, w, u, b, c)]
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
    return _CompiledGRU.apply(*inputs, all_states, keep)


class _CompiledGRU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *args: Any) -> torch.Tensor:
        *inputs, all_states, keep = args
        (steps, fields, n), hidden = inputs[0].shape, inputs[2].shape[1]
        ctx.sizes = steps, fields, hidden, n, int(all_states), torch.get_num_threads()
        states = inputs[0].new_empty((steps, hidden, n) if all_states else (hidden, n))
        kept = inputs[0].new_empty(_loaded().mfgru_kept(*ctx.sizes[:4])) if keep else None
        native.call(_loaded().mfgru_forward, *_addresses(*inputs, states, kept), *ctx.sizes)
        ctx.save_for_backward(*inputs, kept)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        *inputs, kept = ctx.saved_tensors
        gradients = [torch.empty_like(parameter) for parameter in inputs[1:]]
        of_window = torch.empty_like(inputs[0]) if ctx.needs_input_grad[0] else None
        tensors = [*inputs, grad.contiguous(), kept, *gradients, of_window]
        native.call(_loaded().mfgru_backward, *_addresses(*tensors), *ctx.sizes)
        return of_window, *gradients, None, None


def _loaded() -> ctypes.CDLL:
    loaded = native.library()
    if loaded is None:
        raise RuntimeError(
            "the compiled GRU was not built for this processor: install a C++ compiler and reinstall qlib_mfgru, or "
            "choose another implementation"
        )
    return loaded


def _addresses(*tensors: torch.Tensor | None) -> list[int | None]:
    return [None if tensor is None else tensor.data_ptr() for tensor in tensors]
