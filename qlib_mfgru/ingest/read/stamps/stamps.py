"""Stamps as vendors write them, as moments in the session's zone, and the days that they are of."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.read.files.reader import Column, Words
from qlib_mfgru.ingest.read.stamps.order import year_first

MINUTES_A_DAY = 1440

_24_HOURS = re.compile(
    r"(?P<date>\d{8}|.*\d[ T]+)24(?P<rest>(?::?00){1,2}(?:\.?0+)?\s*(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)", re.DOTALL
)
"""``2024-03-01 24:00``, ``202403012400``: 00:00 of the next day."""

_DIGITS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S", 17: "%Y%m%d%H%M%S"}
"""Formats of stamps by the number of their digits; milliseconds are cut off."""
_EPOCHS = {n_seconds + smaller: n_seconds for smaller in (0, 3, 6, 9) for n_seconds in (9, 10)}
"""How many of the digits of a moment since 1970 are its seconds, by the number of all: 10 from September 2001 on."""
_FIRST_EPOCH = 315_532_800
"""1980: below it 9 and 12 digits may be a date, and a time of day; above it, 12 digits would be a year from 3155 on."""
_BEGIN, _END = np.datetime64("1678-01-01", "s"), np.datetime64("2262-01-01", "s")
"""Whole years that nanoseconds since 1970 reach: all that pandas 2 reads in text, where pandas 3 reads any."""
_MOST_KNOWN = 10**6
"""Stamps that are remembered: more than the minutes of ten years of sessions."""
_DATE = re.compile(
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?![0-9])|[0-9]{8}[ T]|(?=.*[0-9]{4})(?=.*\b[0-9]{1,2}\b).*[A-Za-z]{3}"
)
"""How a stamp with a year, a month and a day begins that is not of digits alone; a month may have a name."""
_AS_NUMBER = re.compile(r"([0-9]+)\.0+")
"""``20260316.0``: digits that a program took for a number."""
_WHOLE_STAMP = re.compile(r"[0-9]{10}|[0-9]{4}[-/.]")
_UP_TO_CLOCK = re.compile(
    r"^(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{8})[ T]+[0-9]{1,2}(?::[0-9]{2}){1,2}(?:\.[0-9]+)?"
)
"""A date with a time of day: what follows is a zone, or nothing."""
_ZONE_NAME = re.compile(
    r"(?P<clock>:[0-9]{2}(?:\.[0-9]+)?(?:\s*[AaPp][Mm])?)\s*(?P<zone>(?!GMT|SAT|OCT|SEPT)[A-Z]{2,4}T)\b"
)
"""A zone's short name behind a time of day, such as CST or EDT; what else ends so is none."""


def parse_stamps(values: Column, zone: str, day_first: bool | None = None) -> np.ndarray:
    """Stamps as ``datetime64[s]``, NaT where unparsable; shape (n,).

    Reads datetimes (zoned ones are brought to `zone`), ISO text, ``20250102``, ``202501020945``,
    ``20250102094500`` and baostock's ``20250102094500000``, as text or as numbers. Numbers of 10, 13, 16 and 19 digits
    (9, 12, 15 and 18 from 1980 to September 2001) are seconds, milli-, micro- and nanoseconds since 1970 in UTC.
    ``24:00`` is 00:00 of the next day. A time of day without a date is no stamp, nor is a number of days or a month.
    Dates with the year last need `day_first`. A zone's short name (CST) is read where it is one of `zone`; with
    another's there is no stamp. Nor is there one in a year before 1678 or after 2261, such as 9999 for never.

    Raises
    ------
    DateOrder
        As of `year_first`.
    """
    if isinstance(values, pd.Series) and isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert(zone).dt.tz_localize(None)
    if values.dtype.kind == "M":
        return _in_reach(np.asarray(values).astype("datetime64[s]"))
    # every stock repeats the same stamps: parse each one once
    stamps = Words.of(values)
    parsed = np.append(_known(zone, day_first).parsed(stamps.words), np.datetime64("NaT", "s"))
    return parsed[stamps.places]


class _Known:
    """Stamps that have been parsed, as text or as numbers: the files of a vendor have the same ones."""

    def __init__(self, zone: str, day_first: bool | None) -> None:
        self._zone, self._day_first = zone, day_first
        self._forget()

    def _forget(self) -> None:
        self._written, self._parsed = pd.Index([], dtype="object"), np.empty(0, "datetime64[s]")
        self._last = self._written.to_numpy(), self._parsed

    def parsed(self, written: np.ndarray) -> np.ndarray:
        """Stamps, each of them once, as ``datetime64[s]``; shape (n,)."""
        if written is not self._last[0]:
            self._last = written, self._of(written)
        return self._last[1]

    def _of(self, written: np.ndarray) -> np.ndarray:
        if len(self._written) > _MOST_KNOWN or self._written.dtype != written.dtype:
            self._forget()
        places = self._written.get_indexer(pd.Index(written, dtype=written.dtype))
        new = written[places < 0]
        if len(new):
            parsed = _parse_unique(pd.Series(new), self._zone, self._day_first)
            places[places < 0] = len(self._written) + np.arange(len(new))
            known = self._written.to_numpy(written.dtype)
            self._written = pd.Index(np.concatenate([known, new]), dtype=written.dtype)
            self._parsed = np.concatenate([self._parsed, parsed])
        return self._parsed[places]


