"""IC by date: correlations across the stocks of each row of (date, stock) arrays in which NaN means unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

import numpy as np
import pandas as pd

from qlib_mfgru.report.significance import newey_west_t
from qlib_mfgru.threads import in_threads

_ROWS_AT_ONCE = 16
"""Rows that are worked on together: their scratch arrays stay in the processor's cache."""


def _in_blocks(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Run a function of rows on blocks of them, in threads; calls within a block go straight through."""

    @wraps(function)
    def blockwise(*arrays: np.ndarray) -> np.ndarray:
        starts = range(0, len(arrays[0]), _ROWS_AT_ONCE)
        if len(starts) <= 1:
            return function(*arrays)
        blocks = [[array[start : start + _ROWS_AT_ONCE] for array in arrays] for start in starts]
        return np.concatenate(in_threads(lambda block: function(*block), blocks))

    return blockwise


@_in_blocks
def pearson_ic(factor: np.ndarray, returns: np.ndarray) -> np.ndarray:
    """Pearson correlation of factor and return, or of any two, across the stocks of each date that both know.

    Parameters
    ----------
    factor, returns : ndarray of shape (n_dates, n_stocks)

    Returns
    -------
    ndarray of shape (n_dates,)
        NaN where fewer than two stocks are known in both, or either is constant.
    """
    known = np.isfinite(factor) & np.isfinite(returns)
    count = known.sum(axis=1)
    a, varies_a = _centred(factor, known, count)
    b, varies_b = _centred(returns, known, count)
    defined = (count >= 2) & varies_a & varies_b
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


@_in_blocks
def rank_ic(factor: np.ndarray, returns: np.ndarray) -> np.ndarray:
    """Spearman correlation of each date; equal values share their mean rank. Parameters as in `pearson_ic`."""
    known = np.isfinite(factor) & np.isfinite(returns)
    return pearson_ic(ranks(np.where(known, factor, np.nan)), ranks(np.where(known, returns, np.nan)))


def rank_autocorrelation(factor: np.ndarray) -> np.ndarray:
    """Spearman correlation of each date's factor with that of the date before, over the stocks of both.

    Parameters
    ----------
    factor : ndarray of shape (n_dates, n_stocks)

    Returns
    -------
    ndarray of shape (n_dates,)
        The first is NaN.
    """
    if len(factor) == 0:
        return np.empty(0)
    return np.concatenate([[np.nan], rank_ic(factor[1:], factor[:-1])])


@_in_blocks
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


@dataclass(frozen=True)
class ICStatistics:
    """What a series of ICs comes to; dates without an IC (NaN) do not count.

    Attributes
    ----------
    mean : float
    std : float
        Sample standard deviation (n - 1).
    ir : float
        mean / std, not annualised.
    positive_share : float
        Share of dates with an IC above 0.
    t_statistic : float
        mean / (std / sqrt(n)), of the mean against 0; takes the dates as independent.
    t_newey_west : float
        The same where dates depend on those before: `newey_west_t`.
    n_dates : int
    """

    mean: float
    std: float
    ir: float
    positive_share: float
    t_statistic: float
    t_newey_west: float
    n_dates: int

    @classmethod
    def of(cls, series: np.ndarray | pd.Series) -> ICStatistics:
        """Statistics of ICs by date, (n_dates,), with returns that do not overlap."""
        values = np.asarray(series, dtype=np.float64)
        values = values[np.isfinite(values)]
        n = len(values)
        mean = float(values.mean()) if n else np.nan
        std = float(values.std(ddof=1)) if n > 1 else np.nan
        ratio = mean / std if std > 0 else np.nan
        share = float((values > 0).mean()) if n else np.nan
        return cls(mean, std, ratio, share, ratio * np.sqrt(n), newey_west_t(values), n)
