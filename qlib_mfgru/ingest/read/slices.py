"""Consecutive rows of one table, under our names: their stamps, spans and numbers, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.files import short_name
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.files.numbers import as_numbers
from qlib_mfgru.ingest.read.files.reader import Column, Columns, as_frame
from qlib_mfgru.ingest.read.spool import BAR, DAY, NEVER, UNUSED, Records, Renames
from qlib_mfgru.ingest.read.stamps import day_numbers, join_date_time, parse_stamps
from qlib_mfgru.ingest.report import NO_STAMP, OUT_OF_USE, InputReport
from qlib_mfgru.provider.session import ASHARE, Session
from qlib_mfgru.refusals import within

Check = tuple[str, np.ndarray]
"""A reason to drop rows, and the rows that it applies to, shape (n,)."""


_NO_END = re.compile(
    r"|0(?:\.0)?|-+|none|null|nan|nat|(?:2[1-9]|[3-9][0-9])[0-9]{2}[-/.]?[0-9]{2}[-/.]?[0-9]{2}\b.*|.*[-/.](?:2[1-9]|[3-9][0-9])[0-9]{2}",
    re.IGNORECASE,
)
"""How vendors write the end of what has not ended."""


@dataclass(frozen=True)
class Slice:
    """Consecutive rows of one file.

    Attributes
    ----------
    file : int
        The file's number in the registry.
    first_row : int
        Position in the file of the first row that was read with it.
    rows : Columns of length n
        The fields that the file has, under our names; the index of a frame counts from `first_row`.
    stock : ndarray of int, shape (n,)
        Each row's number in the registry, -1 where the code is unknown.
    report : InputReport
        Where rows of the input are counted.
    session : Session
        The market's.
    day_first : bool, optional
        How dates with the year last are written.
    out_of_use : ndarray of bool, shape (n,), optional
        Rows of a code that was not in use on their day.
    """

    path: Path
    file: int
    first_row: int
    rows: Columns
    stock: np.ndarray
    report: InputReport
    session: Session = ASHARE
    day_first: bool | None = None
    out_of_use: np.ndarray | None = None

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame."""
        return as_frame(self.rows)

    def describe(self, position: int) -> str:
        """Name a row: file, stock, time."""
        row = self.frame.iloc[position]
        symbol = row["symbol"] if "symbol" in self.frame else self.path.stem
        when = " ".join(str(row[name]) for name in (*STAMPS, "start") if name in self.frame)
        when += f" .. {row['end']}" if "start" in self.frame and "end" in self.frame else ""
        number = self.first_row + int(self.frame.index[position]) + 1
        return f"{short_name(self.path)} row {number}: {symbol} {when}".rstrip()

    def renamed(self, renames: Renames) -> Slice:
        """The same rows under the stocks' last codes."""
        days = day_numbers(self.stamps()) if self.has_stamps else None
        stock, out_of_use = renames.follow(self.stock, days)
        return replace(self, stock=stock, out_of_use=out_of_use)

    @property
    def is_of_one_stock(self) -> bool:
        """Whether all rows are of the same stock."""
        return bool((self.stock == self.stock[0]).all())

    @property
    def has_stamps(self) -> bool:
        """Whether rows are dated; a table that is not is a snapshot."""
        return any(name in self.rows for name in STAMPS)

    def stamps(self) -> np.ndarray:
        """``datetime64[s]`` in the session's zone, of one column or of a date and a time; NaT where unparsable.

        Raises
        ------
        InputError
            If the file has neither a datetime nor a date nor a time column.
        """
        rows = self.rows
        if not self.has_stamps:
            columns = ", ".join(map(str, rows))
            raise InputError(f"{self.path}: no column for 'datetime' (or 'date' and 'time'); it has {columns}")
        if "date" in rows and "time" in rows and "datetime" not in rows:
            return self._parsed(join_date_time(self.frame["date"], self.frame["time"]))
        return self._parsed(next(rows[name] for name in STAMPS if name in rows))

    def _parsed(self, written: Column) -> np.ndarray:
        with within(str(self.path)):
            return parse_stamps(written, self.session.zone, self.day_first)

    def spans(self) -> tuple[np.ndarray, np.ndarray, list[Check]]:
        """First and last day of spans, in days since 1970, and what is wrong.

        An end that is empty, 0, or in 2100 or later has not come yet.
        """
        end = self.frame.get("end", pd.Series("", index=self.frame.index))
        has_not_ended = (end.isna() | end.astype("str").str.strip().str.fullmatch(_NO_END)).to_numpy()
        first, last = self._parsed(self.frame["start"]), self._parsed(end.astype("object").mask(has_not_ended))
        checks = [
            ("unknown symbol", self.stock < 0),
            (NO_STAMP, np.isnat(first) | (np.isnat(last) & ~has_not_ended)),
            ("end before start", last < first),
        ]
        return day_numbers(first), np.where(has_not_ended, NEVER, day_numbers(last)), checks

    def numbers(self, fields: Sequence[str]) -> tuple[dict[str, np.ndarray], Check]:
        """The fields as float64 of shape (n,), NaN where absent; and which rows have text where a number belongs."""
        no_number = np.zeros(len(self.stock), dtype=bool)
        values = {}
        for field in fields:
            if field not in self.rows:
                values[field] = np.full(len(self.stock), np.nan)
                continue
            values[field], is_wrong = as_numbers(self.rows[field])
            no_number |= is_wrong
        return values, ("text where a number belongs", no_number)

    def stamp_checks(self, stamps: np.ndarray, *, weekends: bool = True) -> list[Check]:
        """What is wrong with a row's stock and stamp, worst first.

        `weekends` says that a stamp there is wrong, where the session does not trade then.
        """
        checks = [("unknown symbol", self.stock < 0), (NO_STAMP, np.isnat(stamps))]
        if self.out_of_use is not None:
            checks.append((OUT_OF_USE, self.out_of_use))
        if weekends and not self.session.weekends:
            # 1970-01-01 was a Thursday
            checks.append(("on a weekend", ~np.isnat(stamps) & ((day_numbers(stamps) + 3) % 7 >= 5)))
        return checks

    def screen(self, checks: Sequence[Check], counted: np.ndarray | None = None) -> np.ndarray:
        """Count rows as dropped under the first check that they fail; return those that fail none, shape (n,).

        `counted` are rows as of `VendorInput.counted`.
        """
        good = np.ones(len(self.stock), dtype=bool)
        for reason, mask in checks:
            if mask.any():
                self.report.drop(reason, good & mask, self.describe, counted)
                good &= ~mask
        return good

    def keep(self, checks: Sequence[Check]) -> np.ndarray:
        """Screen rows, and count as kept those that pass: nothing later drops any."""
        good = self.screen(checks)
        self.report.kept += int(good.sum())
        return good

    def priced(
        self, name: str, good: np.ndarray, when: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> Iterator[Records]:
        """Yield the good rows of prices under their name, and those with trade under a code that was not in use.

        Parameters are those of `records`.
        """
        dtype = {"bars": BAR, "daily": DAY}[name]
        yield name, self.records(dtype, good, when, values)
        if self.out_of_use is not None and self.out_of_use.any():
            traded = (values["volume"] > 0) & (values["close"] > 0) & (when >= 0)
            yield UNUSED + name, self.records(dtype, self.out_of_use & traded, when, values)

    def records(
        self, dtype: np.dtype, good: np.ndarray, when: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """The good rows as a structured array for the spool.

        Parameters
        ----------
        good, when : ndarray of shape (n,)
            Which rows, and the day or minute of each.
        values : mapping of str to ndarray of shape (n,)
            By the fields of `dtype`.
        """
        chosen = slice(None) if good.all() else good
        records = np.empty(int(good.sum()), dtype)
        records["stock"], records["when"], records["file"] = self.stock[chosen], when[chosen], self.file
        for name, column in values.items():
            records[name] = column[chosen]
        return records
