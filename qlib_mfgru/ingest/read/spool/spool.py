"""Rows on disk, in buckets of whole stocks, so that an input of any size can be worked through in memory.

Vendor files come by month, by stock or in one piece; a stock's history has to be seen as a whole. Rows are
appended to the bucket of their stock as they are read, and each bucket is small enough to be held in memory. They
carry numbers instead of text, for stock and file. Several processes read, each a part with numbers of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from qlib_mfgru.ingest.read.spool.part import SpoolPart, bucket_path
from qlib_mfgru.ingest.read.spool.records import ALWAYS, BAR, DAY, UNUSED, VALUE, VALUE_FIELDS, StockRows
from qlib_mfgru.ingest.read.spool.registry import Registry
from qlib_mfgru.ingest.read.spool.renames import check_one_stock
from qlib_mfgru.ingest.read.spool.repeats import repeats, run_starts
from qlib_mfgru.ingest.read.stamps import day_text, minute_text
from qlib_mfgru.ingest.report import DUPLICATE, IngestReport

_VALUE_INPUTS = {
    **{"factor": "factors", "limit_up": "limits", "limit_down": "limits"},
    **dict.fromkeys(("st_day", "st_step", "st_span"), "st"),
}
"""The inputs of values that are called otherwise."""


class _Joined(NamedTuple):
    """A part's rows, and what stands here for its numbers."""

    folder: Path
    stocks: np.ndarray
    first_file: int

    def load(self, name: str, bucket: int, dtype: np.dtype) -> np.ndarray:
        """A bucket's rows in reading order, with the numbers of the whole."""
        path = bucket_path(self.folder, name, bucket)
        rows = np.fromfile(path, dtype) if os.path.exists(path) else np.empty(0, dtype)
        rows["stock"] = self.stocks[rows["stock"]]
        rows["file"] += self.first_file
        return rows


