"""Which rows of a table are read: those that `where` asks for, and those of one index only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.columns import VENDOR_NAMES
from qlib_mfgru.ingest.read.files.fields import counts_rows
from qlib_mfgru.ingest.read.files.reader import Columns, as_frame

_LISTED = 8
"""Values that a message names."""


class Selection:
    """The rows of an input that its `where` asks for.

    Values are compared as text, so that the code ``000905`` is not the number 905.

    Parameters
    ----------
    name : str
        The input's.
    where : mapping of str to sequence of str
        The vendor's column to the values whose rows are read.

    Attributes
    ----------
    left_out : int
        Rows that have other values.
    """

    def __init__(self, name: str, where: Mapping[str, Sequence[str]]) -> None:
        self._name, self._where = name, where
        self._found: dict[str, set[str]] = {column: set() for column in where}
        self._matched = False
        self.left_out = 0

    def columns(self, header: Sequence[str], label: object) -> dict[str, str]:
        """The columns to be read besides the fields, under names that no field has.

        Raises
        ------
        InputError
            If the file does not have one.
        """
        for column in self._where:
            if column not in header:
                raise InputError(f"{label}: no column {column!r} for where; it has {', '.join(header)}")
        return {_key(column): column for column in self._where}

    def rows(self, rows: Columns) -> Columns:
        """Those that are asked for, without the columns read for it; their index still says where they stood."""
        if not self._where:
            return rows
        frame = as_frame(rows)
        keys = {_key(column) for column in self._where}
        chosen = np.ones(len(frame), dtype=bool)
        for column, values in self._where.items():
            text = as_text(frame[_key(column)])
            self._found[column].update(text.unique())
            chosen &= text.isin(values).to_numpy()
        self._matched |= bool(chosen.any())
        self.left_out += int((~chosen).sum())
        return frame.loc[chosen, [name for name in frame if name not in keys]]

    def check(self) -> None:
        """Stop where nothing was asked for that is there.

        Raises
        ------
        InputError
            With the values that there are.
        """
        if self._where and not self._matched:
            there = "; ".join(f"{column} has {listed(found)}" for column, found in self._found.items())
            raise InputError(f"{self._name}: no row is as where asks, {dict(self._where)}: {there}")


class OneIndex:
    """Watches that a table of members or weights is of one index.

    Parameters
    ----------
    name : str
        The input's.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[str, set[str]] = {}

    def columns(self, header: Sequence[str], stock_column: str | None) -> dict[str, str]:
        """The columns that may say of which index a row is, under names that no field has."""
        names = {name.lower() for name in VENDOR_NAMES["index"]}
        return {_key(each): each for each in header if each.lower() in names and each != stock_column}

    def rows(self, rows: Columns, columns: Mapping[str, str]) -> Columns:
        """The rows without the columns read for it."""
        if not columns:
            return rows
        frame = as_frame(rows)
        for key, column in columns.items():
            text = as_text(frame[key])
            if not counts_rows(text) and not ("symbol" in frame and _is_spelling(text, frame["symbol"], column)):
                self._found.setdefault(column, set()).update(text.unique())
        return frame.drop(columns=list(columns))

    def check(self) -> None:
        """Stop where there are several.

        Raises
        ------
        InputError
            With the indices that there are, and how to name one.
        """
        for column, found in self._found.items():
            if len(found) > 1:
                raise InputError(
                    f"{self._name}: the rows are of several indices, {column} has {listed(found)}: name one, where: "
                    f"{{{column}: {min(found)!r}}}"
                )


def as_text(column: pd.Series) -> pd.Series:
    """Values as a mapping would write them; what is missing as ``nan``."""
    if column.dtype.kind == "f" and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("str").str.strip().where(column.notna(), "nan")  # pandas 3 leaves it missing


def listed(values: Iterable[str]) -> str:
    """The first few values."""
    shown = sorted(values)
    return ", ".join(shown[:_LISTED]) + (f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else "")


def _key(column: str) -> str:
    return f"column {column}"


def _is_spelling(text: pd.Series, symbols: pd.Series, column: str) -> bool:
    """Whether a column that may also hold stocks writes the code of the stock in another way."""
    may_hold_stocks = column.lower() in {name.lower() for name in VENDOR_NAMES["symbol"]}
    return may_hold_stocks and text.nunique() == symbols.nunique() == len(set(zip(text, symbols, strict=True)))
