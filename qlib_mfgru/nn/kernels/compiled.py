"""The compiled CPU kernel: gru.cpp, loaded with ctypes and wrapped for autograd.

``setup.py`` builds it where it finds a compiler, once for AVX-512 and once for AVX2; the processor decides at run time.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch.autograd.function import once_differentiable

_BUILDS = {"AVX512": "_gru_avx512", "AVX2": "_gru_avx2"}
_POINTER, _SIZE, _INT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int


@cache
def _library(capability: str) -> ctypes.CDLL | None:
    spec = find_spec(f"{__package__}.{_BUILDS[capability]}") if capability in _BUILDS else None
    if spec is None or spec.origin is None:
        return None
    library = ctypes.CDLL(spec.origin)
    library.mfgru_kept.argtypes = [_SIZE] * 4
    library.mfgru_kept.restype = _SIZE
    library.mfgru_forward.argtypes = [_POINTER] * 7 + [_SIZE] * 4 + [_INT] * 2
    library.mfgru_backward.argtypes = [_POINTER] * 12 + [_SIZE] * 4 + [_INT] * 2
    return library


def library() -> ctypes.CDLL | None:
    """The build for this processor, or None where none was made for it."""
    return _library(torch.backends.cpu.get_cpu_capability())


def compiled_gru(
    window: torch.Tensor, w: torch.Tensor, u: torch.Tensor, b: torch.Tensor, c: torch.Tensor, all_states: bool
) -> torch.Tensor:
    """States of a GRU; shapes as in `qlib_mfgru.nn.kernels`. float32 on the CPU, where `library` is not None.

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
        _call(_loaded().mfgru_forward, [*inputs, states, kept], ctx.sizes)
        ctx.save_for_backward(*inputs, kept)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        *inputs, kept = ctx.saved_tensors
        gradients = [torch.empty_like(parameter) for parameter in inputs[1:]]
        of_window = torch.empty_like(inputs[0]) if ctx.needs_input_grad[0] else None
        _call(_loaded().mfgru_backward, [*inputs, grad.contiguous(), kept, *gradients, of_window], ctx.sizes)
        return of_window, *gradients, None, None


def _loaded() -> ctypes.CDLL:
    loaded = library()
    if loaded is None:
        raise RuntimeError(
            "the compiled GRU was not built for this processor: install a C++ compiler and reinstall qlib_mfgru, or "
            "choose another implementation"
        )
    return loaded


def _call(function: Any, tensors: list[torch.Tensor | None], sizes: tuple[int, ...]) -> None:
    if function(*(None if tensor is None else tensor.data_ptr() for tensor in tensors), *sizes):
        raise MemoryError(
            f"the GRU's workspace for (steps, fields, hidden, samples) {sizes[:4]} does not fit in memory"
        )
