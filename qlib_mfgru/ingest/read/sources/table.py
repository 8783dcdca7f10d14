"""The tables that an input's rows come from: files, wide tables, a query."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.columns import TEXT_FIELDS
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.files.reader import Columns
from qlib_mfgru.ingest.read.sources.database import Query
from qlib_mfgru.ingest.read.sources.wide import WideTables
from qlib_mfgru.provider.session import Session

_SIGNS = re.compile(r"[\[?]")
"""What stands for other letters in a pattern, besides ``*``."""


class Table(Protocol):
    """Rows that are read in one go; all methods raise an InputError if they cannot be."""

    @property
    def remarks(self) -> list[tuple[str, str]]:
        """What was found in it, with an example; complete once the rows have been read."""

    @property
    def label(self) -> Path:
        """As messages name it."""

    @property
    def stems(self) -> Sequence[str]:
        """The names in which a code or a date may be; the first that tells counts."""

    @property
    def estimated_rows(self) -> int:
        """Number of rows, about."""

    def header(self) -> list[str]:
        """Its own columns."""

    def columns(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
        """Field to column, as of `match_fields`."""

    def frames(self, columns: Mapping[str, str], n_rows: int, text: Collection[str] = TEXT_FIELDS) -> Iterator[Columns]:
        """Yield about `n_rows` rows at a time under our names, as of `VendorFile.frames`."""


def tables(name: str, source: RowInput, paths: Sequence[Path], folder: Path, session: Session) -> Iterator[Table]:
    """Yield the tables of an input.

    Parameters
    ----------
    name : str
        The input's.
    source : RowInput
        The mapping's section on it.
    paths : sequence of Path
        Its files.
    folder : Path
        What the mapping's paths are relative to.
    session : Session
        The market's.
    """
    if source.sql:
        yield Query(source, name)
    elif source.wide:
        files = {field: matching(folder, patterns, name) for field, patterns in source.wide.items()}
        opened = {field: [VendorFile(path, source) for path in found] for field, found in files.items()}
        yield WideTables(name, source, opened, session)
    else:
        for path in paths:
            yield from VendorFile.all_in(path, source)


def found(folder: Path, pattern: str) -> list[Path]:
    """The files that a pattern fits, sorted, hidden ones only by their names; it may be absolute, or begin with ~.

    Raises
    ------
    InputError
        If it is none.
    """
    return [path for path in _places(folder, pattern) if path.is_file()]


def named(folder: Path, patterns: Iterable[str]) -> dict[Path, str]:
    """The files that patterns fit, each once, and what each is called: its path as the first pattern has it.

    So a file has the same name from wherever it is looked for: relative to `folder`, or whole where the pattern is.
    """
    names: dict[Path, str] = {}
    for pattern in patterns:
        for path in found(folder, pattern):
            is_whole = Path(pattern).expanduser().is_absolute()
            names.setdefault(path, (path if is_whole else path.relative_to(folder)).as_posix())
    return names


def _places(folder: Path, pattern: str) -> list[Path]:
    """Whatever a pattern fits, files or not."""
    try:
        place = Path(pattern).expanduser()
        root, inside = (Path(place.anchor), place.relative_to(place.anchor)) if place.is_absolute() else (folder, place)
        if not inside.name:  # the folder itself
            return [root]
        # a name may have what stands for other letters in a pattern
        places = sorted(root.glob(str(inside))) or sorted(root.glob(_SIGNS.sub(r"[\g<0>]", str(inside))))
        if not places and (root / inside).is_symlink():
            return [root / inside]
        return [path for path in places if not path.name.startswith(".") or inside.name.startswith(".")]
    except (ValueError, NotImplementedError, IndexError, RuntimeError) as error:
        raise InputError(f"{pattern!r} is no pattern of files: {error}") from error


def _no_file(places: Sequence[Path]) -> str:
    """The end of a message: what there is instead of a file; empty if nothing is."""
    if not places:
        return ""
    if places[0].is_dir():
        return f": {places[0].name or places[0]} is a folder; end the path with its files, e.g. /*"
    return f": {places[0].name} is {'no regular file' if places[0].exists() else 'a link to nothing'}"


def matching(folder: Path, patterns: Sequence[str], name: str) -> list[Path]:
    """The files of an input, those of each pattern sorted.

    Raises
    ------
    InputError
        If a pattern fits none.
    """
    files: list[Path] = []
    for pattern in patterns:
        matched = found(folder, pattern)
        if not matched:
            raise InputError(f"{name}: no file {pattern!r} under {folder}{_no_file(_places(folder, pattern))}")
        files += matched
    return list(dict.fromkeys(files))
