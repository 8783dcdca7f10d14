"""Dates that are in a file's name because its rows have a time of day, or no stamp at all."""

from __future__ import annotations

import re

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.sources import Table

_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
"""``20260323``, ``2026-03-23``, with a stock's code beside it or not."""
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}.*|\d{1,6}")


def date_in_name(stem: str) -> str | None:
    """The date in a file's name, None if there is none: ``2026-03-23`` in ``20260323_600000``."""
    found = _DATE.search(stem)
    return f"{found[1]}-{found[3]}-{found[4]}" if found else None


def dated(frame: pd.DataFrame, table: Table, *, needs_date: bool) -> tuple[pd.DataFrame, bool]:
    """Rows with a date, and whether it is that of the file's name.

    Parameters
    ----------
    frame : DataFrame
        Rows under our names; whatever stamp is a time of day becomes the `time`.
    table : Table
        Where they are from.
    needs_date : bool
        Rows without any stamp have the date of the file's name, if there is one; otherwise they hold on all days.

    Raises
    ------
    InputError
        If there are times of day, and no date.
    """
    stamps = [name for name in STAMPS if name in frame]
    clocks = [name for name in stamps if _is_time_of_day(frame[name])]
    if clocks and clocks != ["time"]:
        time = frame[clocks[-1]]
        frame = frame.drop(columns=clocks).assign(time=time)
    if clocks and stamps == clocks:
        if not (date := date_in_name(table.stem)):
            raise InputError(f"{table.label}: times of day without a date: no column of dates, none in the file's name")
        return frame.assign(date=date), True
    if not stamps and needs_date and (date := date_in_name(table.stem)):
        return frame.assign(date=date), True
    return frame, False


def _is_time_of_day(column: pd.Series) -> bool:
    """Whether the first value is; a column has stamps of one kind."""
    if column.dtype.kind == "M":
        return False
    first = next((str(value).strip() for value in column if pd.notna(value)), "")
    return _TIME_OF_DAY.fullmatch(first) is not None
