"""What `normalize` defines, compiled (native/windows.cpp): windows are gathered and normalised while in the cache."""

from __future__ import annotations

import ctypes

import numpy as np

from qlib_mfgru import native
from qlib_mfgru.data.normalize import Moments, Scaling
from qlib_mfgru.data.panel import BarPanel

_MODES, _LATE = {"mean": 0, "last": 1, "none": 2}, 4  # as in mfgru.h


def modes_of(scaling: Scaling) -> np.ndarray:
    """Each field's scaling as the kernels read it, (n_fields,) uint8."""
    modes = np.empty(scaling[-1].fields.stop, dtype=np.uint8)
    for run in scaling:
        modes[run.fields] = _MODES[run.by] + run.late * _LATE
    return modes


def moments(library: ctypes.CDLL, panel: BarPanel, n_days: int, modes: np.ndarray, places: np.ndarray) -> Moments:
    """Statistics of one date's cross-section, each of shape (n_steps, n_fields, 1), over the windows at `places`."""
    n_steps, n_fields = n_days * panel.bars_per_day, panel.bars.shape[2]
    mean, inverse_std = np.empty((2, n_steps, n_fields, 1), dtype=np.float32)
    windows = _windows(panel, n_steps, modes, places)
    native.call(library.mfgru_statistics, *windows, mean.ctypes.data, inverse_std.ctypes.data)
    return Moments(mean, inverse_std)


def normalise(
    library: ctypes.CDLL,
    panel: BarPanel,
    modes: np.ndarray,
    places: np.ndarray,
    moments: Moments,
    columns: np.ndarray,
    clip: float | None,
    out: np.ndarray,
) -> None:
    """Fill `out`, (n_steps, n_fields, n): contiguous along the samples, or a slice of such an array."""
    n_steps = out.shape[0]
    mean, inverse_std = (np.ascontiguousarray(array) for array in moments)
    columns = np.ascontiguousarray(columns, dtype=np.int64)
    native.call(
        library.mfgru_normalised,
        *_windows(panel, n_steps, modes, places),
        mean.ctypes.data,
        inverse_std.ctypes.data,
        mean.shape[2],
        columns.ctypes.data,
        np.inf if clip is None else clip,
        out.ctypes.data,
        out.strides[1] // out.itemsize,
    )


def _windows(panel: BarPanel, n_steps: int, modes: np.ndarray, places: np.ndarray) -> tuple[int, ...]:
    n_fields, n_stocks = panel.bars.shape[2:]
    return panel.bars.ctypes.data, n_stocks, n_steps, n_fields, modes.ctypes.data, places.ctypes.data, len(places)
