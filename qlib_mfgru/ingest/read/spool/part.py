"""Rows on disk as one process writes them, in buckets of whole stocks."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from qlib_mfgru.ingest.read.spool.registry import Registry
from qlib_mfgru.ingest.read.spool.repeats import run_starts
from qlib_mfgru.ingest.read.stamps import days_of_bars


class SpoolPart:
    """What one process has read of single stocks: rows in a folder, and in memory the days that they are of.

    Parameters
    ----------
    folder : Path
        Where the buckets lie; made here.
    n_buckets : int
        A stock goes to the same bucket in all parts.
    registry : Registry
        What the rows' numbers stand for.

    Attributes
    ----------
    days, bar_days : set of int
        Days with a daily row or a bar, and with a bar, in days since 1970.
    """

    def __init__(self, folder: Path, n_buckets: int, registry: Registry) -> None:
        self.folder, self.registry = folder, registry
        self.days: set[int] = set()
        self.bar_days: set[int] = set()
        self._n_buckets = n_buckets
        self._noted = np.empty(0, "i4")
        # 16 bits are sorted by radix
        self._buckets = np.empty(0, "u2")
        folder.mkdir(parents=True)

    def append(self, name: str, rows: np.ndarray) -> None:
        """Keep rows under a name: ``bars``, ``daily``, or of values one of `VALUE_FIELDS`."""
        if name in ("bars", "daily"):
            self._note_days(rows["when"], is_bars=name == "bars")
        new = self.registry.codes[len(self._buckets) :]
        if new:
            numbers = [zlib.crc32(code.encode()) % self._n_buckets for code in new]
            self._buckets = np.concatenate([self._buckets, np.array(numbers, "u2")])
        bucket = self._buckets[rows["stock"]]
        counts = np.bincount(bucket, minlength=self._n_buckets)
        if counts.max(initial=0) < len(rows):
            # an index would copy rows field by field
            rows = rows.take(np.argsort(bucket, kind="stable"))
        ends = np.cumsum(counts)
        for number in np.flatnonzero(counts).tolist():
            with open(bucket_path(self.folder, name, number), "ab") as file:
                rows[ends[number] - counts[number] : ends[number]].tofile(file)

    def _note_days(self, when: np.ndarray, *, is_bars: bool) -> None:
        if np.array_equal(when, self._noted):
            return  # a vendor's files have the same stamps
        self._noted = when.copy()
        # rows are in the order of time, mostly
        days = days_of_bars(when) if is_bars else when
        found = np.unique(days[run_starts(days)]).tolist()
        self.days.update(found)
        if is_bars:
            self.bar_days.update(found)


def bucket_path(folder: Path, name: str, bucket: int) -> str:
    """Where a bucket's rows of one name lie."""
    return f"{folder}/{name}.{bucket}"
