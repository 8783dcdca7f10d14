"""Which of a file's columns is which field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.columns import VENDOR_NAMES

STAMPS = ("datetime", "date", "time")
"""Fields that hold a row's stamp, alone or two together."""
INDEX = "index"
"""What a mapping calls a column without a name."""
_UNNAMED = re.compile(r"Unnamed: \d+|level_\d+|__index_level_\d+__|index")
_STAMP = re.compile(r"(19|20)\d{2}([-/.]?)\d{2}\2\d{2}(?!\d).*|(19|20)\d{10}(\d{2}|\d{5})?")
_CODE = re.compile(r"(?:[a-zA-Z]{2,4}[._]?)?\d{6}(?:\.[a-zA-Z]{2,4})?", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]*")


def match_fields(
    header: Sequence[str], named: Mapping[str, str], required: Sequence[str], optional: Sequence[str], file: str
) -> dict[str, str]:
    """The column for each field that a file has.

    A column that the mapping names takes precedence over the names that vendors use.

    Parameters
    ----------
    header : sequence of str
        The file's columns.
    named : mapping of str to str
        The mapping's ``columns``.
    required, optional : sequence of str
        Fields (keys of `VENDOR_NAMES`).
    file : str
        As errors name it.

    Raises
    ------
    InputError
        If a required field, or a column that the mapping names, is missing.
    """
    spelling = {name.strip().lower(): name for name in reversed(header)}
    columns = {}
    for field in (*required, *optional):
        column = next((spelling[name.lower()] for name in VENDOR_NAMES[field] if name.lower() in spelling), None)
        if field in named:
            column = _named(named[field], header)
            if column is None:
                raise InputError(f"{file}: no column {named[field]!r} for {field!r}; it has {', '.join(header)}")
        if column is not None:
            columns[field] = column
        elif field in required:
            raise InputError(
                f"{file}: no column for {field!r}; it has {', '.join(header)}. Name it in the mapping: "
                f"columns: {{{field}: ...}}"
            )
    return columns


def unnamed(header: Sequence[str]) -> list[str]:
    """The columns that have no name, as pandas writes an index."""
    return [name for name in header if _UNNAMED.fullmatch(name)]


def recognised(column: pd.Series, *, code_in_name: bool) -> str | None:
    """The field that a column's values look like: ``datetime``, ``symbol``, or neither, such as numbers of rows.

    `code_in_name` says that a stock's code is in the file's name: beside it, numbers that ascend are those of rows that
    were taken out of a larger table.
    """
    if column.dtype.kind == "M":
        return "datetime"
    values = column.dropna().astype("str").str.strip()
    for field, pattern in (("datetime", _STAMP), ("symbol", _CODE)):
        if len(values) and values.str.fullmatch(pattern).all():
            return None if field == "symbol" and _numbers_rows(values, code_in_name) else field
    return None


def counts_rows(text: pd.Series) -> bool:
    """Whether a column only numbers the rows, as pandas writes an index."""
    return len(text) > 1 and bool((_steps(text) == 1).all())


def _numbers_rows(text: pd.Series, code_in_name: bool) -> bool:
    if not text.str.fullmatch(_NUMBER).all():
        return False
    return counts_rows(text) or (code_in_name and bool((_steps(text) > 0).all()))


def _steps(text: pd.Series) -> pd.Series:
    return pd.to_numeric(text, errors="coerce").diff().iloc[1:]


def _named(name: str, header: Sequence[str]) -> str | None:
    if name in header:
        return name
    return next(iter(unnamed(header)), None) if name == INDEX else None
