"""Denormal numbers count as 0 while a model is fitted or predicts, and as the caller had them before and afterwards.

Gradients over 320 steps fall so low that many processors spend most of the time on such numbers.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch

_PROCESS = os.getpid()
_HARD = 2  # omp_pause_hard of the OpenMP standard


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Count denormal numbers as 0 on the calling thread, and on the threads that it starts or that torch gives it.

    It is the processor's setting for one thread, which new threads take over. The kernels' and ours are new every time;
    torch keeps its own between operations, so they are ended here, to start with the right setting at the next one. A
    caller who flushes denormals himself keeps his setting and his threads.
    """
    if flushes_denormals():
        yield
        return
    _set(True)
    try:
        yield
    finally:
        _set(False)


def flushes_denormals() -> bool:
    """Whether the calling thread counts denormal numbers as 0."""
    return bool(torch.tensor([1e-40], dtype=torch.float32, device="cpu").mul(1.0).eq(0.0).item())


def _set(flush: bool) -> None:
    torch.set_flush_denormal(flush)
    openmp = _openmp()
    if openmp is not None and os.getpid() == _PROCESS:  # a forked process has no such threads, and would wait for them
        openmp.omp_pause_resource_all(_HARD)


@cache
def _openmp() -> ctypes.CDLL | None:
    """What torch's threads are managed by, where that is GNU's OpenMP, as in its wheels for Linux; else None.

    Elsewhere only the calling thread and its new ones flush, and torch's where torch itself passes the setting on.
    """
    path = Path(torch.__file__).parent / "lib/libtorch_cpu.so"
    torchs = ctypes.CDLL(str(path)) if path.exists() else None  # finds what it is linked with, too
    gnus = hasattr(torchs, "omp_pause_resource_all") and not hasattr(torchs, "__kmpc_fork_call")
    return torchs if gnus else None
