"""The scores that a rebalance is decided from: those of its day, and of no other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.scores import as_series, on_axes

_INDEX = ["datetime", "instrument"]


def read_scores(path: Path) -> pd.Series:
    """Scores of a file as `mfgru predict --out` writes it, CSV or Parquet: columns datetime, instrument and score.

    Raises
    ------
    InputError
        No such file, no such columns, or as of `as_series`.
    """
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:  # as numbers 20240305 would be a moment of 1970, and 00700 another code
            frame = pd.read_csv(path, dtype={"datetime": "str", "instrument": "str"})
        frame = frame.reset_index() if set(_INDEX) <= set(frame.index.names) else frame
        missing = [name for name in (*_INDEX, "score") if name not in frame.columns]
        if missing:
            raise InputError(f"{path} has no column {', '.join(missing)}: it has {', '.join(map(str, frame.columns))}")
        frame["datetime"] = pd.to_datetime(frame["datetime"])
    except FileNotFoundError:
        raise InputError(f"there is no file of scores {path}") from None
    except InputError:
        raise
    except (ValueError, TypeError, OSError, pa.ArrowException) as error:
        raise InputError(f"{path} is no file of scores: {' '.join(str(error).split())}") from None
    return as_series(frame.set_index(_INDEX)["score"])


def scores_of_day(scores: Any, day: pd.Timestamp, stocks: Sequence[str], newest: bool, recorder: str) -> pd.Series:
    """One day's scores by stock.

    Parameters
    ----------
    scores : Series or DataFrame over (datetime, instrument)
    day : Timestamp
    stocks : sequence of str
        Of the market.
    newest : bool
        Whether the day is the newest that has bars.
    recorder : str
        What an error calls the one that must hold scores of the day.

    Raises
    ------
    InputError
        There is no score of the day, or as of `as_series` and `on_axes`.
    """
    series = as_series(scores)
    dates = series.index.get_level_values("datetime")
    if not (dates == day).any():
        last = dates.max()
        if last > day:
            raise InputError(f"the prediction has no score on {day:%Y-%m-%d}: name another date")
        bars = "the bars end on" if newest else "the date is"
        raise InputError(
            f"the newest score is of {last:%Y-%m-%d}, {bars} {day:%Y-%m-%d}: run mfgru predict {recorder} --save "
            f"first, or name that date"
        )
    on_axes(series[dates == day], pd.DatetimeIndex([day]), stocks)  # refuses several of one stock
    return series[dates == day].droplevel("datetime")
