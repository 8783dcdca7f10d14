"""Winsorise, neutralise, standardise: pure functions over (date, stock) arrays, NaN where a value is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from qlib_mfgru.report.scores import in_range

_EPSILON = float(np.finfo(np.float64).eps)
_ROUNDING = 1e-12
"""A date's regression, or its deviation, below this share of its largest value is rounding errors: none."""


def preprocess(scores: np.ndarray, winsorize: str | None, exposures: Mapping[str, np.ndarray]) -> np.ndarray:
    """The factor of a pool: scores winsorised, neutralised and standardised across the stocks of each date.

    Parameters
    ----------
    scores : ndarray of shape (n_dates, n_stocks)
        NaN for stocks that take no part.
    winsorize : str or None
        One of `WINSORIZERS`.
    exposures : mapping of str to ndarray of shape (n_dates, n_stocks)
        What to neutralise against: ``industry`` holds codes, all others are numeric. Without any, nothing is.

    Returns
    -------
    ndarray of float64, shape (n_dates, n_stocks)
        Values that differ by rounding errors of the above only are equal, so that they share a rank.
    """
    factor = WINSORIZERS[winsorize](in_range(scores))
    if exposures:
        numeric = [values for name, values in exposures.items() if name != "industry"]
        factor = neutralize(factor, numeric, exposures.get("industry"))
    return standardize(factor)


def winsorize_mad(values: np.ndarray, width: float = 5.0) -> np.ndarray:
    """Clip each date's values to median +- `width` times the median absolute deviation (unscaled).

    Parameters
    ----------
    values : ndarray of shape (n_dates, n_stocks)
    width : float
        The Huatai report winsorises without saying how; 5 is our choice.

    Returns
    -------
    ndarray of the same shape
        A date whose deviation is 0 (more than half of its values are equal) is left as it is. A value that equals a
        bound but for its rounding is the bound, so that it ties with what is clipped.
    """
    centre = row_medians(values)[:, None]
    reach = width * row_medians(np.abs(values - centre))[:, None]
    clipped, error = values, 4 * _EPSILON * (np.abs(centre) + reach)
    for bound, beyond in ((centre - reach, values < centre - reach), (centre + reach, values > centre + reach)):
        clipped = np.where((reach > 0) & (beyond | (np.abs(values - bound) <= error)), bound, clipped)
    return clipped


def winsorize_quantile(values: np.ndarray, tail: float = 0.01) -> np.ndarray:
    """Clip each date's values to its quantiles `tail` and 1 - `tail`; shape (n_dates, n_stocks)."""
    low, high = row_quantiles(values, [tail, 1 - tail])
    return np.clip(values, low[:, None], high[:, None])


WINSORIZERS: dict[str | None, Callable[[np.ndarray], np.ndarray]] = {
    "mad": winsorize_mad,
    "quantile": winsorize_quantile,
    None: np.asarray,
}
"""By the value of the setting."""


