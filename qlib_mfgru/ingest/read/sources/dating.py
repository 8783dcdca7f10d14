"""Dates that are in a file's name because its rows have a time of day, or no stamp at all."""

from __future__ import annotations

import re

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.files.reader import Column, Columns, Words, as_frame
from qlib_mfgru.ingest.read.sources import Table

_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
"""``20260323``, ``2026-03-23``, with a stock's code beside it or not."""
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}.*", re.DOTALL)
_CLOCK_OF_DIGITS = re.compile(r"[0-9]{1,6}")


def date_in_name(stem: str) -> str | None:
    """The date in a file's name, None if there is none: ``2026-03-23`` in ``20260323_600000``."""
    found = _DATE.search(stem)
    return f"{found[1]}-{found[3]}-{found[4]}" if found else None


def dated(rows: Columns, table: Table, *, needs_date: bool) -> tuple[Columns, bool]:
    """Rows with a date, and whether it is that of the file's name.

    Parameters
    ----------
    rows : Columns
        Under our names; whatever stamp is a time of day becomes the `time`.
    table : Table
        Where they are from.
    needs_date : bool
        Rows without any stamp have the date of the file's name, if there is one; otherwise they hold on all days.

    Raises
    ------
    InputError
        If there are times of day, and no date.
    """
    stamps = [name for name in STAMPS if name in rows]
    clocks = [name for name in stamps if _is_time_of_day(rows, name)]
    if clocks and clocks != ["time"]:
        frame = as_frame(rows)
        rows = frame.drop(columns=clocks).assign(time=frame[clocks[-1]])
    if clocks and stamps == clocks:
        if not (date := _date_of(table)):
            raise InputError(f"{table.label}: times of day without a date: no column of dates, none in the file's name")
        return as_frame(rows).assign(date=date), True
    if not stamps and needs_date and (date := _date_of(table)):
        return as_frame(rows).assign(date=date), True
    return rows, False


def _date_of(table: Table) -> str | None:
    return next(filter(None, map(date_in_name, table.stems)), None)


def _is_time_of_day(rows: Columns, name: str) -> bool:
    """Whether a stamp's first value is; a column has stamps of one kind, and one of dates no times of digits alone."""
    if rows[name].dtype.kind == "M":
        return False
    first = _first(rows[name])
    may_be_digits = name != "date" or ("datetime" in rows and first == _first(rows["datetime"]))
    return bool(_CLOCK.fullmatch(first) or (may_be_digits and _CLOCK_OF_DIGITS.fullmatch(first)))


def _first(column: Column) -> str:
    """The first value that is given, as text."""
    if isinstance(column, Words):
        place = column.places[(column.places >= 0).argmax()]
        return str(column.words[place]).strip() if place >= 0 else ""
    values = pd.Series(column).array
    given = ~values.isna()
    return str(values[int(given.argmax())]).strip() if given.any() else ""
