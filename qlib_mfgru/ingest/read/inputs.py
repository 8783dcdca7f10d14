"""The vendor's inputs as one thing each: files, how they are read, and where their rows are counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import FileInput, IngestMapping
from qlib_mfgru.ingest.read.columns import find_columns
from qlib_mfgru.ingest.read.files import VendorFile, expand_files
from qlib_mfgru.ingest.read.registry import Registry
from qlib_mfgru.ingest.read.slices import Slice
from qlib_mfgru.ingest.report import IngestReport, InputReport
from qlib_mfgru.provider.symbols import symbol_in_name

CHUNK_ROWS = 100_000
"""Rows that are read at a time."""

TEXT_FIELDS = frozenset({"symbol", "index", "datetime", "date", "time", "name", "industry", "start", "end"})

Source = TypeVar("Source", bound=FileInput)
Source_co = TypeVar("Source_co", bound=FileInput, covariant=True)


@dataclass(frozen=True)
class Vendor:
    """All inputs of a mapping: their files, the stocks that are met in them, and the report on them.

    Attributes
    ----------
    paths : dict of str to list of Path
        Files of each input, by its name (``bars``, ``members.csi300``).
    chunk_rows : int
        Rows that are read at a time.
    quiet : bool
        No progress bars.
    """

    mapping: IngestMapping
    paths: dict[str, list[Path]]
    chunk_rows: int = CHUNK_ROWS
    quiet: bool = False
    registry: Registry = field(default_factory=Registry)
    report: IngestReport = field(default_factory=IngestReport)

    @classmethod
    def find(cls, mapping: IngestMapping, folder: Path, *, chunk_rows: int = CHUNK_ROWS, quiet: bool = False) -> Vendor:
        """Find the files of every input under `folder`.

        Raises
        ------
        InputError
            If the folder, or any file of an input, is missing.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder (--source)")
        paths = {name: expand_files(folder, source, name) for name, source in mapping.inputs().items()}
        return cls(mapping, paths, chunk_rows, quiet)

    def input(self, name: str, source: Source) -> VendorInput[Source]:
        """One input; `source` is the mapping's section on it."""
        return VendorInput(self, name, source)

    @property
    def estimated_rows(self) -> int:
        """Rows of bars and daily bars, about."""
        sections = {"bars": self.mapping.bars, "daily": self.mapping.daily}
        return sum(
            VendorFile(path, source).estimated_rows
            for name, source in sections.items()
            if source is not None
            for path in self.paths[name]
        )


@dataclass(frozen=True)
class VendorInput(Generic[Source_co]):
    """One input of the mapping.

    Attributes
    ----------
    name : str
        As errors and the report call it: ``bars``, ``members.csi300``.
    source : FileInput
        The mapping's section on it.
    """

    vendor: Vendor
    name: str
    source: Source_co

    @property
    def report(self) -> InputReport:
        """Where rows of the input are counted."""
        return self.vendor.report.input(self.name)

    @property
    def market(self) -> str:
        """The market that the input is about: ``csi300`` of ``members.csi300``."""
        return self.name.partition(".")[2]

    @property
    def codes(self) -> Sequence[str]:
        """Code by stock number."""
        return self.vendor.registry.codes

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return self.vendor.paths[self.name]

    def note(self, text: str) -> None:
        """Say in the report what was derived from, or assumed of, this input."""
        self.vendor.report.note(f"{self.name}: {text}")

    def warn(self, what: str, count: int, examples: Iterable[str] = ()) -> None:
        """Count cases in the report that were kept, but that the user should know of."""
        self.vendor.report.warn(f"{self.name}: {what}", count, examples)

    def slices(self, required: Sequence[str], optional: Sequence[str] = (), *, index: bool = False) -> Iterator[Slice]:
        """Yield the rows with our field names and stock numbers, and count them as read.

        The stock is in a column, or else in the file's name.

        Parameters
        ----------
        required, optional : sequence of str
            Fields beside the stock, as in `find_columns`.
        index : bool
            Rows are of indices, not of stocks.

        Raises
        ------
        InputError
            If a file has a structural fault: empty, truncated, without a column that is needed.
        """
        vendor = self.vendor
        for path in tqdm(self.paths, desc=f"reading {self.name}", unit="file", leave=False, disable=vendor.quiet):
            file = VendorFile(path, self.source)
            columns, in_name = self._columns(file, required, optional, "index" if index else "symbol")
            fields = ["symbol" if field == "index" else field for field in columns]
            self.report.fields.update(fields)
            text = [column for field, column in columns.items() if field in TEXT_FIELDS]
            number, n_read = vendor.registry.file_number(path.name), 0
            for raw in file.frames(list(dict.fromkeys(columns.values())), text, vendor.chunk_rows):
                frame = raw[list(columns.values())].set_axis(fields, axis=1)
                stock = self._stocks(frame, in_name, path, index=index)
                self.report.read += len(frame)
                yield Slice(path, number, n_read, frame, stock, self.report)
                n_read += len(frame)

    def _columns(
        self, file: VendorFile, required: Sequence[str], optional: Sequence[str], stock_field: str
    ) -> tuple[dict[str, str], str | None]:
        """The file's column for each field that it has, and the stock in its name if no column holds it."""
        header = file.header()
        columns = find_columns(file.path, header, required, (stock_field, *optional), self.source.columns)
        if stock_field in columns:
            return columns, None
        in_name = symbol_in_name(file.path.stem)
        if in_name is None:
            raise InputError(
                f"{file.path}: no column for {stock_field!r} and no stock code in the file's name; it has "
                f"{', '.join(header)}"
            )
        return columns, in_name

    def _stocks(self, frame: pd.DataFrame, in_name: str | None, path: Path, *, index: bool) -> np.ndarray:
        def number(spelling: str) -> int:
            return self.vendor.registry.stock_number(spelling, self.name, path.name, index=index)

        if in_name is not None:
            return np.full(len(frame), number(in_name), dtype="i4")
        positions, unique = pd.factorize(frame["symbol"])
        return np.array([*(number(_symbol_text(value)) for value in unique), -1], dtype="i4")[positions]


def _symbol_text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) else str(value)
