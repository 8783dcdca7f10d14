"""The GRU's recurrence on CUDA as one kernel forward and one backward, written in Triton.

Parameters may also carry a leading dimension, one set per seed, all on the same input and in one launch.

How it works
------------
A program takes a tile of 16 rows and walks it through all steps. The state stays in registers, the weights in shared
memory, split once into the halves that the tensor cores multiply; a step reads its input, fetched a step ahead, and
writes its state. The backward pass computes the gates again from the stored states (storing them would take five times
the memory, and reading them back as long as computing them), and adds up the tile's share of the weights' gradients
in registers. The shares are written side by side and summed by torch in a fixed order: no atomics, same bits again.

Why 16 rows: the tensor cores take no fewer, and 5,000 rows make 313 tiles, at most 3 on each of an H100's 132
multiprocessors, where a step's latency (a product, a barrier, an exponential, twice) is hidden behind the other two
tiles. The backward kernel is held to 168 registers a thread so that 3 fit. Up to hidden 32 a tile has 4 warps, of
which each computes 8 columns of all gates; up to 64 it has 8, and fills a multiprocessor.

Measured on an H200 (torch 2.11, Triton 3.6, ``benchmarks/gru_cuda.py``): forward and backward at (5000, 320, 6), hidden
30, take 2.7 ms, cuDNN without TF32 68 ms; forward alone 0.9 and 3.6. The largest error of states and gradients over
their largest value is 3e-7, cuDNN's 7e-6. Compiled for sm_90, a step is 427 instructions a warp forward and 1,155
backward (Triton 3.9, hidden 30), which allows 0.9 ms for both: tensor cores and the latency of a step take the rest.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

MAX_HIDDEN, MAX_FIELDS = 64, 16
"""Largest sizes whose weights fit one multiprocessor together with their gradients."""
_LEAST_SHARED = 99 * 1024  # what every GPU from compute capability 8.0 on has; older torch does not tell more
_ROWS = 16
_FIELDS = 16  # the input's fields, padded: the shortest inner dimension of a product


class _Layout(NamedTuple):
    """How a tile is laid out.

    Attributes
    ----------
    hidden : int
        The state's columns, padded.
    warps : int
    reload : bool
        Read U anew for the transposed products of the backward pass: both forms together exceed the shared memory.
    max_registers : int or None
        A thread's registers in the backward pass.
    shared : int
        Bytes of shared memory that the larger kernel takes, with some air.
    """

    hidden: int
    warps: int
    reload: bool
    max_registers: int | None
    shared: int


_LAYOUTS = (_Layout(32, 4, False, 168, 80 * 1024), _Layout(64, 8, True, None, 178 * 1024))


@cache
def available() -> bool:
    """Whether this machine has what the kernels need: an NVIDIA GPU from compute capability 8.0 on, and triton.

    Compiled with Triton 3.2 (which torch 2.6 brings), 3.6 and 3.9; older ones are not used.
    """
    return (
        torch.__version__ >= "2.6"
        and torch.cuda.is_available()
        and torch.version.hip is None
        and torch.cuda.get_device_capability() >= (8, 0)
        and importlib.util.find_spec("triton") is not None
    )


def supports(hidden: int, n_fields: int) -> bool:
    """Whether the kernels take these sizes here; where they do not, ``torch.nn.GRU`` (cuDNN) is the way.

    Up to hidden 64 on an H100; 32 on GPUs whose multiprocessors have less than 178 KB of shared memory, as an A100's.
    """
    if not (1 <= hidden <= MAX_HIDDEN and 1 <= n_fields <= MAX_FIELDS):
        return False
    if not torch.cuda.is_available():
        return True
    device = torch.cuda.get_device_properties(torch.cuda.current_device())
    return _layout(hidden).shared <= getattr(device, "shared_memory_per_block_optin", _LEAST_SHARED)


def fused_gru(
    window: torch.Tensor, w: torch.Tensor, u: torch.Tensor, b: torch.Tensor, c: torch.Tensor, all_states: bool
) -> torch.Tensor:
    """States of a GRU that starts from 0, under one or several sets of parameters.

    Parameters
    ----------
    window : Tensor of shape (n_steps, n_fields, n), float32
        Contiguous, or it is copied.
    w, u, b, c : Tensor of shapes (3h, n_fields), (3h, h), (3h,), (3h,), float32
        weight_ih, weight_hh, bias_ih and bias_hh of ``torch.nn.GRU``; or all four with one leading dimension s.
    all_states : bool

    Returns
    -------
    Tensor
        All states (n_steps, h, n), or the last (h, n); with a leading dimension s if the parameters have one.

    Raises
    ------
    ValueError
        On sizes that `supports` denies, or another type than float32.
    """
    parameters = (w, u, b, c)
    _check(window, u, parameters)
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (window, *parameters))
    if u.dim() == 3:
        return FusedGRU.apply(window, *parameters, all_states, keep)
    return FusedGRU.apply(window, *(parameter[None] for parameter in parameters), all_states, keep)[0]


class FusedGRU(torch.autograd.Function):
    """`fused_gru` for parameters with a leading dimension; `keep` says whether a backward pass may follow."""

    @staticmethod
    def forward(
        ctx: Any,
        window: torch.Tensor,
        w: torch.Tensor,
        u: torch.Tensor,
        b: torch.Tensor,
        c: torch.Tensor,
        all_states: bool,
        keep: bool,
    ) -> torch.Tensor:
        from qlib_mfgru.nn.kernels import fused_triton

        window, w, u, b, c = (tensor.contiguous() for tensor in (window, w, u, b, c))
        n_steps, n_fields, n = window.shape
        n_sets, _, hidden = u.shape
        layout, every = _layout(hidden), keep or all_states
        states = window.new_empty(n_sets, n_steps + 1 if every else 1, hidden, n)
        with _on(window):
            fused_triton.forward[_tiles(n), n_sets](
                *(window, w, u, b, c, states, n, n_steps, n_fields, hidden, every, _ROWS, _FIELDS, layout.hidden),
                **_options(layout),
            )
        if keep:
            ctx.save_for_backward(window, w, u, b, c, states)
            ctx.all_states = all_states
        return states[:, 1:] if all_states else states[:, -1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_states: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        from qlib_mfgru.nn.kernels import fused_triton

        window, w, u, b, c, states = ctx.saved_tensors
        n_steps, n_fields, n = window.shape
        n_sets, _, hidden = u.shape
        layout, wants_input = _layout(hidden), ctx.needs_input_grad[0]
        shares = [tensor.new_empty(n_sets, _tiles(n), *tensor.shape[1:]) for tensor in (w, u, b, c)]
        d_window = window.new_empty(n_sets, *window.shape) if wants_input else window  # not written then
        with _on(window):
            fused_triton.backward[_tiles(n), n_sets](
                *(window, w, u, b, c, states, d_states.contiguous(), d_window, *shares, n, n_steps, n_fields, hidden),
                *(ctx.all_states, wants_input, _ROWS, _FIELDS, layout.hidden, layout.reload),
                maxnreg=layout.max_registers,
                **_options(layout),
            )
        gradients = (share.sum(dim=1) for share in shares)
        return d_window.sum(dim=0) if wants_input else None, *gradients, None, None


def _layout(hidden: int) -> _Layout:
    return next(layout for layout in _LAYOUTS if hidden <= layout.hidden)


def _tiles(n: int) -> int:
    return -(-n // _ROWS)


def _options(layout: _Layout) -> dict[str, Any]:
    """What both kernels are compiled with: inputs are fetched ahead by hand, so no stages of Triton's own."""
    return {"num_warps": layout.warps, "num_stages": 1, "enable_fp_fusion": True}


def _on(tensor: torch.Tensor) -> torch.cuda.device:
    """Triton launches on the current device: make it the tensor's. For a CPU tensor (interpreter) nothing happens."""
    return torch.cuda.device(tensor.device if tensor.is_cuda else -1)


def _check(window: torch.Tensor, u: torch.Tensor, parameters: tuple[torch.Tensor, ...]) -> None:
    kinds = {tensor.dtype for tensor in (window, *parameters)}
    if kinds != {torch.float32}:
        raise ValueError(f"the fused GRU takes float32 only, not {sorted(map(str, kinds))}; use torch.nn.GRU")
    if not supports(u.shape[-1], window.shape[1]):
        raise ValueError(
            f"the fused GRU takes up to hidden {MAX_HIDDEN} and {MAX_FIELDS} fields (less on small GPUs), not hidden "
            f"{u.shape[-1]} and {window.shape[1]} fields; use torch.nn.GRU"
        )
