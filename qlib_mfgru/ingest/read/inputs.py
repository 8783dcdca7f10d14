"""One input of the mapping: its files read slice by slice, with our names, checked and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.renames import Renames
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.read.stamps import day_numbers, join_date_time, parse_stamps
from qlib_mfgru.ingest.report import OUT_OF_USE, IngestReport, InputReport
from qlib_mfgru.provider.session import ASHARE, Session
from qlib_mfgru.provider.symbols import symbol_in_name

Source_co = TypeVar("Source_co", bound=RowInput, covariant=True)

STAMPS = ("datetime", "date", "time")
"""Fields that hold a row's stamp, alone or two together."""
NEVER = 10**6
"""A day number after every calendar: the end of a span that has not ended."""

Check = tuple[str, np.ndarray]
"""A reason to drop rows, and the rows that it applies to, shape (n,)."""


@dataclass(frozen=True)
class Slice:
    """Consecutive rows of one file.

    Attributes
    ----------
    file : int
        The file's number in the registry.
    first_row : int
        Position of the first row in the file.
    frame : DataFrame of length n
        The fields that the file has, under our names.
    stock : ndarray of int, shape (n,)
        Each row's number in the registry, -1 where the code is unknown.
    report : InputReport
        Where rows of the input are counted.
    session : Session
        The market's.
    out_of_use : ndarray of bool, shape (n,), optional
        Rows of a code that was not in use on their day.
    """

    path: Path
    file: int
    first_row: int
    frame: pd.DataFrame
    stock: np.ndarray
    report: InputReport
    session: Session = ASHARE
    out_of_use: np.ndarray | None = None

    def describe(self, position: int) -> str:
        """Name a row: file, stock, time."""
        row = self.frame.iloc[position]
        symbol = row["symbol"] if "symbol" in self.frame else self.path.stem
        when = " ".join(str(row[name]) for name in (*STAMPS, "start") if name in self.frame)
        return f"{self.path.name} row {self.first_row + position + 1}: {symbol} {when}".rstrip()

    def renamed(self, renames: Renames) -> Slice:
        """The same rows under the stocks' last codes."""
        days = day_numbers(self.stamps()) if self.has_stamps else None
        stock, out_of_use = renames.follow(self.stock, days)
        return replace(self, stock=stock, out_of_use=out_of_use)

    @property
    def has_stamps(self) -> bool:
        """Whether rows are dated; a table that is not is a snapshot."""
        return any(name in self.frame for name in STAMPS)

    def stamps(self) -> np.ndarray:
        """``datetime64[s]`` in the session's zone, of one column or of a date and a time; NaT where unparsable.

        Raises
        ------
        InputError
            If the file has neither a datetime nor a date nor a time column.
        """
        frame = self.frame
        if not self.has_stamps:
            columns = ", ".join(frame.columns)
            raise InputError(f"{self.path}: no column for 'datetime' (or 'date' and 'time'); it has {columns}")
        if "date" in frame and "time" in frame and "datetime" not in frame:
            return parse_stamps(join_date_time(frame["date"], frame["time"]), self.session.zone)
        return parse_stamps(next(frame[name] for name in STAMPS if name in frame), self.session.zone)

    def spans(self) -> tuple[np.ndarray, np.ndarray, list[Check]]:
        """First and last day of spans, in days since 1970; an empty end has not come yet. And what is wrong."""
        end = self.frame.get("end", pd.Series("", index=self.frame.index))
        has_not_ended = (end.isna() | (end.astype("str").str.strip() == "")).to_numpy()
        first, last = (parse_stamps(side, self.session.zone) for side in (self.frame["start"], end))
        checks = [
            ("unknown symbol", self.stock < 0),
            ("unparsable stamp", np.isnat(first) | (np.isnat(last) & ~has_not_ended)),
            ("end before start", last < first),
        ]
        return day_numbers(first), np.where(has_not_ended, NEVER, day_numbers(last)), checks

    def numbers(self, fields: Sequence[str]) -> tuple[dict[str, np.ndarray], Check]:
        """The fields as float64 of shape (n,), NaN where absent; and which rows have text where a number belongs."""
        no_number = np.zeros(len(self.frame), dtype=bool)
        values = {}
        for field in fields:
            if field not in self.frame:
                values[field] = np.full(len(self.frame), np.nan)
                continue
            column = self.frame[field]
            numeric = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
            if column.dtype.kind not in "fiub":
                is_text = (column.notna() & (column.astype("str").str.strip() != "")).to_numpy()
                no_number |= np.isnan(numeric) & is_text
            no_number |= np.isinf(numeric)
            values[field] = numeric
        return values, ("text where a number belongs", no_number)

    def stamp_checks(self, stamps: np.ndarray, *, weekends: bool = True) -> list[Check]:
        """What is wrong with a row's stock and stamp, worst first.

        `weekends` says that a stamp there is wrong, where the session does not trade then.
        """
        checks = [("unknown symbol", self.stock < 0), ("unparsable stamp", np.isnat(stamps))]
        if self.out_of_use is not None:
            checks.append((OUT_OF_USE, self.out_of_use))
        if weekends and not self.session.weekends:
            # 1970-01-01 was a Thursday
            checks.append(("on a weekend", ~np.isnat(stamps) & ((day_numbers(stamps) + 3) % 7 >= 5)))
        return checks

    def screen(self, checks: Sequence[Check]) -> np.ndarray:
        """Count rows as dropped under the first check that they fail; return those that fail none, shape (n,)."""
        good = np.ones(len(self.frame), dtype=bool)
        for reason, mask in checks:
            self.report.drop(reason, good & mask, self.describe)
            good &= ~mask
        return good

    def keep(self, checks: Sequence[Check]) -> np.ndarray:
        """Screen rows, and count as kept those that pass: nothing later drops any."""
        good = self.screen(checks)
        self.report.kept += int(good.sum())
        return good

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
        records = np.empty(int(good.sum()), dtype)
        records["stock"], records["when"], records["file"] = self.stock[good], when[good], self.file
        for name, column in values.items():
            records[name] = column[good]
        return records


