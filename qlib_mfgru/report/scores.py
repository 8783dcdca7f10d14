"""Predictions: as a series, and on dense (day, stock) axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from qlib.log import get_module_logger

from qlib_mfgru.errors import InputError

_COMMON = 256
"""Powers of two within which nothing that is computed of scores overflows or vanishes."""


def as_series(scores: Any) -> pd.Series:
    """First column of a prediction, indexed by (datetime, instrument), in this order.

    Raises
    ------
    InputError
        Not a frame or series of numbers with such an index; dates that are zoned, text or missing; no finite score.
    """
    if not isinstance(scores, (pd.Series, pd.DataFrame)) or set(scores.index.names) != {"datetime", "instrument"}:
        raise InputError(
            f"a prediction must be a frame or series over (datetime, instrument), as pred.pkl is, not {type(scores)} "
            f"over {getattr(getattr(scores, 'index', None), 'names', None)}"
        )
    if isinstance(scores, pd.DataFrame) and scores.shape[1] == 0:
        raise InputError("the prediction is a frame without columns: the first one must hold the scores")
    series = scores if isinstance(scores, pd.Series) else scores.iloc[:, 0]
    if series.index.names[0] == "instrument":
        series = series.swaplevel()
    _check_index(series.index)
    if not pd.api.types.is_numeric_dtype(series):
        raise InputError(f"the scores of a prediction must be numbers; these are {series.dtype}: {_two(series)}")
    if not isinstance(series.dtype, np.dtype):
        series = series.astype(np.float64)  # pandas' own numbers, whose missing values are not NaN
    if not np.isfinite(series.to_numpy()).any():
        raise InputError(_no_score(series.to_numpy()))
    return series


def _no_score(values: np.ndarray) -> str:
    """Why a prediction says nothing."""
    if not len(values):
        return (
            "the prediction has no finite score: it is empty; its model scored no stock, or an expression gave numbers "
            "beyond 3.4e+38, which qlib's float32 does not hold"
        )
    n_infinite = int(np.isinf(values).sum())
    said = f"the prediction has no finite score: {n_infinite:,} are infinite, {len(values) - n_infinite:,} are NaN"
    narrow = n_infinite and values.dtype.itemsize < np.dtype(np.float64).itemsize
    return f"{said}; {values.dtype} holds numbers up to {np.finfo(values.dtype).max:.2g}" if narrow else said


def _check_index(index: pd.Index) -> None:
    """Refuse dates that do not compare with the provider's days, and scores without a date or a stock."""
    assert isinstance(index, pd.MultiIndex)
    dates = index.levels[0]
    if len(dates) and not (isinstance(dates, pd.DatetimeIndex) and dates.tz is None):
        zone = getattr(dates, "tz", None)
        kind = f"in the time zone {zone}" if zone else f"of type {type(dates[0]).__name__}"
        raise InputError(
            f"the dates of a prediction must be pandas timestamps without a time zone; these are {kind}: {_two(dates)}"
        )
    for codes, what in zip(index.codes, ("date", "stock"), strict=True):
        n_missing = int((codes < 0).sum())
        if n_missing:
            raise InputError(
                f"{n_missing:,} scores of the prediction have no {what}; drop them (its dates are like {_two(dates)})"
            )


def _two(values: pd.Index | pd.Series) -> str:
    """The first two of several values."""
    return ", ".join(repr(value) if isinstance(value, str) else str(value) for value in values[:2])


