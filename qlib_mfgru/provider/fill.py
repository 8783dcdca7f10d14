"""Forward fill: the last known value is kept until the next one."""

from __future__ import annotations

import numpy as np


def carried_forward(values: np.ndarray, known: np.ndarray | None = None, axis: int = 0) -> np.ndarray:
    """Each place's last known value at or before it along `axis`; before the first known one nothing changes.

    Parameters
    ----------
    values : ndarray of any shape, e.g. (n_days,) or (n_days, n_stocks)
    known : ndarray of bool of the same shape, optional
        By default where values are finite, so that NaN stays NaN before the first value.
    axis : int
        The axis of time.

    Returns
    -------
    ndarray of the same shape and dtype
    """
    along = [1] * values.ndim
    along[axis] = -1
    # positions of 32 bits: half the memory, and long enough for any calendar
    positions = np.arange(values.shape[axis], dtype=np.int32).reshape(along)
    latest = np.where(np.isfinite(values) if known is None else known, positions, 0)
    np.maximum.accumulate(latest, axis=axis, out=latest)
    return values[latest] if values.ndim == 1 else np.take_along_axis(values, latest, axis=axis)
