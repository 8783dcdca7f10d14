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
        Not a frame or series with such an index, an index with gaps, or no score at all.
    """
    if not isinstance(scores, (pd.Series, pd.DataFrame)) or set(scores.index.names) != {"datetime", "instrument"}:
        raise InputError(
            f"a prediction must be a frame or series over (datetime, instrument), as pred.pkl is, not {type(scores)} "
            f"over {getattr(getattr(scores, 'index', None), 'names', None)}"
        )
    series = scores if isinstance(scores, pd.Series) else scores.iloc[:, 0]
    if series.index.names[0] == "instrument":
        series = series.swaplevel()
    assert isinstance(series.index, pd.MultiIndex)
    if any((codes < 0).any() for codes in series.index.codes):
        raise InputError("the prediction has scores without a date or without a stock; drop them")
    if not series.notna().any():
        raise InputError("the prediction has no score that is not NaN")
    return series


def on_axes(series: pd.Series, dates: pd.DatetimeIndex, stocks: Sequence[str]) -> np.ndarray:
    """Dense scores, float64 of shape (len(dates), len(stocks)), NaN where there is none.

    Scores of other dates are left aside; those of other stocks too, and are counted in a warning.

    Raises
    ------
    InputError
        If none of the scores is of these dates and stocks, or several are of the same.
    """
    assert isinstance(series.index, pd.MultiIndex)
    outside = -2 * len(dates) * len(stocks)
    row = dates.get_indexer(pd.DatetimeIndex(series.index.levels[0]))
    column = pd.Index(stocks).get_indexer(pd.Index(series.index.levels[1]))
    if (column < 0).any():
        _warn_of_unknown(series, column < 0)
    row, column = np.where(row < 0, outside, row * len(stocks)), np.where(column < 0, outside, column)
    place = row[series.index.codes[0]] + column[series.index.codes[1]]
    values = series.to_numpy(np.float64)
    inside = place >= 0
    if not inside.all():
        series, place, values = series[inside], place[inside], values[inside]
    if not len(values):
        raise InputError(
            f"no score is of a test date and a stock of the provider; test dates are like {dates[0]:%Y-%m-%d}, stocks "
            f"like {stocks[0]}"
        )
    dense = np.full(len(dates) * len(stocks), np.nan)
    dense[place] = values
    if len(values) > len(dense) or np.isfinite(dense).sum() < np.isfinite(values).sum():
        date, stock = series.index[int(series.index.duplicated().argmax())]
        raise InputError(f"the prediction has several scores of {stock} on {date:%Y-%m-%d}; keep one of them")
    dense[np.isinf(dense)] = np.nan
    return dense.reshape(len(dates), len(stocks))


def _warn_of_unknown(series: pd.Series, unknown: np.ndarray) -> None:
    """Count the scores of unknown stocks; `unknown` says which of the index's second level they are."""
    assert isinstance(series.index, pd.MultiIndex)
    scored = np.bincount(series.index.codes[1], minlength=len(unknown)) * unknown
    if scored.any():
        codes = list(series.index.levels[1][scored > 0])
        get_module_logger("mfgru").warning(
            f"{scored.sum():,} scores of {len(codes)} stocks that the provider lacks are left out: {codes[:5]} ..."
        )
