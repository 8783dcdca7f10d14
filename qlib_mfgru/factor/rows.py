"""Statistics of each date's row of a (date, stock) array in which NaN means unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps

import numpy as np

from qlib_mfgru.threads import in_threads

_ROWS_AT_ONCE = 16
"""Rows that are worked on together: their scratch arrays stay in the processor's cache."""


def in_blocks(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Run a function of rows on blocks of them, in threads; calls within a block go straight through."""

    @wraps(function)
    def blockwise(*arrays: np.ndarray) -> np.ndarray:
        starts = range(0, len(arrays[0]), _ROWS_AT_ONCE)
        if len(starts) <= 1:
            return function(*arrays)
        parts = [[array[start : start + _ROWS_AT_ONCE] for array in arrays] for start in starts]
        return np.concatenate(in_threads(lambda part: function(*part), parts))

    return blockwise


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
    found = []
    for level in levels:
        place = level * np.maximum(count - 1, 0)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        low, high = ordered[rows, below], ordered[rows, above]
        found.append(low + (place - below) * (high - low))
    return np.stack(found)


def row_medians(values: np.ndarray) -> np.ndarray:
    """Median of each row's known values, (n_dates,); NaN where there is none."""
    return row_quantiles(values, [0.5])[0]


@in_blocks
def ranks(values: np.ndarray) -> np.ndarray:
    """Rank of each known value in its row, 1 for the least; equal values share their mean rank.

    Parameters
    ----------
    values : ndarray of shape (n_dates, n_stocks)

    Returns
    -------
    ndarray of float64 of the same shape
        NaN where the value is.
    """
    if values.shape[1] == 0:
        return np.empty(values.shape)
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    place = np.broadcast_to(np.arange(1.0, values.shape[1] + 1), values.shape)
    tied = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    if tied.any():
        place = place.copy()
        place[tied] = _mean_places(ordered[tied])
    result = np.empty(values.shape)
    np.put_along_axis(result, order, place, axis=1)
    result[np.isnan(values)] = np.nan
    return result


def _mean_places(ordered: np.ndarray) -> np.ndarray:
    """Place of each value in its ascending row, counted from 1; equal values have the mean of theirs."""
    place = np.arange(ordered.shape[1])
    starts, ends = np.ones(ordered.shape, dtype=bool), np.ones(ordered.shape, dtype=bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=starts[:, 1:])
    ends[:, :-1] = starts[:, 1:]
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, place, ordered.shape[1])[:, ::-1], axis=1)[:, ::-1]
    return (first + last) / 2 + 1


@in_blocks
def correlations(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Pearson correlation of each pair of rows over the stocks that both know.

    Parameters
    ----------
    left, right : ndarray of shape (n_dates, n_stocks)

    Returns
    -------
    ndarray of shape (n_dates,)
        NaN where fewer than two stocks are known or either side is constant.
    """
    known = np.isfinite(left) & np.isfinite(right)
    count = known.sum(axis=1)
    a, spread_a = _centred(left, known, count)
    b, spread_b = _centred(right, known, count)
    defined = (count >= 2) & spread_a & spread_b
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
        return np.where(defined, np.einsum("ij,ij->i", a, b) / scale, np.nan)


def _centred(values: np.ndarray, known: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values less their row's mean, 0 where not `known`; and whether the row has two different values."""
    least = np.where(known, values, np.inf).min(axis=1, initial=np.inf)
    most = np.where(known, values, -np.inf).max(axis=1, initial=-np.inf)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1) / np.maximum(count, 1)
    return np.where(known, filled - mean[:, None], 0.0), most > least
