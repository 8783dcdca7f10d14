"""How bars with axes (day, bar, field, stock) lie in memory and in their file: as (day, stock, bar, field)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np

BARS = "bars.npy"
_IN_USE, _STORED = (0, 2, 3, 1), (0, 3, 1, 2)


def laid_out(bars: np.ndarray) -> np.ndarray:
    """Bars (day, bar, field, stock) as float32 that lies in memory as (day, stock, bar, field): these, or a copy."""
    stored = bars.transpose(_STORED)
    if stored.flags.c_contiguous and stored.dtype == np.float32:
        return bars
    return np.ascontiguousarray(stored, dtype=np.float32).transpose(_IN_USE)


def read(folder: Path) -> np.ndarray:
    """A panel's bars, (day, bar, field, stock), as a read-only memory map."""
    return np.load(folder / BARS, mmap_mode="r").transpose(_IN_USE)


def mapped(folder: Path, shape: tuple[int, ...]) -> np.memmap:
    """New bars of a shape (day, bar, field, stock), float32, as a memory map.

    Its room is taken: a map that meets a full disk later ends the process.
    """
    file, stored = folder / BARS, tuple(shape[axis] for axis in _STORED)
    bars = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=stored)
    with open(file, "r+b") as handle, suppress(AttributeError):  # not every system can take room ahead
        os.posix_fallocate(handle.fileno(), 0, file.stat().st_size)
    return bars.transpose(_IN_USE)
