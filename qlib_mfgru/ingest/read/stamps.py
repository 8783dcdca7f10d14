"""Stamps as vendors write them, and whether they fit the session grid."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.provider.session import ASHARE, freq_minutes

FREQS = ("15min", "5min", "1min")
"""Frequencies of bars that can be read, the coarsest first."""

MINUTES_A_DAY = 1440

_OPENING = ASHARE.opening
_ZONE = "Asia/Shanghai"
_MISFIT = 0.001
"""Share of stamps off the grid up to which a frequency and convention fit."""


def parse_stamps(values: pd.Series) -> np.ndarray:
    """Stamps as ``datetime64[s]``, NaT where unparsable; shape (n,).

    Reads datetimes (zoned ones are brought to Chinese time), ISO text, ``20250102``, ``202501020945``,
    ``20250102094500`` and baostock's ``20250102094500000``, as text or as numbers.
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert(_ZONE).dt.tz_localize(None)
    if values.dtype.kind == "M":
        return values.to_numpy().astype("datetime64[s]")
    # every stock repeats the same stamps: parse each one once
    positions, unique = pd.factorize(values)
    parsed = np.append(_parse_unique(pd.Series(unique)), np.datetime64("NaT", "s"))
    return parsed[positions]


def _parse_unique(values: pd.Series) -> np.ndarray:
    if values.dtype.kind == "f":
        values = values.astype("int64")
    text = values.astype("str").str.strip()
    digits = text.str.fullmatch(r"\d{8}|\d{12}|\d{14}|\d{17}")
    parsed = np.full(len(text), np.datetime64("NaT", "s"), dtype="datetime64[s]")
    for length, pattern in ((8, "%Y%m%d"), (12, "%Y%m%d%H%M"), (14, "%Y%m%d%H%M%S"), (17, "%Y%m%d%H%M%S")):
        of_length = (digits & (text.str.len() == length)).to_numpy(dtype=bool)
        if of_length.any():
            stamps = pd.to_datetime(text[of_length].str[:14], format=pattern, errors="coerce")
            parsed[of_length] = stamps.to_numpy().astype("datetime64[s]")
    other = ~digits.to_numpy(dtype=bool)
    if other.any():
        stamps = pd.to_datetime(text[other], format="mixed", errors="coerce", utc=True)
        zoned = text[other].str.contains(r":\d{2}(?:\.\d+)?\s*(?:Z|[+-]\d{2}:?\d{2})$").to_numpy(dtype=bool)
        local = np.where(zoned, stamps.dt.tz_convert(_ZONE).dt.tz_localize(None), stamps.dt.tz_localize(None))
        parsed[other] = local.astype("datetime64[s]")
    return parsed


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


def bar_ends(stamps: np.ndarray, freq: str, convention: str) -> np.ndarray:
    """End of each bar in minutes since 1970, -1 where it is off the session grid; shape (n,).

    A bar stamped at the opening under ``end`` is the opening auction, which some vendors give as a bar of its own; it
    is kept, and belongs to the first bar of the day.
    """
    seconds = stamps.astype("int64")
    minutes = seconds // 60 + (freq_minutes(freq) if convention == "start" else 0)
    parsed = ~np.isnat(stamps)
    on_grid = parsed & (seconds % 60 == 0) & _grid(freq, convention)[np.where(parsed, minutes % MINUTES_A_DAY, 0)]
    return np.where(on_grid, minutes, -1)


def _grid(freq: str, convention: str) -> np.ndarray:
    """Whether a minute of the day ends a bar; shape (1440,)."""
    grid = np.zeros(MINUTES_A_DAY, dtype=bool)
    grid[ASHARE.bar_ends(freq)] = True
    grid[_OPENING] = convention == "end"
    return grid


def bar_slots(freq: str) -> np.ndarray:
    """Position among the day's bars of `freq` for each minute of the day; the opening auction is in the first."""
    return np.searchsorted(ASHARE.bar_ends(freq), np.arange(MINUTES_A_DAY)).clip(max=len(ASHARE.bar_ends(freq)) - 1)


def day_numbers(stamps: np.ndarray) -> np.ndarray:
    """Days since 1970; meaningless where a stamp is NaT."""
    return stamps.astype("datetime64[D]").astype("int64")


def day_text(day: int) -> str:
    """A day since 1970 as text, for messages."""
    return str(np.datetime64(int(day), "D"))


def minute_text(minute: int) -> str:
    """A minute since 1970 as text, for messages."""
    return str(np.datetime64(int(minute), "m"))


def diagnose(stamps: np.ndarray, freq: str, convention: str) -> str | None:
    """What is wrong with the stated frequency and convention, None if they fit.

    Parameters
    ----------
    stamps : ndarray of shape (n,)
        ``datetime64[s]`` of one file; fewer than a day of bars are not judged.
    """
    stamps = stamps[~np.isnat(stamps)]
    if len(stamps) < len(ASHARE.bar_ends(freq)):
        return None
    stated = _misfit(stamps, freq, convention)
    for other in FREQS:
        for end in ("end", "start"):
            misfit = _misfit(stamps, other, end)
            step = freq_minutes(other) - freq_minutes(freq)
            # every stamp fits a finer grid too: only a bad misfit is a sign of that
            better = stated > 4 * misfit if step == 0 else step > 0 or stated > 0.2
            if misfit < _MISFIT and better:
                return (
                    f"the stamps do not fit freq: {freq}, stamps: {convention}; they fit freq: {other}, stamps: {end}"
                )
    if stated > 0.5:
        return (
            f"{stated:.0%} of the stamps are off the session grid of freq: {freq}, stamps: {convention} "
            f"(first {stamps[0]}); are they in Chinese time?"
        )
    return None


def _misfit(stamps: np.ndarray, freq: str, convention: str) -> float:
    """Share of the stamps that are off the grid."""
    return float((bar_ends(stamps, freq, convention) < 0).mean())
