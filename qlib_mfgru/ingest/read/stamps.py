"""Stamps as vendors write them, as moments in the session's zone, and the days that they are of."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

MINUTES_A_DAY = 1440

_24_HOURS = re.compile(
    r"(?P<date>\d{8}|.*\d[ T]+)24(?P<rest>(?::?00){1,2}(?:\.?0+)?\s*(?:Z|[+-]\d{2}:?\d{2})?)", re.DOTALL
)
"""``2024-03-01 24:00``, ``202403012400``: 00:00 of the next day."""


def parse_stamps(values: pd.Series, zone: str) -> np.ndarray:
    """Stamps as ``datetime64[s]``, NaT where unparsable; shape (n,).

    Reads datetimes (zoned ones are brought to `zone`), ISO text, ``20250102``, ``202501020945``,
    ``20250102094500`` and baostock's ``20250102094500000``, as text or as numbers. ``24:00`` is 00:00 of the next day.
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert(zone).dt.tz_localize(None)
    if values.dtype.kind == "M":
        return values.to_numpy().astype("datetime64[s]")
    # every stock repeats the same stamps: parse each one once
    positions, unique = pd.factorize(values)
    parsed = np.append(_parse_unique(pd.Series(unique), zone), np.datetime64("NaT", "s"))
    return parsed[positions]


def _parse_unique(values: pd.Series, zone: str) -> np.ndarray:
    if values.dtype.kind == "f":
        values = values.astype("int64")
    text, days_on = _at_midnight(values.astype("str").str.strip())
    digits = text.str.fullmatch(r"\d{8}|\d{12}|\d{14}|\d{17}")
    parsed = np.full(len(text), np.datetime64("NaT", "s"), dtype="datetime64[s]")
    for length, pattern in ((8, "%Y%m%d"), (12, "%Y%m%d%H%M"), (14, "%Y%m%d%H%M%S"), (17, "%Y%m%d%H%M%S")):
        of_length = (digits & (text.str.len() == length)).to_numpy(dtype=bool)
        if of_length.any():
            stamps = pd.to_datetime(text[of_length].str[:14], format=pattern, errors="coerce") + days_on[of_length]
            parsed[of_length] = stamps.to_numpy().astype("datetime64[s]")
    other = ~digits.to_numpy(dtype=bool)
    if other.any():
        stamps = pd.to_datetime(text[other], format="mixed", errors="coerce", utc=True) + days_on[other]
        zoned = text[other].str.contains(r":\d{2}(?:\.\d+)?\s*(?:Z|[+-]\d{2}:?\d{2})$").to_numpy(dtype=bool)
        local = np.where(zoned, stamps.dt.tz_convert(zone).dt.tz_localize(None), stamps.dt.tz_localize(None))
        parsed[other] = local.astype("datetime64[s]")
    return parsed


def _at_midnight(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Stamps with 00:00 for 24:00, and the days by which each is to be moved on: 1 where it was 24:00, else 0."""
    at_end = text.map(lambda stamp: _24_HOURS.fullmatch(stamp) is not None).astype(bool)
    at_start = text.where(~at_end, text.str.replace(_24_HOURS, r"\g<date>00\g<rest>", regex=True))
    return at_start, pd.to_timedelta(at_end.astype(int), unit="D")


def join_date_time(date: pd.Series, time: pd.Series) -> pd.Series:
    """Text stamps from a date and a time column; a time column that holds whole stamps is taken as it is."""
    text = time.astype("str").str.strip()
    if text.str.len().min() >= 12:
        return time
    digits = text.str.fullmatch(r"\d{1,6}")
    # 945, 0945 and 94500, 094500: hours lose their leading zero in numbers
    padded = text.where(text.str.len() > 4, text.str.zfill(4) + "00").str.zfill(6)
    clock = text.where(~digits, padded.str[:2] + ":" + padded.str[2:4] + ":" + padded.str[4:6])
    day = date.astype("str").str.strip().str.slice(0, 10)
    return day + " " + clock


def days_of_bars(minutes: np.ndarray) -> np.ndarray:
    """Day of each bar, in days since 1970, by its end in minutes since 1970: one that ends at midnight ends the day."""
    return (minutes - 1) // MINUTES_A_DAY


def day_numbers(stamps: np.ndarray) -> np.ndarray:
    """Days since 1970; meaningless where a stamp is NaT."""
    return stamps.astype("datetime64[D]").astype("int64")


def day_text(day: int) -> str:
    """A day since 1970 as text, for messages."""
    return str(np.datetime64(int(day), "D"))


def minute_text(minute: int) -> str:
    """A minute since 1970 as text, for messages."""
    return str(np.datetime64(int(minute), "m"))
