"""The compiled CPU kernels: C++ behind a plain C interface, loaded with ctypes.

``setup.py`` builds them where it finds a compiler, once for AVX-512 and once for AVX2; the processor decides at run
time. Whoever uses them does without where there are none.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import torch

_BUILDS = {"AVX512": "_avx512", "AVX2": "_avx2"}
_POINTER, _SIZE, _INT, _FLOAT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int, ctypes.c_float
_WINDOWS = [_POINTER, _SIZE, _SIZE, _SIZE, _INT, _POINTER, _SIZE]
_ATTENTION = ["w", "b", "v", "width", "attended", "softmax", "d_attended", "d_w", "d_b", "d_v"]


class Attention(ctypes.Structure):
    """``mfgru_attention`` of gru.cpp: addresses of tensors, and one size."""

    _fields_ = [(name, _SIZE if name == "width" else _POINTER) for name in _ATTENTION]


_SIGNATURES = {
    "mfgru_forward": [_POINTER] * 7 + [_SIZE] * 4 + [_INT] * 2 + [ctypes.POINTER(Attention)],
    "mfgru_backward": [_POINTER] * 12 + [_SIZE] * 4 + [_INT] * 2 + [ctypes.POINTER(Attention)],
    "mfgru_statistics": [*_WINDOWS, _POINTER, _POINTER],
    "mfgru_normalised": [*_WINDOWS, _POINTER, _POINTER, _SIZE, _POINTER, _FLOAT, _POINTER, _SIZE],
}


def library() -> ctypes.CDLL | None:
    """The build for this processor, or None where none was made for it."""
    return build(torch.backends.cpu.get_cpu_capability())


@cache
def build(capability: str) -> ctypes.CDLL | None:
    """The build for an instruction set, in torch's words for it (``AVX512``, ``AVX2``); None if there is none."""
    spec = find_spec(f"{__name__}.{_BUILDS[capability]}") if capability in _BUILDS else None
    if spec is None or spec.origin is None:
        return None
    loaded = ctypes.CDLL(spec.origin)
    for name, arguments in _SIGNATURES.items():
        getattr(loaded, name).argtypes = arguments
    loaded.mfgru_kept.argtypes, loaded.mfgru_kept.restype = [_SIZE] * 4, _SIZE
    return loaded


def call(function: Callable[..., int], *arguments: int | float | Attention | None) -> None:
    """Call one of a build's functions; pointers are given as addresses.

    Raises
    ------
    MemoryError
        If there was no memory for its workspace.
    """
    if function(*arguments):
        raise MemoryError("no memory for the workspace of a compiled kernel: use smaller batches")
