"""Winsorise, neutralise, standardise: pure functions over (date, stock) arrays, NaN where a value is unknown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qlib_mfgru.factor.rows import row_medians, row_quantiles

_ROUNDING = 1e-12
"""Residuals below this share of the largest value are rounding dust: exactly 0, so that they rank as equals."""


def winsorize_mad(values: np.ndarray, width: float = 5.0) -> np.ndarray:
    """Clip each date's values to median +- `width` times the median absolute deviation (unscaled).

    Parameters
    ----------
    values : ndarray of shape (n_dates, n_stocks)
    width : float
        REPORT section 8 takes 5.

    Returns
    -------
    ndarray of the same shape
        A date whose deviation is 0 (more than half of its values are equal) is left as it is.
    """
    centre = row_medians(values)[:, None]
    reach = width * row_medians(np.abs(values - centre))[:, None]
    return np.where(reach > 0, np.clip(values, centre - reach, centre + reach), values)


def winsorize_quantile(values: np.ndarray, tail: float = 0.01) -> np.ndarray:
    """Clip each date's values to its quantiles `tail` and 1 - `tail`; shape (n_dates, n_stocks)."""
    low, high = row_quantiles(values, [tail, 1 - tail])
    return np.clip(values, low[:, None], high[:, None])


def neutralize(values: np.ndarray, numeric: Sequence[np.ndarray] = (), groups: np.ndarray | None = None) -> np.ndarray:
    """Residuals of a least-squares regression of each date's values on group dummies and numeric exposures.

    The dummies are taken out by subtracting group means from both sides (Frisch-Waugh-Lovell), so the cost does not
    grow with the number of groups. Without groups there is a constant.

    Parameters
    ----------
    values : ndarray of shape (n_dates, n_stocks)
    numeric : sequence of ndarray of shape (n_dates, n_stocks)
        E.g. log market capitalisation.
    groups : ndarray of shape (n_dates, n_stocks), optional
        Codes, e.g. of industries.

    Returns
    -------
    ndarray of float64, shape (n_dates, n_stocks)
        NaN where the value or any exposure is unknown; 0 where the exposures explain the value fully.
    """
    known = np.logical_and.reduce([np.isfinite(array) for array in (values, *numeric, *_given(groups))])
    residuals = np.full(values.shape, np.nan)
    for date in range(len(values)):
        here = np.flatnonzero(known[date])
        if len(here):
            codes = np.zeros(len(here)) if groups is None else groups[date, here]
            residuals[date, here] = _residuals(values[date, here], [array[date, here] for array in numeric], codes)
    return residuals


def _given(groups: np.ndarray | None) -> tuple[np.ndarray, ...]:
    return () if groups is None else (groups,)


def _residuals(values: np.ndarray, numeric: Sequence[np.ndarray], codes: np.ndarray) -> np.ndarray:
    """One date's residuals; all arrays of shape (n,)."""
    _, group = np.unique(codes, return_inverse=True)
    left = _less_group_means(values, group)
    if numeric:
        right = np.stack([_less_group_means(array, group) for array in numeric], axis=1)
        left = left - right @ np.linalg.lstsq(right, left, rcond=None)[0]
    left[np.abs(left) <= _ROUNDING * np.abs(values).max()] = 0.0
    return left


def _less_group_means(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    values = values.astype(np.float64)
    less = values - (np.bincount(group, values) / np.bincount(group))[group]
    less[np.abs(less) <= _ROUNDING * np.abs(values).max()] = 0.0
    return less


def standardize(values: np.ndarray) -> np.ndarray:
    """z-score each date's known values (population deviation); 0 where they are all equal.

    Parameters
    ----------
    values : ndarray of shape (n_dates, n_stocks)
    """
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=1), 1)[:, None]
    centred = np.where(known, values - np.where(known, values, 0.0).sum(axis=1, keepdims=True) / count, 0.0)
    size = np.abs(np.where(known, values, 0.0)).max(axis=1, keepdims=True, initial=0.0)
    deviation = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count)
    scaled = centred / np.where(deviation > _ROUNDING * size, deviation, np.inf)
    return np.where(known, scaled, np.nan)
