"""Rows on disk, in buckets of whole stocks, so that an input of any size can be worked through in memory.

Vendor files come by month, by stock or in one piece; a stock's history has to be seen as a whole. Rows are
appended to the bucket of their stock as they are read, and each bucket is small enough to be held in memory.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType

import numpy as np

_KEYS = [("stock", "i4"), ("when", "i4"), ("file", "i4")]

BAR = np.dtype(
    [*_KEYS, *((name, "f4") for name in ("open", "high", "low", "close"))]
    + [(name, "f8") for name in ("volume", "amount")]
)
"""An intraday bar; `when` is its end in minutes since 1970."""

DAILY_OPTIONAL = ("amount", "vwap", "factor", "prev_close", "limit_up", "limit_down", "is_st")
DAY = np.dtype([*_KEYS, *((name, "f8") for name in ("open", "high", "low", "close", "volume", *DAILY_OPTIONAL))])
"""A daily bar; `when` is its day, in days since 1970."""

VALUE = np.dtype([*_KEYS, ("value", "f8")])
"""A value of a stock from a day on (or on a day)."""

ALWAYS = -(2**31)
"""The `when` of a snapshot without a date: it holds on every day."""


class Spool:
    """A temporary folder of bucketed rows; removed at the end, and by the next spool of the same name.

    Parameters
    ----------
    folder : Path
        Where the buckets lie.
    n_buckets : int
        Stock number i goes to bucket ``i % n_buckets``.
    """

    def __init__(self, folder: Path, n_buckets: int) -> None:
        self._folder = folder
        self.n_buckets = n_buckets

    def __enter__(self) -> Spool:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def append(self, name: str, rows: np.ndarray) -> None:
        """Add rows, a structured array of one of the types above, to what is kept as `name`."""
        bucket = rows["stock"] % self.n_buckets
        order = np.argsort(bucket, kind="stable")
        edges = np.searchsorted(bucket[order], np.arange(self.n_buckets + 1))
        for number in np.unique(bucket):
            with self._path(name, int(number)).open("ab") as file:
                rows[order[edges[number] : edges[number + 1]]].tofile(file)

    def load(self, name: str, bucket: int, dtype: np.dtype) -> np.ndarray:
        """A bucket's rows, sorted by stock and time; equal ones stay in reading order."""
        path = self._path(name, bucket)
        if not path.exists():
            return np.empty(0, dtype)
        rows = np.fromfile(path, dtype)
        return rows[np.lexsort((rows["when"], rows["stock"]))]

    def _path(self, name: str, bucket: int) -> Path:
        return self._folder / f"{name}.{bucket}"


def of_stock(rows: np.ndarray, stock: int) -> np.ndarray:
    """The rows of one stock, a view of the sorted `rows`."""
    first, last = np.searchsorted(rows["stock"], [stock, stock + 1])
    return rows[first:last]


def repeated(rows: np.ndarray) -> np.ndarray:
    """Whether a row has the stock and time of the one before it; shape (n,)."""
    same = (rows["stock"][1:] == rows["stock"][:-1]) & (rows["when"][1:] == rows["when"][:-1])
    return np.concatenate([[False], same]) if len(rows) else np.zeros(0, dtype=bool)
