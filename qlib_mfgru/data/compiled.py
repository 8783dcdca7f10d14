"""What `normalize` defines, compiled (native/windows.cpp): windows are gathered and normalised while in the cache."""

from __future__ import annotations

import ctypes

import numpy as np

from qlib_mfgru import native
from qlib_mfgru.data.normalize import Moments, Scaling
from qlib_mfgru.data.panel import BarPanel
from qlib_mfgru.threads import n_threads

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
) -> np.ndarray:
    """Normalised windows (n_steps, n_fields, n) of the samples at `places`, the same on any number of threads."""
    n_steps, n_fields, n_dates = moments.mean.shape
    windows = np.empty((n_steps, n_fields, len(places)), dtype=np.float32)
    mean, inverse_std = (np.ascontiguousarray(array) for array in moments)
    columns = np.ascontiguousarray(columns, dtype=np.int64)
    native.call(
        library.mfgru_normalised,
        *_windows(panel, n_steps, modes, places),
        mean.ctypes.data,
        inverse_std.ctypes.data,
        n_dates,
        columns.ctypes.data,
        np.inf if clip is None else clip,
        windows.ctypes.data,
        n_threads(),
    )
    return windows


def _windows(panel: BarPanel, n_steps: int, modes: np.ndarray, places: np.ndarray) -> tuple[int, ...]:
    _, bars_per_day, n_fields, n_stocks = panel.bars.shape
    run = bars_per_day * n_fields  # floats of a stock's day, which lie together; the next day is all stocks' further
    sizes = n_stocks * run, run, n_steps, n_fields
    return panel.bars.ctypes.data, *sizes, modes.ctypes.data, places.ctypes.data, len(places)