def on_axes(series: pd.Series, dates: pd.DatetimeIndex, stocks: Sequence[str]) -> np.ndarray:
    """Dense scores, float64 of shape (len(dates), len(stocks)), NaN where there is none.

    Scores of other dates are ignored. Scores of stocks that the provider lacks, and infinite ones, are left out and
    counted in a warning.

    Parameters
    ----------
    series : Series
        As `as_series` returns it.
    dates : DatetimeIndex
    stocks : sequence of str

    Raises
    ------
    InputError
        If none of the scores is of these dates and stocks, or several are of the same.
    """
    place = _places(series, dates, stocks)
    inside = place >= 0
    if not inside.any():
        date, stock = series.index[0]
        raise InputError(
            f"the prediction has no score of the dates and stocks asked for: its first is of {stock} on {date}, where "
            f"{stocks[0]} and {dates[0]} are expected"
        )
    if not inside.all():
        series, place = series[inside], place[inside]
    dense, scored = np.full(len(dates) * len(stocks), np.nan), np.zeros(len(dates) * len(stocks), dtype=bool)
    dense[place], scored[place] = series.to_numpy(np.float64), True
    if scored.sum() < len(place):
        date, stock = series.index[int(series.index.duplicated().argmax())]
        raise InputError(f"the prediction has several scores of {stock} on {date:%Y-%m-%d}; keep one of them")
    _drop_infinite(dense)
    return dense.reshape(len(dates), len(stocks))


def _places(series: pd.Series, dates: pd.DatetimeIndex, stocks: Sequence[str]) -> np.ndarray:
    """Place of each score in the flattened dense array, negative where it has none."""
    assert isinstance(series.index, pd.MultiIndex)
    outside = -2 * len(dates) * len(stocks)
    row = dates.get_indexer(pd.DatetimeIndex(series.index.levels[0]))
    column = pd.Index(stocks).get_indexer(pd.Index(series.index.levels[1]))
    if (column < 0).any():
        _warn_of_unknown(series, column < 0)
    row, column = np.where(row < 0, outside, row * len(stocks)), np.where(column < 0, outside, column)
    return row[series.index.codes[0]] + column[series.index.codes[1]]


def _warn_of_unknown(series: pd.Series, unknown: np.ndarray) -> None:
    """Count the scores of unknown stocks; `unknown` says which of the index's second level they are."""
    assert isinstance(series.index, pd.MultiIndex)
    scored = np.bincount(series.index.codes[1], minlength=len(unknown)) * unknown
    if scored.any():
        codes = list(series.index.levels[1][scored > 0])
        get_module_logger("mfgru").warning(
            f"{scored.sum():,} scores of {len(codes)} stocks that the provider lacks are left out: {codes[:5]} ..."
        )


def _drop_infinite(dense: np.ndarray) -> None:
    """NaN in place of infinite scores, with a warning that counts them."""
    infinite = np.isinf(dense)
    if infinite.any():
        get_module_logger("mfgru").warning(f"{infinite.sum():,} scores are infinite and count as missing")
        dense[infinite] = np.nan


def equal_days(dense: np.ndarray) -> np.ndarray:
    """On which days all known scores are the same, so that they tell no stocks apart; (n_days,) bool.

    Parameters
    ----------
    dense : ndarray of shape (n_days, n_stocks)
        NaN where unknown.
    """
    known = np.isfinite(dense)
    least = np.where(known, dense, np.inf).min(axis=1, initial=np.inf)
    most = np.where(known, dense, -np.inf).max(axis=1, initial=-np.inf)
    return np.asarray(known.any(axis=1) & ~(most > least))


def in_range(scores: np.ndarray) -> np.ndarray:
    """Scores whose squares and sums have room: dates of very large or very small ones are taken by a power of two.

    A factor has no unit, and a power of two changes no digit: 1e300 and 1e-300 rank and correlate as 1 does. Dates of
    scores of common size are left as they are.

    Parameters
    ----------
    scores : ndarray of shape (..., n_stocks)
        NaN where unknown.
    """
    largest = np.abs(np.where(np.isfinite(scores), scores, 0.0)).max(axis=-1, initial=0.0, keepdims=True)
    exponent = np.frexp(largest)[1]
    odd = (np.abs(exponent) > _COMMON) & (largest > 0)
    return np.ldexp(scores, -exponent * odd) if odd.any() else scores
