"""What every kind of file can do, and how it fails."""

from __future__ import annotations

import csv
import lzma
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

import pandas as pd
import pyarrow as pa

UNREADABLE = (
    pa.ArrowException, OSError, EOFError, UnicodeError, csv.Error, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
    RuntimeError, pd.errors.ParserError, pd.errors.EmptyDataError,
)  # fmt: skip
"""What libraries raise on a file that is truncated, damaged, or of another kind or encoding."""


class Reader(Protocol):
    """One file of one kind."""

    @property
    def estimated_rows(self) -> int:
        """Number of rows, about."""

    def header(self) -> list[str]:
        """The file's own columns, each name once."""

    def frames(self, columns: Sequence[str], text: Collection[str], n_rows: int) -> Iterator[pd.DataFrame]:
        """Yield frames of at most `n_rows` rows with at least these columns.

        Parameters
        ----------
        columns : sequence of str
            Of the header, each once.
        text : collection of str
            Those that stay text where the file does not say otherwise. Many rows share few values: as categories, each
            value is parsed once.
        """


def pieces(frame: pd.DataFrame, n_rows: int) -> Iterator[pd.DataFrame]:
    """Yield a frame in parts of at most `n_rows` rows."""
    if len(frame) <= n_rows:
        yield frame
        return
    for first in range(0, len(frame), n_rows):
        yield frame.iloc[first : first + n_rows]
