"""Predictions: as a series, and on dense (day, stock) axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from qlib.log import get_module_logger

from qlib_mfgru.errors import InputError


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
        raise InputError("the prediction has no finite score: all of them are NaN or infinite")
    return series


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
