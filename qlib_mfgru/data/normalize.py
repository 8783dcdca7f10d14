"""The report's normalisation: each series by its own scale, then every step across the stocks of the date.

Two steps (figures 7 and 9):

1. in time: every stock's series of every field is divided by its own mean over the window (``mean``, the report's
   choice for 15-minute bars) or by its own last value (``last``, for daily bars);
2. across stocks: at every step, every field is z-scored (population standard deviation) over the stocks of the date.

A series without a scale (its mean or last value is 0) is missing: it is left out of the statistics and becomes 0, the
mean of the cross-section.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

Scale = Literal["mean", "last"]


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


def scale_in_time(window: np.ndarray, scale: Scale) -> np.ndarray | None:
    """Divide each series by its own scale and subtract 1, in place.

    Relative prices are so close to 1 that float32 would lose their digits, hence the subtraction; and it comes first,
    as ``(x - scale) / scale``, because the difference of two neighbouring floats is exact. The mean is summed in
    float64: a rounded mean shifts and stretches its whole series. The rounding error of the scale itself shifts the
    series too, and is removed with the mean of the result.

    Parameters
    ----------
    window : ndarray of shape (n_steps, n_fields, n_samples), float32
        Finite raw values; holds the scaled values afterwards, 0 where a series has no scale.
    scale : {"mean", "last"}

    Returns
    -------
    ndarray of shape (n_fields, n_samples), bool, or None
        Which series have a scale; None when all have.
    """
    mean = window.mean(axis=0, dtype=np.float64) if scale == "mean" else window[-1]
    denominator = mean.astype(np.float32)
    present = denominator > 0
    complete = bool(present.all())
    if not complete:
        denominator[~present] = 1.0
    window -= denominator
    window /= denominator
    if scale == "mean":
        window -= window.mean(axis=0)
    if complete:
        return None
    window *= present
    return present


def cross_sectional_moments(scaled: np.ndarray, present: np.ndarray | None) -> Moments:
    """Mean and inverse standard deviation over the last axis, leaving out series without a scale.

    Parameters
    ----------
    scaled : ndarray of shape (n_steps, n_fields, n_samples), float32
        As `scale_in_time` leaves it.
    present : ndarray of shape (n_fields, n_samples), bool, or None
        What `scale_in_time` returned.
    """
    count = np.maximum(scaled.shape[2] if present is None else present.sum(axis=1, keepdims=True), 1)
    mean = scaled.sum(axis=2, keepdims=True) / np.float32(count)
    centred = scaled - mean
    if present is not None:
        centred *= present
    std = np.sqrt(np.square(centred, out=centred).sum(axis=2, keepdims=True) / np.float32(count))
    # a constant column has a std of rounding errors, not of 0: anything below float32's resolution counts as 0
    constant = std <= np.maximum(np.abs(mean), 1.0) * 1e-7
    return Moments(mean, np.divide(1, std, out=np.zeros_like(std), where=~constant))


def standardise(
    scaled: np.ndarray, present: np.ndarray | None, moments: Moments, clip: float | None = None
) -> np.ndarray:
    """Apply `moments` in place; series without a scale stay 0. Optionally clip to [-clip, clip]."""
    scaled -= moments.mean
    scaled *= moments.inverse_std
    if present is not None:
        scaled *= present
    return scaled if clip is None else np.clip(scaled, -clip, clip, out=scaled)
