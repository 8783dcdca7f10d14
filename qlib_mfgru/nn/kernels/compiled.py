"""The compiled CPU kernel (native/gru.cpp), wrapped for autograd: the GRU alone, and with attention over its states."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from qlib_mfgru import native
from qlib_mfgru.threads import n_threads


def compiled_gru(
    window: torch.Tensor,
    w: torch.Tensor,
    u: torch.Tensor,
    b: torch.Tensor,
    c: torch.Tensor,
    all_states: bool,
    precision: native.Precision = "float32",
) -> torch.Tensor:
    """States of a GRU; shapes as in `qlib_mfgru.nn.kernels`. float32 on the CPU, where `native.library` is not None.

    Raises ValueError for any other dtype or device, RuntimeError where the kernels were not built. With the `precision`
    ``bf16`` weights, inputs, states and the gradients of gates are rounded to bfloat16 where they are multiplied with
    each other; sums, states, gates and what comes out stay float32.

    For the backward pass one state in a dozen or more is kept, and the steps between are computed again in the cache.
    """
    return _CompiledGRU.apply(*_prepared(window, w, u, b, c), all_states, _loaded(precision))


def compiled_attended_gru(
    window: torch.Tensor,
    parameters: tuple[torch.Tensor, ...],
    attention: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    precision: native.Precision = "float32",
) -> tuple[torch.Tensor, torch.Tensor]:
    """Last state and ``o = sum_t softmax_t(v . tanh(W h_t + b)) h_t``, both (h, n); no state but the last is written.

    Parameters
    ----------
    window : Tensor of shape (n_steps, n_fields, n)
    parameters : w, u, b, c
        The GRU's, as in `compiled_gru`.
    attention : W (a, h), b (a,), v (a,)
    precision : {"float32", "bf16"}
        As in `compiled_gru`; of W's products too.
    """
    return _CompiledAttendedGRU.apply(*_prepared(window, *parameters, *attention), _loaded(precision))


def _prepared(*tensors: torch.Tensor) -> tuple[Any, ...]:
    """Contiguous tensors, and whether a backward pass may follow."""
    if any(tensor.dtype != torch.float32 or not tensor.is_cpu for tensor in tensors):
        raise ValueError("the compiled GRU takes float32 on the CPU; choose another implementation, or auto")
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return *(tensor.contiguous() for tensor in tensors), keep


class _CompiledGRU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *args: Any) -> torch.Tensor:
        *inputs, keep, all_states, ctx.library = args
        ctx.sizes = _sizes(inputs, all_states)
        steps, _, hidden, n = ctx.sizes[:4]
        states = inputs[0].new_empty((steps, hidden, n) if all_states else (hidden, n))
        kept = _kept(inputs[0], ctx) if keep else None
        native.call(ctx.library.mfgru_forward, *_addresses(*inputs, states, kept), *ctx.sizes, None)
        ctx.save_for_backward(*inputs, kept)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        *inputs, kept = ctx.saved_tensors
        grad = grad.contiguous()
        gradients = _like(inputs, ctx.needs_input_grad[0])
        addresses = _addresses(*inputs, grad, kept, *gradients[1:], gradients[0])
        native.call(ctx.library.mfgru_backward, *addresses, *ctx.sizes, None)
        return *gradients, None, None, None


class _CompiledAttendedGRU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *args: Any) -> tuple[torch.Tensor, torch.Tensor]:
        *inputs, w, b, v, keep, ctx.library = args
        ctx.sizes = _sizes(inputs, False)
        hidden, n = ctx.sizes[2:4]
        last, attended, softmax = (inputs[0].new_empty(rows, n) for rows in (hidden, hidden, 2))
        kept = _kept(inputs[0], ctx) if keep else None
        attention = _attention(w, b, v, attended, softmax)
        native.call(ctx.library.mfgru_forward, *_addresses(*inputs, last, kept), *ctx.sizes, attention)
        ctx.save_for_backward(*inputs, w, b, v, attended, softmax, kept)
        return last, attended

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_last: torch.Tensor, d_attended: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        *inputs, w, b, v, attended, softmax, kept = ctx.saved_tensors
        d_last, d_attended = d_last.contiguous(), d_attended.contiguous()
        gradients, of_scores = _like(inputs, ctx.needs_input_grad[0]), _like([w, b, v])
        attention = _attention(w, b, v, attended, softmax, d_attended, *of_scores)
        addresses = _addresses(*inputs, d_last, kept, *gradients[1:], gradients[0])
        native.call(ctx.library.mfgru_backward, *addresses, *ctx.sizes, attention)
        return *gradients, *of_scores, None, None


def _sizes(inputs: list[torch.Tensor], all_states: bool) -> tuple[int, ...]:
    """What the library's functions take after the addresses."""
    (steps, fields, n), hidden = inputs[0].shape, inputs[2].shape[1]
    return steps, fields, hidden, n, int(all_states), n_threads()


def _kept(window: torch.Tensor, ctx: Any) -> torch.Tensor:
    return window.new_empty(ctx.library.mfgru_kept(*ctx.sizes[:4]))


def _like(tensors: list[torch.Tensor], first: bool = True) -> list[torch.Tensor | None]:
    """Memory for the gradients of tensors; None for the first if it is not wanted."""
    return [torch.empty_like(tensor) if first or i else None for i, tensor in enumerate(tensors)]


def _addresses(*tensors: torch.Tensor | None) -> list[int | None]:
    return [None if tensor is None else tensor.data_ptr() for tensor in tensors]


def _attention(w: torch.Tensor, *tensors: torch.Tensor | None) -> native.Attention:
    """From W, b, v, attended, softmax, and for backward d_attended, d_W, d_b, d_v."""
    first, *others = _addresses(w, *tensors)
    return native.Attention(first, *others[:2], len(w), *others[2:])


def _loaded(precision: native.Precision) -> ctypes.CDLL:
    loaded = native.library(precision)
    if loaded is None:
        raise RuntimeError(
            "the compiled GRU was not built for this processor: install a C++ compiler and reinstall qlib_mfgru, or "
            "choose another implementation"
        )
    return loaded