def row_quantiles(values: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Quantiles of each row over its known values, linear between neighbours.

    Parameters
    ----------
    values : ndarray of shape (n_dates, n_stocks)
    levels : sequence of float
        Within 0 .. 1.

    Returns
    -------
    ndarray of shape (len(levels), n_dates)
        NaN where a row has no known value.
    """
    ordered = np.sort(values, axis=1)  # NaN come last
    count = np.isfinite(values).sum(axis=1)
    rows = np.arange(len(values))
    quantiles = []
    for level in levels:
        place = level * np.maximum(count - 1, 0)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        low, high = ordered[rows, below], ordered[rows, above]
        quantiles.append(low + (place - below) * (high - low))
    return np.stack(quantiles)


def row_medians(values: np.ndarray) -> np.ndarray:
    """Median of each row's known values, (n_dates,); NaN where there is none."""
    return row_quantiles(values, [0.5])[0]


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
        NaN where the value or any exposure is unknown; 0 where the exposures explain the value fully; the same where
        residuals differ by rounding errors only: `merge_ties`.
    """
    grouping = () if groups is None else (groups,)
    known = np.logical_and.reduce([np.isfinite(array) for array in (values, *numeric, *grouping)])
    residuals = np.full(values.shape, np.nan)
    for date in range(len(values)):
        here = np.flatnonzero(known[date])
        if len(here):
            codes = np.zeros(len(here)) if groups is None else groups[date, here]
            residuals[date, here] = _residuals(values[date, here], [array[date, here] for array in numeric], codes)
    return residuals


def _residuals(values: np.ndarray, numeric: Sequence[np.ndarray], codes: np.ndarray) -> np.ndarray:
    """One date's residuals; all arrays of shape (n,)."""
    group = _numbered(codes)
    left, error = _less_group_means(values, group)
    if numeric:
        right = np.stack([_less_group_means(array, group)[0] for array in numeric], axis=1)
        # lstsq leaves out what is 1e-12 of the largest, as logarithms are beside won; powers of two change no digit
        right = np.ldexp(right, -np.frexp(np.abs(right).max(axis=0))[1])
        slopes = np.linalg.lstsq(right, left, rcond=None)[0]
        left = left - right @ slopes
        left[np.abs(left) <= _ROUNDING * np.abs(values).max()] = 0.0
        error = error + 4 * _EPSILON * np.sqrt(len(left)) * (np.abs(right) @ np.abs(slopes))
    return merge_ties(left, error)


def _numbered(codes: np.ndarray) -> np.ndarray:
    """Groups by number from 0 on. Small whole codes are such numbers, so that nothing is sorted; some may be empty."""
    numbers = codes.astype(np.int64)
    if numbers.min() >= 0 and numbers.max() < len(codes) and (numbers == codes).all():
        return numbers
    return np.unique(codes, return_inverse=True)[1]


def _less_group_means(values: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values less the means of their groups, and how large the rounding errors of that may be; 0 where no larger.

    A mean of n values is off by some eps * sqrt(n) of the largest in its group, whatever the other groups hold.
    """
    values = values.astype(np.float64)
    count, largest = np.bincount(group), np.zeros(int(group.max()) + 1)
    np.maximum.at(largest, group, np.abs(values))
    error = (4 * _EPSILON * (1 + np.sqrt(count)) * largest)[group]
    less = values - (np.bincount(group, values) / np.maximum(count, 1))[group]
    less[np.abs(less) <= error] = 0.0
    return less, error


def merge_ties(values: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Give values that differ by rounding errors only one value.

    Scores in steps of 0.1 are equal across industries after subtracting the industries' means, on paper; in floating
    point 0.3 - 0.1 is above 0.2, and without this the rounding errors would rank them.

    Parameters
    ----------
    values, error : ndarray of shape (n,)
        One date's values, and how large the rounding error of each may be: neighbours in order that lie no further
        apart than the larger of theirs are equal.

    Returns
    -------
    ndarray of shape (n,)
        Equal values are the least of them; a value that equals no other keeps its bits.
    """
    gaps = np.diff(np.sort(values))  # several times as fast as the order, which few dates need
    if not ((gaps > 0) & (gaps <= error.max())).any():
        return values
    order = np.argsort(values)
    ordered, errors = values[order], error[order]
    gaps = np.diff(ordered)
    apart = np.append(True, gaps > np.maximum(errors[1:], errors[:-1]))
    merged = np.empty_like(values)
    merged[order] = ordered[apart][np.cumsum(apart) - 1]
    return merged


def standardize(values: np.ndarray) -> np.ndarray:
    """z-score each date's known values (population deviation); 0 where they are all equal.

    Parameters
    ----------
    values : ndarray of shape (n_dates, n_stocks)
    """
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=1), 1)[:, None]
    centred = np.where(known, values - np.where(known, values, 0.0).sum(axis=1, keepdims=True) / count, 0.0)
    deviation = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count)
    scaled = centred / np.where(deviation > _ROUNDING * _largest(values)[:, None], deviation, np.inf)
    return np.where(known, scaled, np.nan)


def _largest(values: np.ndarray) -> np.ndarray:
    """Largest size of each date's known values, (n_dates,); 0 where there is none."""
    return np.abs(np.where(np.isfinite(values), values, 0.0)).max(axis=1, initial=0.0)
