"""The days of an intraday or daily calendar, and how many bars each of them has."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.manifest import session_in
from qlib_mfgru.provider.session import days_of

_ENDS_UNKNOWN = "where stamps of midnight end the day before, ingest the provider first (mfgru ingest --vendor qlib)"


def read_grid(freq: str) -> tuple[pd.DatetimeIndex, int]:
    """Days of the provider's calendar of a frequency and the bars of each; errors as of `BarPanel.open`.

    Stamps end their bars where the provider names a session; else a bar is of the day that its stamp names.
    """
    stamps = reader.calendar(freq)
    ends = freq != "day" and session_in(reader.provider_path(freq)) is not None
    days, counts = np.unique(days_of(stamps) if ends else stamps.to_numpy().astype("datetime64[D]"), return_counts=True)
    odd = np.flatnonzero(counts != counts[0])
    if len(odd):
        day, count = days[odd[0]], counts[odd[0]]
        has_midnights = freq != "day" and bool((stamps == stamps.normalize()).any())
        way_out = f"; {_ENDS_UNKNOWN}" if has_midnights and not ends else ""
        raise InputError(f"the {freq} calendar has {counts[0]} bars on {days[0]}, but {count} on {day}{way_out}")
    return pd.DatetimeIndex(days.astype("datetime64[ns]")), int(counts[0])
