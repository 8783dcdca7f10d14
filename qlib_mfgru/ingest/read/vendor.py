"""A vendor: all inputs of a mapping with their files, and what is noted about them on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping, RowInput
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.provider.source import estimated_rows, of_provider
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
    report : IngestReport
        Where everything is counted.
    """

    mapping: IngestMapping
    paths: dict[str, list[Path]]
    registry: Registry
    chunk_rows: int = CHUNK_ROWS
    quiet: bool = False
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
        paths = {name: _matches(folder, source, name) for name, source in mapping.inputs().items()}
        return cls(mapping, paths, Registry(mapping.session.codes), chunk_rows, quiet)

    def input(self, name: str, source: Source) -> VendorInput[Source]:
        """One input; `source` is the mapping's section on it."""
        paths, session = self.paths[name], self.mapping.session
        table = VendorInput(name, source, paths, self.registry, self.report, self.chunk_rows, self.quiet, session)
        return of_provider(table) if source.provider else table

    @property
    def estimated_rows(self) -> int:
        """Rows of bars and daily bars, about."""
        sections = {"bars": self.mapping.bars, "daily": self.mapping.daily}
        return sum(
            estimated_rows(path, source) if source.provider else VendorFile(path, source).estimated_rows
            for name, source in sections.items()
            if source is not None
            for path in self.paths[name]
        )


def _matches(folder: Path, source: RowInput, name: str) -> list[Path]:
    """The files of an input, those of each pattern sorted."""
    if source.provider:
        return [folder / source.provider.expanduser()]
    files: list[Path] = []
    for pattern in source.files or ():
        matched = sorted(path for path in folder.glob(pattern) if path.is_file())
        if not matched:
            raise InputError(f"{name}: no file {pattern!r} under {folder}")
        files += matched
    return list(dict.fromkeys(files))
