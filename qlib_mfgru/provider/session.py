"""The A-share trading session as a grid of bar-end stamps.

Trading hours are 09:30-11:30 and 13:00-15:00. Every stamp in a provider of this package is the *end* of its bar: the
first moment at which the bar is known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SESSION_MINUTES: tuple[tuple[int, int], ...] = ((9 * 60 + 30, 11 * 60 + 30), (13 * 60, 15 * 60))
"""Start and end of the morning and the afternoon session, in minutes after midnight."""


def freq_minutes(freq: str) -> int:
    """Minutes of an intraday frequency name such as ``15min``.

    Raises
    ------
    ValueError
        If `freq` is not ``<n>min`` with n dividing both two-hour sessions.
    """
    number = freq.removesuffix("min")
    if not freq.endswith("min") or not number.isdigit() or int(number) == 0 or 120 % int(number):
        raise ValueError(f"unknown intraday frequency {freq!r}: use e.g. 1min, 5min, 15min")
    return int(number)


def bar_end_minutes(freq: str) -> np.ndarray:
    """Bar ends of one day, in minutes after midnight, ascending; shape (bars_per_day,).

    ``15min`` gives 16 ends: 09:45 .. 11:30, 13:15 .. 15:00.
    """
    step = freq_minutes(freq)
    return np.concatenate([np.arange(start + step, end + 1, step) for start, end in SESSION_MINUTES])


def bar_calendar(days: pd.DatetimeIndex, freq: str) -> pd.DatetimeIndex:
    """Bar-end stamps of `days`, ascending; length ``len(days) * bars_per_day``."""
    minutes = bar_end_minutes(freq).astype("timedelta64[m]")
    stamps = days.to_numpy().astype("datetime64[s]")[:, None] + minutes[None, :]
    return pd.DatetimeIndex(stamps.ravel())
