"""qlib's own ways to 15-minute bars: the multi-frequency handler of its examples, and a plain 15-minute frame.

The handler is rebuilt after ``examples/benchmarks/LightGBM`` of the qlib repository (``multi_freq_handler.py`` and
``features_resample_N.py``): sixteen columns a field, made by ``Ref`` at the day's last bar and brought to one row a
day by an instrument processor. It is adapted to a provider whose 15-minute bars are native, which spares it the
rolling means over minutes, and it has neither the six daily columns nor the label: all of that in its favour.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
from qlib.data.dataset.handler import DataHandlerLP
from qlib.data.dataset.loader import QlibDataLoader
from qlib.data.inst_processor import InstProcessor
from qlib.utils.resam import resam_calendar

FIELDS = ("open", "high", "low", "close", "vwap", "volume")
BARS_PER_DAY = 16


class ResampleToDay(InstProcessor):
    """The last value of each day and column, as the example's ``ResampleNProcessor`` takes it."""

    def __call__(self, df: pd.DataFrame, *args: Any, **kwargs: Any) -> pd.DataFrame:
        days = resam_calendar(pd.DatetimeIndex(df.index), "15min", "1d")
        return df.resample("1d").last().reindex(days)


class LastBarOfDay(InstProcessor):
    """The row of 15:00 of each day."""

    def __call__(self, df: pd.DataFrame, *args: Any, **kwargs: Any) -> pd.DataFrame:
        stamps = pd.DatetimeIndex(df.index)
        kept = df[stamps.hour == 15]
        return kept.set_axis(pd.DatetimeIndex(kept.index).normalize(), axis=0)


def wide_handler(to_day: Literal["resample", "last bar"]) -> DataHandlerLP:
    """A loaded handler with 96 columns and one row per day and stock."""
    expressions, names = [], []
    for field in FIELDS:
        for bar in range(1, BARS_PER_DAY + 1):
            back = BARS_PER_DAY - bar
            expressions.append(f"Ref(${field}, {back})" if back else f"${field}")
            names.append(f"{field}{bar}")
    loader = QlibDataLoader(
        config={"feature": (expressions, names)},
        freq={"feature": "15min"},
        inst_processors={"feature": [ResampleToDay() if to_day == "resample" else LastBarOfDay()]},
    )
    return DataHandlerLP("all", data_loader=loader)


def frame_handler(start_time: Any = None, end_time: Any = None) -> DataHandlerLP:
    """A loaded handler with the six fields of every 15-minute bar."""
    loader = QlibDataLoader(config={"feature": ([f"${field}" for field in FIELDS], list(FIELDS))}, freq="15min")
    return DataHandlerLP("all", start_time, end_time, data_loader=loader)
