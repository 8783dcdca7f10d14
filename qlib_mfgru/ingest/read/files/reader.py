"""What every kind of file can do, and how it fails."""

from __future__ import annotations

import csv
import lzma
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

UNREADABLE = (
    pa.ArrowException, OSError, EOFError, UnicodeError, csv.Error, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
    RuntimeError, pd.errors.ParserError, pd.errors.EmptyDataError,
)  # fmt: skip
"""What libraries raise on a file that is truncated, damaged, or of another kind or encoding."""


Columns = pd.DataFrame | Mapping[str, np.ndarray | pd.Categorical]
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
    """How many there are."""
    return len(rows[str(next(iter(rows)))])


def pieces(rows: Columns, n_rows: int) -> Iterator[Columns]:
    """Yield rows in parts of at most `n_rows`."""
    if length(rows) <= n_rows:
        yield rows
        return
    frame = pd.DataFrame(rows, copy=False)
    for first in range(0, len(frame), n_rows):
        yield frame.iloc[first : first + n_rows]
