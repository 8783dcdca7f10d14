"""What every kind of file can do, and how it fails."""

from __future__ import annotations

import csv
import lzma
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

UNREADABLE = (
    pa.ArrowException, OSError, EOFError, UnicodeError, csv.Error, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
    RuntimeError, pd.errors.ParserError, pd.errors.EmptyDataError,
)  # fmt: skip
"""What libraries raise on a file that is truncated, damaged, or of another kind or encoding."""


@dataclass(frozen=True, eq=False)
class Words:
    """A column of text, each word once.

    Attributes
    ----------
    places : ndarray of int, shape (n,)
        Each row's place among the words, -1 where it has none.
    words : ndarray of shape (n_words,)
    """

    places: np.ndarray
    words: np.ndarray
    dtype: ClassVar[np.dtype] = np.dtype("O")

    @classmethod
    def of(cls, column: Column) -> Words:
        """The values of any column, each once; those of categories as they are, met or not."""
        if isinstance(column, Words):
            return column
        if isinstance(column, pd.Series) and isinstance(column.array, pd.Categorical):
            return cls(column.array.codes, column.array.categories.to_numpy())
        places, values = pd.factorize(column)
        return cls(places, pd.Index(values, dtype=values.dtype).to_numpy())

    def __len__(self) -> int:
        return len(self.places)

    def categorical(self) -> pd.Categorical:
        """The same, for a frame."""
        return pd.Categorical.from_codes(self.places, pd.Index(self.words, dtype="object"), validate=False)


Column = pd.Series | np.ndarray | Words
Columns = pd.DataFrame | Mapping[str, Column]
"""Rows as a frame, or as what would be its columns: a frame costs as much as a small file."""


class Reader(Protocol):
    """One file of one kind."""

    @property
    def estimated_rows(self) -> int:
        """Number of rows, about."""

    def header(self) -> list[str]:
        """The file's own columns, each name once."""

    def frames(self, columns: Sequence[str], text: Collection[str], n_rows: int) -> Iterator[Columns]:
        """Yield at most `n_rows` rows at a time, with at least these columns.

        Parameters
        ----------
        columns : sequence of str
            Of the header, each once.
        text : collection of str
            Those that stay text where the file does not say otherwise. Many rows share few values: as categories, each
            value is parsed once.
        """


def length(rows: Columns) -> int:
    """How many there are; none without a column."""
    return next((len(rows[str(name)]) for name in rows), 0)


def as_frame(rows: Columns) -> pd.DataFrame:
    """Rows as a frame."""
    if isinstance(rows, pd.DataFrame):
        return rows
    columns = {name: each.categorical() if isinstance(each, Words) else each for name, each in rows.items()}
    return pd.DataFrame(columns, copy=False)


def pieces(rows: Columns, n_rows: int) -> Iterator[Columns]:
    """Yield rows in parts of at most `n_rows`."""
    if length(rows) <= n_rows:
        yield rows
        return
    frame = as_frame(rows)
    for first in range(0, len(frame), n_rows):
        yield frame.iloc[first : first + n_rows]
