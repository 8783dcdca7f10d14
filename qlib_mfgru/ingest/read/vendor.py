"""A vendor: all inputs of a mapping with their files, and what is noted about them on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping, PriceInput, RowInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.present import present
from qlib_mfgru.ingest.read.provider.source import estimated_rows, of_provider
from qlib_mfgru.ingest.read.sources import matching
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.report import IngestReport

CHUNK_ROWS = 100_000
"""Rows that are read at a time."""

Source = TypeVar("Source", bound=RowInput)


@dataclass(frozen=True)
class Vendor:
    """All inputs of a mapping.

    Attributes
    ----------
    paths : dict of str to list of Path
        Files of each input, by its name (``bars``, ``members.csi300``).
    registry : Registry
        Stocks and files by number.
    chunk_rows : int
        Rows that are read at a time.
    quiet : bool
        No progress bars.
    folder : Path
        What the mapping's paths are relative to.
    report : IngestReport
        Where everything is counted.
    so_far : mapping of str to collection of str, optional
        By input what `VendorInput` calls so.
    """

    mapping: IngestMapping
    paths: dict[str, list[Path]]
    registry: Registry
    chunk_rows: int = CHUNK_ROWS
    quiet: bool = False
    folder: Path = Path()
    report: IngestReport = field(default_factory=IngestReport)
    so_far: Mapping[str, Collection[str]] | None = None

    @classmethod
    def find(cls, mapping: IngestMapping, folder: Path, *, chunk_rows: int = CHUNK_ROWS, quiet: bool = False) -> Vendor:
        """Find the files of every input under `folder`.

        Raises
        ------
        InputError
            If the folder, or any file of an input that is not optional, is missing.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder (--source)")
        report = IngestReport()
        if mapping.vendor is not None:
            report.facts["ready mapping"] = mapping.vendor
        mapping = present(mapping, folder, report)
        paths = {name: _matches(folder, source, name) for name, source in mapping.inputs().items()}
        return cls(mapping, paths, Registry(mapping.session.codes), chunk_rows, quiet, folder, report)

    def input(self, name: str, source: Source) -> VendorInput[Source]:
        """One input; `source` is the mapping's section on it."""
        paths, session = self.paths[name], self.mapping.session
        table = VendorInput(
            name,
            source,
            paths,
            self.registry,
            self.report,
            self.chunk_rows,
            self.quiet,
            session,
            self.folder,
            so_far=None if self.so_far is None else self.so_far[name],
        )
        return of_provider(table) if source.provider else table

    def check_apart(self, target: Path) -> None:
        """Refuse inputs in the folder that is replaced; `target` is resolved.

        Raises
        ------
        InputError
            With the first one.
        """
        for name, paths in self.paths.items():
            for path in paths:
                if path.resolve().is_relative_to(target):
                    raise InputError(f"{name} reads {path}, which --target would replace: give another target")

    @cached_property
    def n_rows(self) -> dict[str, int]:
        """Rows of the bars and of the daily bars, about."""
        sections = {"bars": self.mapping.bars, "daily": self.mapping.daily}
        return {name: self._estimated(name, source) for name, source in sections.items() if source is not None}

    def _estimated(self, name: str, source: PriceInput) -> int:
        if source.provider:
            return estimated_rows(self.paths[name][0], source)
        return sum(table.estimated_rows for table in self.input(name, source).tables())


def _matches(folder: Path, source: RowInput, name: str) -> list[Path]:
    """The files of an input, or its provider."""
    if source.provider:
        return [folder / source.provider.expanduser()]
    return matching(folder, source.patterns, name)
