"""HDF5 files, as pandas writes them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.files.reader import Columns, pieces

_OF_PANDAS = (AttributeError, LookupError, NotImplementedError, TypeError, ValueError)
_LOST_UNIT = pd.Timestamp("1970-02-01")
"""Microseconds since 1970 are before it when they are taken for nanoseconds."""


@dataclass(frozen=True)
class Hdf5Reader:
    """One of the tables in an HDF5 file; its key is as ``/bars``.

    pandas can read tables of the format ``table`` in parts; those of the format ``fixed`` are held as a whole.
    """

    path: Path
    key: str

    @property
    def estimated_rows(self) -> int:
        """Exact."""
        with opened(self.path) as store:
            storer = _storer(store, self.key)
            return int(storer.nrows if storer.is_table else len(store.select(self.key)))

    def header(self) -> list[str]:
        """Its columns and the levels of its index."""
        with opened(self.path) as store:
            return list(_columns(store.select(self.key, stop=1)).columns)

    def frames(self, columns: Sequence[str], text: Collection[str], n_rows: int) -> Iterator[Columns]:
        """As `Reader.frames`."""
        with opened(self.path) as store:
            storer = _storer(store, self.key)
            if not storer.is_table:
                yield from pieces(_columns(store.select(self.key)), n_rows)
                return
            for row in range(0, storer.nrows, n_rows):
                yield _columns(store.select(self.key, start=row, stop=row + n_rows))


@contextmanager
def opened(path: Path) -> Iterator[pd.HDFStore]:
    """A file, to be read.

    Raises
    ------
    InputError
        Without the package for HDF5, or where it or pandas cannot make sense of the file.
    """
    try:
        store = pd.HDFStore(path, mode="r")
    except ImportError as error:
        raise InputError(f"{path}: HDF5 files need PyTables: pip install 'qlib_mfgru[hdf5]'") from error
    except RuntimeError as error:  # whose message is a trace of the library's own calls
        raise InputError(f"{path}: cannot be read (damaged, or no HDF5 file)") from error
    with store:
        try:
            yield store
        except _OF_PANDAS as error:
            raise InputError(f"{path}: holds what pandas cannot read: {' '.join(str(error).split())}") from error


def tables(path: Path) -> list[str]:
    """The keys of the tables in a file."""
    with opened(path) as store:
        return sorted(store.keys())


def _storer(store: pd.HDFStore, key: str) -> Any:
    return store.get_storer(key)  # type: ignore[operator] # of pandas' stubs


def _columns(table: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """A table whose index has become columns, unless it counts the rows."""
    frame = table.to_frame() if isinstance(table, pd.Series) else table
    names = [name for name in frame.index.names if name is not None]
    counts_rows = not names and frame.index.nlevels == 1 and frame.index.dtype.kind in "iu"
    frame = frame.reset_index(drop=counts_rows)
    for name, stamps in frame.select_dtypes("datetime").items():
        if len(stamps) and pd.Timestamp(0) < stamps.max() < _LOST_UNIT:
            raise InputError(
                f"the times of {name!r} are all of January 1970: pandas takes datetime64[s], [ms] and [us] of an HDF5 "
                f"file for [ns]; write them as datetime64[ns]"
            )
    return frame.set_axis([str(name) for name in frame.columns], axis=1)
