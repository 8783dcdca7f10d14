"""The compiled CPU kernels: C++ behind a plain C interface, loaded with ctypes.

``setup.py`` builds them where it finds a compiler, once for each instruction set (`recipe`): AVX-512 and AVX2, or
NEON on arm64; the processor decides at run time. Callers must work without them where there are none.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Literal, get_args

import torch

from qlib_mfgru.errors import InputError
from qlib_mfgru.native import recipe

Precision = Literal["float32", "bf16"]
"""Of the numbers that the recurrence multiplies."""

_POINTER, _SIZE, _INT, _FLOAT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int, ctypes.c_float
_WINDOWS = [_POINTER, *[_SIZE] * 4, _POINTER, _POINTER, _SIZE]
_ATTENTION = ["w", "b", "v", "width", "attended", "softmax", "d_attended", "d_w", "d_b", "d_v"]


class Attention(ctypes.Structure):
    """``mfgru_attention`` of mfgru.h: addresses of tensors, and one size."""

    _fields_ = [(name, _SIZE if name == "width" else _POINTER) for name in _ATTENTION]


_SIGNATURES = {
    "mfgru_peak": [_SIZE, _POINTER],
    "mfgru_forward": [_POINTER] * 7 + [_SIZE] * 4 + [_INT] * 2 + [ctypes.POINTER(Attention)],
    "mfgru_backward": [_POINTER] * 12 + [_SIZE] * 4 + [_INT] * 2 + [ctypes.POINTER(Attention)],
    "mfgru_statistics": [*_WINDOWS, _POINTER, _POINTER],
    "mfgru_normalised": [*_WINDOWS, _POINTER, _POINTER, _SIZE, _POINTER, _FLOAT, _POINTER, _INT],
}


def capability() -> str:
    """The instruction set whose build runs on this processor: ``AVX512``, ``AVX2``, ``NEON``, or another word of torch.

    torch has words for what it uses itself, which on arm64 is not NEON; but every such processor has that.
    """
    return "NEON" if "NEON" in recipe.instruction_sets() else torch.backends.cpu.get_cpu_capability()


def library(precision: Precision = "float32") -> ctypes.CDLL | None:
    """The build for this processor, or None where none was made for it, or it lacks the instructions; errors as of
    `build`."""
    if precision == "float32":
        return build(capability())
    loaded = build(f"{capability()}_{precision.upper()}")
    return loaded if loaded is not None and loaded.mfgru_runs() else None


def version() -> str:
    """What every `library` was made of, for keys of results; ``none`` where there is none."""
    found = [library(precision) for precision in get_args(Precision)]
    return "+".join(f"{loaded.mfgru_abi():016x}" for loaded in found if loaded is not None) or "none"


@cache
def build(instruction_set: str) -> ctypes.CDLL | None:
    """The build for an instruction set of this machine's kind of processor; None if there is none.

    Raises
    ------
    InputError
        If it was made of other sources than the package has, or cannot be loaded: its results would be another
        version's, or none at all.
    """
    known = instruction_set in recipe.instruction_sets()
    spec = find_spec(f"{__name__}.{recipe.module(instruction_set)}") if known else None
    if spec is None or spec.origin is None:
        return None
    loaded = _opened(spec.origin, recipe.abi(instruction_set))
    for name, arguments in _SIGNATURES.items():
        getattr(loaded, name).argtypes = arguments
    loaded.mfgru_kept.argtypes, loaded.mfgru_kept.restype = [_SIZE] * 4, _SIZE
    loaded.mfgru_peak.restype = _SIZE
    return loaded


def _opened(path: str, abi: int) -> ctypes.CDLL:
    cause: Exception | None = None
    if _is_whole(path):
        try:
            loaded = ctypes.CDLL(path)
            loaded.mfgru_abi.restype = ctypes.c_uint64
            if loaded.mfgru_abi() == abi:
                return loaded
        except (OSError, AttributeError) as error:  # another system's; older than the number
            cause = error
    raise InputError(
        f"{path} is damaged, or was built for another version or machine: reinstall (pip install -e .)"
    ) from cause


def _is_whole(path: str) -> bool:
    """Whether a library of Linux ends where its header says: to map more than there is kills the process.

    The table of sections, whose place and size the header holds, comes last. Other formats are left to the loader.
    """
    with open(path, "rb") as file:
        header = file.read(64)
    if not header.startswith(b"\x7fELF"):
        return True
    if len(header) < 64:
        return False
    (table,), (size, count) = struct.unpack_from("<Q", header, 40), struct.unpack_from("<HH", header, 58)
    return os.path.getsize(path) >= table + size * count


def call(function: Callable[..., int], *arguments: int | float | Attention | None) -> None:
    """Call one of a build's functions; pointers are given as addresses.

    Raises
    ------
    MemoryError
        If there was no memory for its workspace.
    """
    if function(*arguments):
        raise MemoryError("no memory for the workspace of a compiled kernel: use smaller batches")
