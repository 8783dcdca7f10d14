"""What a qlib provider holds of one instrument, as rows that inputs read: prices and volumes raw again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.provider.session import days_of
from qlib_mfgru.provider.storage.files import ProviderFiles, Spans

_ADJUSTED = (*PRICES, "vwap", "limit_up", "limit_down")
NO_FACTOR = "no_factor"
"""The column of rows that cannot be brought to raw prices."""
_AS_STORED = ("amount", "is_st")


def price_rows(files: ProviderFiles, code: str, freq: str, stamps: Literal["end", "start"] = "end") -> pd.DataFrame:
    """Bars or days with any value: ``raw = stored / factor``, ``volume = stored * factor``.

    Without a factor nothing raw is known of a row with a close: it is marked. Where no amount is stored it is vwap
    times volume, which the factor does not change. Raw prices do not depend on
    what a provider's factors are measured from, so that bars and days may come from different ones.

    Parameters
    ----------
    files : ProviderFiles
    code, freq : str
    stamps : {"end", "start"}
        Which end of a bar its stamp is.

    Returns
    -------
    DataFrame
        Column `datetime`, the stored fields, for days `factor`, and `no_factor` where that is not known.
    """
    stored = files.fields(code, freq)
    values = {name: files.dense(code, name, freq) for name in (*_ADJUSTED, "volume", *_AS_STORED) if name in stored}
    if "amount" not in values and {"vwap", "volume"} <= values.keys():
        values["amount"] = values["vwap"] * values["volume"]
    factor = _factor(files, code, freq, stamps)
    if factor is not None:
        factor = np.where(factor > 0, factor, np.nan)
        unknown = np.isfinite(values.get("close", factor)) & np.isnan(factor)
        values |= {name: values[name] / factor for name in _ADJUSTED if name in values}
        values |= {"volume": values["volume"] * factor} if "volume" in values else {}
        if freq == "day":
            values["factor"] = factor
    given = np.any([np.isfinite(column) for column in values.values()], axis=0)
    rows = pd.DataFrame({"datetime": files.calendar(freq), **values})
    if factor is not None:
        rows[NO_FACTOR], given = unknown, given | unknown
    return rows[given] if values else rows[:0]


def _factor(files: ProviderFiles, code: str, freq: str, stamps: Literal["end", "start"]) -> np.ndarray | None:
    """Factor at each stamp, NaN where none is stored; the frequency's own, else that of the day; None without any."""
    if "factor" in files.fields(code, freq):
        return files.dense(code, "factor", freq)
    if freq == "day" or "day" not in files.freqs or "factor" not in files.fields(code, "day"):
        return None
    days, bars = files.calendar("day").to_numpy().astype("datetime64[D]"), files.calendar(freq)
    bar_days = days_of(bars) if stamps == "end" else bars.to_numpy().astype("datetime64[D]")
    places = np.minimum(np.searchsorted(days, bar_days), len(days) - 1)
    return np.where(days[places] == bar_days, files.dense(code, "factor", "day")[places], np.nan)


def span_rows(files: ProviderFiles, code: str, spans: Spans) -> pd.DataFrame:
    """A code's part of the spans of membership: columns `start` and `end`."""
    return pd.DataFrame(spans.get(code, []), columns=["start", "end"])


def value_rows(files: ProviderFiles, code: str, field: str, name: str, unit: float = 1.0) -> pd.DataFrame:
    """Known values of a daily field in the input's unit: columns `date` and `name`."""
    values = files.dense(code, field, "day")
    known = np.isfinite(values)
    return pd.DataFrame({"date": files.calendar("day")[known], name: values[known] / unit})


def industry_rows(files: ProviderFiles, code: str, names: Mapping[int, str]) -> pd.DataFrame:
    """Industries from the days on which they change: columns `date` and `industry`, a name or else the number."""
    rows = value_rows(files, code, "industry", "industry")
    rows = rows[rows["industry"].diff() != 0]
    return rows.assign(industry=[names.get(int(number), f"{number:g}") for number in rows["industry"]])