@lru_cache(maxsize=4)
def _known(zone: str, day_first: bool | None) -> _Known:
    return _Known(zone, day_first)


def _parse_unique(values: pd.Series, zone: str, day_first: bool | None) -> np.ndarray:
    if values.dtype.kind == "f":
        values = values.astype("int64")
    written = values.astype("str").str.strip().str.replace(_AS_NUMBER, r"\1", regex=True)
    text, days_on = _at_midnight(_without_zone_name(written, zone))
    text = year_first(text, day_first)
    digits = text.str.fullmatch("[0-9]+")
    parsed = np.full(len(text), np.datetime64("NaT", "s"), dtype="datetime64[s]")
    lengths = text.str.len().where(digits, 0).to_numpy()
    for length, pattern in _DIGITS.items():
        if (of_length := lengths == length).any():
            stamps = pd.to_datetime(text[of_length].str[:14], format=pattern, errors="coerce") + days_on[of_length]
            parsed[of_length] = stamps.to_numpy().astype("datetime64[s]")
    for length, n_seconds in _EPOCHS.items():
        if len(places := np.flatnonzero(lengths == length)):
            seconds = text.iloc[places].str[:n_seconds].astype("int64").to_numpy()
            since = seconds >= _FIRST_EPOCH
            epochs = pd.to_datetime(seconds[since], unit="s", errors="coerce", utc=True).tz_convert(zone)
            parsed[places[since]] = epochs.tz_localize(None).to_numpy().astype("datetime64[s]")
    other = (~digits & text.str.match(_DATE) & text.map(str.isascii)).to_numpy(dtype=bool)
    if other.any():
        moments = pd.to_datetime(text[other], format="mixed", errors="coerce", utc=True)
        moments = moments.where(moments.dt.tz_localize(None).between(_BEGIN, _END))  # no zone has a year 10000
        known, stamps = moments.notna().to_numpy(), moments + days_on[other]
        zoned = np.zeros(len(known), dtype=bool)
        zoned[known] = _have_zone(text[other][known])
        local = np.where(zoned, stamps.dt.tz_convert(zone).dt.tz_localize(None), stamps.dt.tz_localize(None))
        parsed[other] = local.astype("datetime64[s]")
    return _in_reach(parsed)


def _in_reach(stamps: np.ndarray) -> np.ndarray:
    """Stamps, NaT for those of other years; shape (n,)."""
    return np.where((stamps >= _BEGIN) & (stamps < _END), stamps, np.datetime64("NaT", "s"))


def _without_zone_name(text: pd.Series, zone: str) -> pd.Series:
    """Stamps without the short name of `zone`, and empty where they have another's.

    Zones share such names, CST is Shanghai's and Chicago's, and pandas reads those of the machine's own zone alone.
    """
    named = text.str.extract(_ZONE_NAME)["zone"]
    if named.isna().all():
        return text
    own = {pd.Timestamp(day, tz=zone).tzname() for day in ("2025-01-01", "2025-07-01")}
    bare = text.str.replace(_ZONE_NAME, r"\g<clock>", regex=True)
    return bare.where(named.isna() | named.isin(own), "")


def _have_zone(text: pd.Series) -> np.ndarray:
    """Whether pandas sees a zone in each of the stamps, all of which it reads; those that end alike are asked once."""
    ends, _ = pd.factorize(text.str.replace(_UP_TO_CLOCK, "", regex=True))
    _, firsts = np.unique(ends, return_index=True)
    asked = np.array([pd.Timestamp(stamp).tzinfo is not None for stamp in text.iloc[firsts]], dtype=bool)
    return asked[ends]


def _at_midnight(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Stamps with 00:00 for 24:00, and the days by which each is to be moved on: 1 where it was 24:00, else 0."""
    at_end = text.map(lambda stamp: _24_HOURS.fullmatch(stamp) is not None).astype(bool)
    at_start = text.where(~at_end, text.str.replace(_24_HOURS, r"\g<date>00\g<rest>", regex=True))
    return at_start, pd.to_timedelta(at_end.astype(int), unit="D")


def join_date_time(date: pd.Series, time: pd.Series) -> pd.Series:
    """Text stamps from a date and a time column; a time that is a whole stamp is taken as it is."""
    text = time.astype("str").str.strip()
    whole = text.str.match(_WHOLE_STAMP)
    if whole.all():
        return time
    digits = text.str.fullmatch(r"\d{1,6}")
    # 945, 0945 and 94500, 094500: hours lose their leading zero in numbers
    padded = text.where(text.str.len() > 4, text.str.zfill(4) + "00").str.zfill(6)
    clock = text.where(~digits, padded.str[:2] + ":" + padded.str[2:4] + ":" + padded.str[4:6])
    date = date.astype("Int64") if date.dtype.kind == "f" else date
    day = date.astype("str").str.strip().str.slice(0, 10).str.removesuffix(".0")
    return (day + " " + clock).where(~whole, text)


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


def clock_text(minute: int) -> str:
    """A minute of the day as text, for messages."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
