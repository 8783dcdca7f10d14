"""What `normalize` defines, compiled (native/windows.cpp): windows are gathered and normalised while in the cache."""

from __future__ import annotations

import ctypes

import numpy as np

from qlib_mfgru import native
from qlib_mfgru.data.normalize import Moments, Scale
from qlib_mfgru.data.panel import BarPanel


def moments(library: ctypes.CDLL, panel: BarPanel, n_days: int, scale: Scale, places: np.ndarray) -> Moments:
    """Statistics of one date's cross-section, each of shape (n_steps, 6, 1), over the windows at `places`."""
    n_steps, n_fields = n_days * panel.bars_per_day, panel.bars.shape[2]
    mean, inverse_std = np.empty((2, n_steps, n_fields, 1), dtype=np.float32)
    windows = _windows(panel, n_steps, scale, places)
    native.call(library.mfgru_statistics, *windows, mean.ctypes.data, inverse_std.ctypes.data)
    return Moments(mean, inverse_std)


def normalise(
    library: ctypes.CDLL,
    panel: BarPanel,
    scale: Scale,
    places: np.ndarray,
    moments: Moments,
    columns: np.ndarray,
    clip: float | None,
    out: np.ndarray,
) -> None:
    """Fill `out`, (n_steps, 6, n): an array that is contiguous along the samples, or a slice of such an array."""
    n_steps = out.shape[0]
    mean, inverse_std = (np.ascontiguousarray(array) for array in moments)
    columns = np.ascontiguousarray(columns, dtype=np.int64)
    native.call(
        library.mfgru_normalised,
        *_windows(panel, n_steps, scale, places),
        mean.ctypes.data,
        inverse_std.ctypes.data,
        mean.shape[2],
        columns.ctypes.data,
        np.inf if clip is None else clip,
        out.ctypes.data,
        out.strides[1] // out.itemsize,
    )


def _windows(panel: BarPanel, n_steps: int, scale: Scale, places: np.ndarray) -> tuple[int, ...]:
    n_fields, n_stocks = panel.bars.shape[2:]
    return panel.bars.ctypes.data, n_stocks, n_steps, n_fields, scale == "last", places.ctypes.data, len(places)
