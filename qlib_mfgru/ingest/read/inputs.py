"""One input of the mapping: its files read slice by slice, with our names, checked and counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import BY_MARKET, RowInput
from qlib_mfgru.ingest.read.columns import TEXT_FIELDS
from qlib_mfgru.ingest.read.files import EmptyFile, short_name
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.files.reader import Columns, Words, as_frame, length
from qlib_mfgru.ingest.read.slices import Slice
from qlib_mfgru.ingest.read.sources import Table, tables
from qlib_mfgru.ingest.read.sources.dating import dated
from qlib_mfgru.ingest.read.sources.selection import OneIndex, Selection
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.read.spool.repeats import run_starts
from qlib_mfgru.ingest.read.titles import stock_fault, title_fault
from qlib_mfgru.ingest.report import IngestReport, InputReport
from qlib_mfgru.provider.session import ASHARE, Session
from qlib_mfgru.provider.symbols import symbol_in_name

Source_co = TypeVar("Source_co", bound=RowInput, covariant=True)

_DATED = frozenset({"bars", "daily", "weights", "index", "members"})
"""Inputs whose rows cannot hold on all days; those with spans do not."""


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
    folder : Path
        What the mapping's paths are relative to.
    run : list of Path, optional
        Those of the files that are read; all by default.
    so_far : collection of str, optional
        Names of all files that were ever read, the present ones among them, in an update; none in an ingest.
    """

    name: str
    source: Source_co
    paths: list[Path]
    registry: Registry
    ingest_report: IngestReport
    chunk_rows: int
    quiet: bool
    session: Session = ASHARE
    folder: Path = Path()
    run: list[Path] | None = None
    so_far: Collection[str] | None = None

    def parts(self, n_parts: int) -> list[VendorInput[Source_co]]:
        """Up to `n_parts` inputs of about equally many of the files, in their order.

        Each counts stocks, files and rows on its own. Rows that only make sense together are one part.
        """
        source, n_files = self.source, len(self.paths)
        if source.sql or source.provider or source.wide or source.where:
            n_parts = 1
        edges = np.linspace(0, n_files, max(1, min(n_parts, n_files)) + 1).round().astype(int).tolist()
        runs = [self.paths[first:last] for first, last in pairwise(edges)]
        return [
            replace(self, run=run, registry=self.registry.part(), ingest_report=IngestReport(), quiet=True)
            for run in runs
        ]

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
            If a file has a structural fault: truncated, without a column that is needed; or if none has a row, but
            for tables in an update.
        """
        self.report.max_dropped = self.source.max_dropped
        rows, one_index = Selection(self.name, self.source.where), OneIndex(self.name)
        n_files, what = len(self.paths), f"reading {self.name}"
        for table in tqdm(self.tables(), what, n_files, unit="file", leave=False, disable=self.quiet or None):
            try:
                yield from self._slices_of(table, required, optional, rows, one_index, index=index)
            except EmptyFile:
                if self.source.wide:
                    raise
                self.warn("files without a row, left out", 1, [short_name(table.label)])
        self.warn("rows that are not as where asks", rows.left_out)
        if not self._may_be_empty:
            rows.check()
        one_index.check()
        if self.run is None:
            self.check_read()

    def check_read(self) -> None:
        """Refuse an input none of whose files has a row, unless it may be so.

        Raises
        ------
        InputError
            With the first of them.
        """
        if self.paths and not self.report.read and not self._may_be_empty:
            others = f", nor have the {len(self.paths) - 1} others of {self.name}" if len(self.paths) > 1 else ""
            raise InputError(f"{self.paths[0]}: the file has no rows{others}")

    def _slices_of(
        self,
        table: Table,
        required: Sequence[str],
        optional: Sequence[str],
        rows: Selection,
        one_index: OneIndex,
        *,
        index: bool,
    ) -> Iterator[Slice]:
        """The rows of one table that `rows` and `one_index` select."""
        columns = self._columns(table, required, optional, index=index)
        extra = rows.columns(table.header(), table.label)
        other = {} if extra or not self._is_by_market else one_index.columns(table.header(), columns.get("symbol"))
        in_name = None if {"symbol", "index"} & set(columns) else self._code_in_name(table, index=index)
        number, first_row = self.registry.file_number(short_name(table.label)), 0
        text, titles, stocks = [*TEXT_FIELDS, *extra, *other], set[tuple[str, str]](), set[str]()
        for read in table.frames({**columns, **extra, **other}, self.chunk_rows, text):
            if table.remarks:
                titles = set(table.remarks)  # lines after the data are added at its end
                codes = [in_name] if in_name else as_frame(read)["index" if index else "symbol"].dropna().unique()
                stocks.update(map(_text, codes))
            if isinstance(read, pd.DataFrame):
                read.index = pd.RangeIndex(len(read))
            asked = one_index.rows(rows.rows(read), other)
            if length(asked):
                yield self._slice(table, number, first_row, asked, in_name, index=index)
            first_row += length(read)
        # the title of a table of several may name what they are parts of: an index
        of_one = self.session.codes == "ashare" and len(stocks) == 1 and not self._is_by_market
        for what, example in table.remarks:
            fault = title_fault(example, getattr(self.source, "prices", None))
            if of_one and (what, example) in titles:
                fault = stock_fault(example, stocks) or fault
            if fault:
                raise InputError(f"{table.label}: {fault}")
            self.ingest_report.warn(what, 1, [f"{short_name(table.label)}: {example}"])  # one line for all inputs

    def counted(self, stock: np.ndarray, stamps: np.ndarray) -> np.ndarray | None:
        """Rows of prices that were counted before, by stock number and stamp, shape (n,); None where none were."""
        stored = self.registry.stored
        is_price = self.name in ("bars", "daily")
        return stored.covers(self.name, stock, stamps) if stored is not None and is_price else None

    def tables(self) -> Iterator[Table]:
        """Yield what the rows come from."""
        return tables(self.name, self.source, self.paths if self.run is None else self.run, self.folder, self.session)

    @property
    def _may_be_empty(self) -> bool:
        """Whether it may have no row: on most evenings nothing happens that it is about. Small tables come whole."""
        is_whole = self.name in ("bars", "daily", "index", "renames") or self._is_by_market
        return self.so_far is not None and not is_whole

    @property
    def _is_by_market(self) -> bool:
        return self.name.partition(".")[0] in BY_MARKET

    def _columns(
        self, table: Table, required: Sequence[str], optional: Sequence[str], *, index: bool
    ) -> dict[str, str]:
        """A table's columns by field; the stock may be in the file's name instead.

        Raises
        ------
        InputError
            If it is in neither; or if a table of one index says when its rows hold both by a date and by a start.
        """
        stock_field = "index" if index else "symbol"
        columns = table.columns(required, (stock_field, *optional))
        if "start" in columns and self._is_by_market:  # a span says when it holds, whatever else is dated
            dates = [column for field, column in columns.items() if field in STAMPS]
            if dates and "end" not in columns:
                raise InputError(
                    f"{table.label}: {dates[0]} is a date and {columns['start']} a start, without an end: are these "
                    "lists by date, or spans? Leave one of the two columns out, or give spans an end"
                )
            columns = {field: column for field, column in columns.items() if field not in STAMPS}
        if stock_field not in columns:
            if self._code_in_name(table, index=index) is None:
                raise InputError(
                    f"{table.label}: no column for {stock_field!r} and no stock code in the file's name; it has "
                    f"{', '.join(table.header())}"
                )
            self.note("no column of codes: they are taken from the files' names")
        return columns

    def _code_in_name(self, table: Table, *, index: bool) -> str | None:
        """The code in the name of a table, or else of the archive that it is in."""
        codes = (symbol_in_name(stem, self.session.codes, index=index) for stem in table.stems)
        return next(filter(None, codes), None)

    def _slice(
        self, table: Table, file: int, first_row: int, rows: Columns, in_name: str | None, *, index: bool
    ) -> Slice:
        """Rows with stocks and dates, counted as read."""
        rows = as_frame(rows).rename(columns={"index": "symbol"}) if index else rows
        needs_date = self.name.partition(".")[0] in _DATED and "start" not in rows
        rows, from_name = dated(rows, table, needs_date=needs_date)
        if from_name:
            self.note("no column of dates: they are taken from the files' names")
        self.report.fields.update(map(str, rows))
        self.report.read += length(rows)
        stock = self._stocks(rows, in_name, table.label, index=index)
        day_first = self.source.day_first
        piece = Slice(table.label, file, first_row, rows, stock, self.report, self.session, day_first)
        return self._under_last_codes(piece, index=index)

    def _under_last_codes(self, piece: Slice, *, index: bool) -> Slice:
        """The rows of stocks whose code changed under their last one; codes of indices stay."""
        renames = None if index else self.registry.renames
        return piece.renamed(renames) if renames else piece

    def _stocks(self, rows: Columns, in_name: str | None, path: Path, *, index: bool) -> np.ndarray:
        """Each row's stock number, from the column of codes or the code in the file's name; shape (n,)."""
        codes = Words(np.zeros(length(rows), int), np.array([in_name])) if in_name else Words.of(rows["symbol"])
        firsts = codes.places[run_starts(codes.places)]
        met = firsts if len(firsts) == 1 else pd.unique(firsts)
        met = met[met >= 0]
        spellings = [_text(code) for code in codes.words[met]]
        # an empty code has place -1, which picks the last
        numbers = np.full(len(codes.words) + 1, -1, dtype="i4")
        numbers[met] = self.registry.stock_numbers(spellings, self.name, short_name(path), index=index)
        return numbers[codes.places]


def _text(code: object) -> str:
    return str(int(code)) if isinstance(code, float) else str(code)