class Spool:
    """What has been read of single stocks: rows in a temporary folder, and in memory the days that they are of.

    Parameters
    ----------
    folder : Path
        Where the buckets lie; it is the caller's to remove.
    n_buckets : int
        Of about equally many stocks.
    registry : Registry
        What the numbers of the joined parts' rows stand for.
    keep : mapping of str to {"first", "last"}
        Which of repeated rows is kept, in reading order, by input; the first by default.

    Attributes
    ----------
    days, bar_days : set of int
        Days with a daily row or a bar, and with a bar, in days since 1970.
    industries : dict of str to int
        Numbers of the industries by name, in the order in which they were met.
    """

    def __init__(
        self,
        folder: Path,
        n_buckets: int,
        registry: Registry,
        keep: Mapping[str, Literal["first", "last"]] = MappingProxyType({}),
    ) -> None:
        self.n_buckets = n_buckets
        self._folder, self._registry, self._keep = folder, registry, keep
        self.days: set[int] = set()
        self.bar_days: set[int] = set()
        self.industries: dict[str, int] = {}
        self._n_parts = 0
        self._joined: list[_Joined] = []
        self._values: tuple[dict[str, np.ndarray], np.ndarray]

    def part(self, registry: Registry) -> SpoolPart:
        """A new part, whose rows have the numbers of `registry`: `Registry.part` of the spool's own, or that itself."""
        self._n_parts += 1
        return SpoolPart(self._folder / f"{self._n_parts}", self.n_buckets, registry)

    def join(self, part: SpoolPart) -> None:
        """Take a part in that has been read; those of an input in the order of its files.

        Raises
        ------
        InputError
            As of `Registry.join`.
        """
        self._joined.append(_Joined(part.folder, *self._registry.join(part.registry)))
        self.days |= part.days
        self.bar_days |= part.bar_days

    def stocks(self, bucket: int, report: IngestReport) -> Iterator[StockRows]:
        """Yield the rows of every stock of a bucket that has a bar or a daily row.

        Industries are numbered in the order of their names, which does not depend on the order of the rows.

        Parameters
        ----------
        bucket : int
            Which of the `n_buckets`; its rows are held in memory.
        report : IngestReport
            Where repeated rows are counted.

        Raises
        ------
        InputError
            As of `check_one_stock`.
        """
        bars = self._without_repeats("bars", self._load("bars", bucket, BAR), report)
        daily = self._without_repeats("daily", self._load("daily", bucket, DAY), report)
        for rows, name in ((bars, "bars"), (daily, "daily")):
            check_one_stock(rows, self._load(UNUSED + name, bucket, rows.dtype), self._registry.codes)
        values = {name: self._one_value_each(name, self._load(name, bucket, VALUE), report) for name in VALUE_FIELDS}
        yield from self._stocks_of(bars, daily, values)

    def strangers(self) -> Iterator[StockRows]:
        """Yield the values of stocks of the bucket of `stocks`, once all are yielded, that have neither bar nor day."""
        values, stocks = self._values
        others = np.setdiff1d(np.concatenate([rows["stock"] for rows in values.values()]), stocks)
        values_of = {name: _by_stock(rows, others) for name, rows in values.items()}
        for place, stock in enumerate(others):
            rows = {name: each[place] for name, each in values_of.items()}
            nothing = np.empty(0, DAY), np.empty(0, BAR)
            yield StockRows(self._registry.codes[stock], *nothing, rows, self._registry.files)

    def peek(self, n_stocks: int) -> Iterator[StockRows]:
        """Yield the rows of some stocks, up to `n_stocks`, repeats among them; nothing is counted."""
        buckets = (
            self._stocks_of(
                self._load("bars", bucket, BAR),
                self._load("daily", bucket, DAY),
                {name: self._load(name, bucket, VALUE) for name in VALUE_FIELDS},
            )
            for bucket in range(self.n_buckets)
        )
        return islice(chain.from_iterable(buckets), n_stocks)

    def has_value(self, name: str, value: float) -> bool:
        """Whether any of the values that are kept under a name is this one."""
        return any(bool((self._load(name, each, VALUE)["value"] == value).any()) for each in range(self.n_buckets))

    def _stocks_of(self, bars: np.ndarray, daily: np.ndarray, values: dict[str, np.ndarray]) -> Iterator[StockRows]:
        """The stocks of a bucket whose rows are loaded."""
        industry = np.argsort(np.argsort(list(self.industries)))
        values["industry"]["value"] = industry[values["industry"]["value"].astype(int)]
        stocks = np.union1d(_stocks_in(bars), _stocks_in(daily))
        daily_of, bars_of = _by_stock(daily, stocks), _by_stock(bars, stocks)
        values_of = {name: _by_stock(rows, stocks) for name, rows in values.items()}
        self._values = values, stocks
        for place, stock in enumerate(stocks):
            yield StockRows(
                self._registry.codes[stock],
                daily_of[place],
                bars_of[place],
                {name: rows[place] for name, rows in values_of.items()},
                self._registry.files,
            )

    def _load(self, name: str, bucket: int, dtype: np.dtype) -> np.ndarray:
        """A bucket's rows, sorted by stock and time; equal ones stay in reading order."""
        rows = _joined_rows([part.load(name, bucket, dtype) for part in self._joined], dtype)
        if len(rows) and rows["stock"].max() < 2**16:
            # files are in the order of time, mostly: what is left is to bring a stock's rows together, by a radix sort
            rows = rows.take(np.argsort(rows["stock"].astype("u2"), kind="stable"))
        key = (rows["stock"].astype("i8") << 32) + rows["when"]
        return rows if (key[1:] >= key[:-1]).all() else rows.take(np.argsort(key, kind="stable"))

    def _without_repeats(self, name: str, rows: np.ndarray, report: IngestReport) -> np.ndarray:
        """One row of each stock and time; the others are counted out, those with other values on their own."""
        keep = self._kept(name)
        repeated, differs = repeats(rows, keep)
        if not repeated.any():
            return rows
        describe = partial(self._describe, rows, minute_text if name == "bars" else day_text)
        counted = report.input(name)
        counted.drop(DUPLICATE, repeated & ~differs, describe)
        counted.drop(f"repeated with other values, the {keep} kept", differs, describe)
        return rows[~repeated]

    def _one_value_each(self, name: str, rows: np.ndarray, report: IngestReport) -> np.ndarray:
        """One value of each stock and day; another one is a case for the report. Spans of flags may meet on a day."""
        if name == "st_span":
            return rows
        source, keep = _VALUE_INPUTS.get(name, name), self._kept(name)
        what = "flag" if source == "st" else name
        repeated, differs = repeats(rows, keep)
        cases = (self._describe(rows, _from_day_text, int(position)) for position in np.flatnonzero(differs))
        report.warn(f"{source}: repeated with another {what}, the {keep} kept", int(differs.sum()), cases)
        return rows[~repeated]

    def _kept(self, name: str) -> Literal["first", "last"]:
        """Which of repeated rows is kept, by the name under which the spool has them."""
        return self._keep.get(_VALUE_INPUTS.get(name, name), "first")

    def _describe(self, rows: np.ndarray, when_text: Callable[[int], str], position: int) -> str:
        row = rows[position]
        code, file = self._registry.codes[row["stock"]], self._registry.files[row["file"]]
        return f"{file}: {code} {when_text(row['when'])}"


def _from_day_text(day: int) -> str:
    return "on all days" if day == ALWAYS else day_text(day)


def _joined_rows(pieces: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """All rows in one array, moved as a whole: numpy would move them field by field."""
    if len(pieces) == 1:
        return pieces[0]
    whole = np.dtype((np.void, dtype.itemsize))
    return np.concatenate([np.empty(0, whole), *(rows.view(whole) for rows in pieces)]).view(dtype)


def _stocks_in(rows: np.ndarray) -> np.ndarray:
    """Each stock of the sorted `rows` once."""
    stocks = rows["stock"]
    return stocks[run_starts(stocks)]


def _by_stock(rows: np.ndarray, stocks: np.ndarray) -> list[np.ndarray]:
    """The rows of each stock, views of the sorted `rows`; `stocks` is ascending."""
    firsts, ends = (np.searchsorted(rows["stock"], stocks, side=side) for side in ("left", "right"))
    return [rows[first:end] for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)]
