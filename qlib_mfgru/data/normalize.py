"""The report's normalisation: each series by its own scale, then every step across the stocks of the date.

Two steps (figures 7 and 9):

1. in time: every stock's series of every field is divided by its own mean over the window (``mean``, the report's
   choice for 15-minute bars) or by its own last value (``last``, for daily bars); fields that are not scaled keep their
   values (``none``);
2. across stocks: at every step, every field is z-scored (population standard deviation) over the stocks of the date.

A series without a scale (its mean or last value is not above 0) is missing: it is left out of the statistics and
becomes 0, the mean of the cross-section. So is a level that has no value yet when the window begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Literal, NamedTuple

import numpy as np

from qlib_mfgru.data.panel import Field

Scale = Literal["mean", "last"]

RESOLUTION = 5e-7
"""Scaled values that are equal, as volumes of 0 in a bar without any trade, differ by a few roundings of float32, 6e-8
each: a standard deviation below this is one of rounding errors, and counts as 0."""


class Run(NamedTuple):
    """Neighbouring fields that are treated alike.

    Attributes
    ----------
    fields : slice
        On the field axis.
    by : {"mean", "last", "none"}
        What their series are divided by.
    late : bool
        Whether a series may have no value yet when a window begins, as levels may: it is NaN there.
    """

    fields: slice
    by: Literal["mean", "last", "none"]
    late: bool


Scaling = tuple[Run, ...]
"""How each field's series are scaled in time; the runs follow one another along the field axis."""


def scaling_of(fields: Sequence[Field], scale: Scale) -> Scaling:
    """What fields of an input with this `scale` come to; the report's six are one run."""
    runs: list[Run] = []
    for (own, late), members in groupby((field.scale == "own", field.kind == "level") for field in fields):
        begin = runs[-1].fields.stop if runs else 0
        runs.append(Run(slice(begin, begin + len(list(members))), scale if own else "none", late))
    return tuple(runs)


class Moments(NamedTuple):
    """Cross-sectional statistics of scaled windows.

    Attributes
    ----------
    mean : ndarray of shape (n_steps, n_fields, n), float32
    inverse_std : ndarray of shape (n_steps, n_fields, n), float32
        0 where the standard deviation is 0, so that such a step becomes 0. In both arrays n is 1 for one date;
        otherwise there is one column per date or per sample.
    """

    mean: np.ndarray
    inverse_std: np.ndarray

    def take(self, columns: np.ndarray) -> Moments:
        """Columns in this order, e.g. the column of its date for each sample."""
        return Moments(np.take(self.mean, columns, axis=2), np.take(self.inverse_std, columns, axis=2))


def scale_in_time(window: np.ndarray, scaling: Scaling) -> np.ndarray | None:
    """Divide each series by its own scale and subtract 1, in place, unless its values are to stay as they are.

    Relative prices are so close to 1 that float32 would lose their digits, hence the subtraction; and it comes first,
    as ``(x - scale) / scale``, because the difference of two neighbouring floats is exact. The mean is summed in
    float64: a rounded mean shifts and stretches its whole series. The rounding error of the scale itself shifts the
    series too, and is removed with the mean of the result.

    Parameters
    ----------
    window : ndarray of shape (n_steps, n_fields, n_samples), float32
        Raw values, finite but for levels that have none yet; holds the scaled values afterwards, 0 where a series is
        missing.
    scaling : tuple of Run

    Returns
    -------
    ndarray of shape (n_fields, n_samples), bool, or None
        Which series are not missing; None when none is.
    """
    present = np.concatenate([_scale_run(window[:, run.fields], run) for run in scaling])
    return None if present.all() else present


def _scale_run(window: np.ndarray, run: Run) -> np.ndarray:
    """`scale_in_time` of the fields of one run; which series are not missing, (n_fields, n_samples) bool."""
    begun = ~np.isnan(window[0]) if run.late else np.ones(window.shape[1:], dtype=bool)
    if not begun.all():
        window[:, ~begun] = 0.0  # which has no scale either; NaN times 0 would stay NaN
    if run.by == "none":
        return begun
    mean = window.mean(axis=0, dtype=np.float64) if run.by == "mean" else window[-1]
    denominator = mean.astype(np.float32)
    present = denominator > 0
    complete = bool(present.all())
    if not complete:
        denominator[~present] = 1.0
    window -= denominator
    window /= denominator
    if run.by == "mean":
        window -= window.mean(axis=0)
    if not complete:
        window *= present
    return present


def cross_sectional_moments(scaled: np.ndarray, present: np.ndarray | None, scaling: Scaling) -> Moments:
    """Mean and inverse standard deviation over the last axis, leaving out missing series.

    Parameters
    ----------
    scaled : ndarray of shape (n_steps, n_fields, n_samples), float32
        As `scale_in_time` leaves it.
    present : ndarray of shape (n_fields, n_samples), bool, or None
        What `scale_in_time` returned.
    scaling : tuple of Run
    """
    count = np.maximum(scaled.shape[2] if present is None else present.sum(axis=1, keepdims=True), 1)
    mean = scaled.sum(axis=2, keepdims=True) / np.float32(count)
    centred = scaled - mean
    if present is not None:
        centred *= present
    std = np.sqrt(np.square(centred, out=centred).sum(axis=2, keepdims=True) / np.float32(count))
    constant = np.concatenate([_is_constant(mean[:, run.fields], std[:, run.fields], run) for run in scaling], axis=1)
    return Moments(mean, np.divide(1, std, out=np.zeros_like(std), where=~constant))


def _is_constant(mean: np.ndarray, std: np.ndarray, run: Run) -> np.ndarray:
    """Where a standard deviation is one of rounding errors: scaled values lie about 1, raw ones are of any size."""
    size = np.abs(mean)
    return std <= (size * 1e-6 if run.by == "none" else np.maximum(size, 1.0) * RESOLUTION)


def standardise(
    scaled: np.ndarray, present: np.ndarray | None, moments: Moments, clip: float | None = None
) -> np.ndarray:
    """Apply `moments` in place; missing series stay 0. Optionally clip to [-clip, clip]."""
    scaled -= moments.mean
    scaled *= moments.inverse_std
    if present is not None:
        scaled *= present
    return scaled if clip is None else np.clip(scaled, -clip, clip, out=scaled)