@dataclass(frozen=True)
class VendorInput(Generic[Source_co]):
    """One input of the mapping.

    Attributes
    ----------
    name : str
        As errors and the report call it: ``bars``, ``members.csi300``.
    source : RowInput
        The mapping's section on it.
    paths : list of Path
        Its files.
    registry : Registry
        Stocks and files by number, of all inputs.
    ingest_report : IngestReport
        On all inputs.
    chunk_rows : int
        Rows that are read at a time.
    quiet : bool
        No progress bar.
    session : Session
        The market's.
    """

    name: str
    source: Source_co
    paths: list[Path]
    registry: Registry
    ingest_report: IngestReport
    chunk_rows: int
    quiet: bool
    session: Session = ASHARE

    @property
    def report(self) -> InputReport:
        """Where rows of the input are counted."""
        return self.ingest_report.input(self.name)

    @property
    def market(self) -> str:
        """The market that the input is about: ``csi300`` of ``members.csi300``."""
        return self.name.partition(".")[2]

    def note(self, text: str) -> None:
        """Say in the report what was derived from, or assumed of, this input."""
        self.ingest_report.note(f"{self.name}: {text}")

    def warn(self, what: str, count: int, examples: Iterable[str] = ()) -> None:
        """Count cases in the report that were kept, but that the user should know of."""
        self.ingest_report.warn(f"{self.name}: {what}", count, examples)

    def slices(self, required: Sequence[str], optional: Sequence[str] = (), *, index: bool = False) -> Iterator[Slice]:
        """Yield the rows with our field names and stock numbers, and count them as read.

        The stock is in a column, or else in the file's name.

        Parameters
        ----------
        required, optional : sequence of str
            Fields besides the stock, as in `VendorFile.columns`.
        index : bool
            Rows are of indices, not of stocks.

        Raises
        ------
        InputError
            If a file has a structural fault: empty, truncated, without a column that is needed.
        """
        stock_field, report = "index" if index else "symbol", self.report
        for path in tqdm(self.paths, desc=f"reading {self.name}", unit="file", leave=False, disable=self.quiet):
            file = VendorFile(path, self.source)
            columns = file.columns(required, (stock_field, *optional))
            in_name = None if stock_field in columns else symbol_in_name(path.stem, self.session.codes)
            if stock_field not in columns and in_name is None:
                raise InputError(
                    f"{path}: no column for {stock_field!r} and no stock code in the file's name; it has "
                    f"{', '.join(file.header())}"
                )
            if in_name:
                self.note("no column of codes: they are taken from the files' names")
            number, n_read = self.registry.file_number(path.name), 0
            for frame in file.frames(columns, self.chunk_rows):
                frame = frame.rename(columns={"index": "symbol"}) if index else frame
                report.fields.update(frame.columns)
                report.read += len(frame)
                stock = self._stocks(frame, in_name, path, index=index)
                piece = Slice(path, number, n_read, frame, stock, report, self.session)
                renames = None if index else self.registry.renames
                yield piece.renamed(renames) if renames else piece
                n_read += len(frame)

    def _stocks(self, frame: pd.DataFrame, in_name: str | None, path: Path, *, index: bool) -> np.ndarray:
        """Each row's stock number, from the column of codes or the code in the file's name; shape (n,)."""
        positions, spellings = (np.zeros(len(frame), int), [in_name]) if in_name else pd.factorize(frame["symbol"])
        numbers = [
            self.registry.stock_number(_text(spelling), self.name, path.name, index=index) for spelling in spellings
        ]
        # an empty code has position -1, which picks the last
        return np.array([*numbers, -1], dtype="i4")[positions]


def _text(symbol: object) -> str:
    return str(int(symbol)) if isinstance(symbol, float) else str(symbol)
