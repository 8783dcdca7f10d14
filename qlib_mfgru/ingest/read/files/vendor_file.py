"""A vendor's file, read in pieces so that memory does not grow with it."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.columns import TEXT_FIELDS
from qlib_mfgru.ingest.read.files import hdf5, packed
from qlib_mfgru.ingest.read.files.arrow import ArrowReader, ParquetReader
from qlib_mfgru.ingest.read.files.fields import STAMPS, match_fields, recognised, unnamed
from qlib_mfgru.ingest.read.files.reader import UNREADABLE, Columns, Reader, as_frame, length
from qlib_mfgru.ingest.read.files.text import TextReader
from qlib_mfgru.provider.symbols import symbol_in_name

_PARQUET = {".parquet", ".pq"}
_ARROW = {".feather", ".ftr", ".arrow", ".arrows", ".ipc"}
_HDF5 = {".h5", ".hdf5", ".hdf"}
_ZIP = ".zip"
_WITH_MEMBERS = {_ZIP, *_HDF5}
_KEYS = {"datetime": STAMPS, "symbol": ("symbol", "index")}
"""Fields that a column without a name may be, by what its values look like."""
_SAMPLE_ROWS = 20
"""Rows by which a column without a name is recognised."""


def short_name(label: Path) -> str:
    """A file as reports name it: its name, behind that of the archive or the HDF5 file that it is in."""
    archive = next((path for path in label.parents if path.suffix.lower() in _WITH_MEMBERS), label)
    return label.relative_to(archive.parent).as_posix()


class EmptyFile(InputError):
    """A file without a row, as vendors answer a question about what they do not have."""


@dataclass(frozen=True)
class VendorFile:
    """One file of any kind, and how its input says it is read; the name tells the kind, anything unknown is text.

    All methods raise an InputError if the file is empty, truncated or not readable.

    Attributes
    ----------
    path : Path
        The file.
    source : RowInput
        Its input.
    member : str, optional
        The file in a zip archive, or the table in an HDF5 file, that is meant; needed where there are several.
    remarks : list of (str, str)
        What was found in the file, with an example; complete once it has been read.
    """

    path: Path
    source: RowInput
    member: str | None = None
    remarks: list[tuple[str, str]] = field(default_factory=list, compare=False)

    @classmethod
    def all_in(cls, path: Path, source: RowInput) -> list[VendorFile]:
        """The file itself, or those in it: an archive's, or the tables of an HDF5 file."""
        whole = cls(path, source)
        return [cls(path, source, member) for member in whole._members] if whole._holds_members else [whole]

    @property
    def label(self) -> Path:
        """As messages name it; a part of an archive is like a file in a folder."""
        return self.path / self.member.lstrip("/") if self.member else self.path

    @property
    def stems(self) -> tuple[str, ...]:
        """The names in which a code or a date may be, without suffixes: a part's goes before its archive's."""
        is_hdf5 = self.path.suffix.lower() in _HDF5
        own = self.label if is_hdf5 else packed.Content(self.path, self.member).inner_name
        return (own.stem,) if self.member is None else (own.stem, self.path.stem)

    @property
    def estimated_rows(self) -> int:
        """Number of rows: exact where the file says it, from the size for text."""
        if self.path.stat().st_size == 0:
            return 0
        with self._readable():
            return self._reader.estimated_rows

    def header(self) -> list[str]:
        """The file's own columns."""
        return self._header

    def columns(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
        """The file's column for each field that it has, as of `match_fields`.

        A column without a name holds the stamps or the codes, if its values look like them and no other column does.
        """
        asked, named, where = (*required, *optional), self.source.columns, str(self.label)
        nameless = unnamed(self._header)
        if nameless:
            columns = match_fields(self._header, named, (), asked, where)
            missing = {kind: fields for kind, fields in _KEYS.items() if not set(fields) & set(columns)}
            named = {**(self._recognised(nameless, missing, asked) if missing else {}), **named}
        return match_fields(self._header, named, required, optional, where)

    def frames(self, columns: Mapping[str, str], n_rows: int, text: Collection[str] = TEXT_FIELDS) -> Iterator[Columns]:
        """Yield at most `n_rows` rows at a time under our names.

        Parameters
        ----------
        columns : mapping of str to str
            Field to column.
        n_rows : int
            Rows at a time, at most.
        text : collection of str
            Fields that stay text where the file does not say otherwise.

        Raises
        ------
        EmptyFile
            If the file has no row.
        """
        n_read, used = 0, list(dict.fromkeys(columns.values()))
        try:
            as_text = {column for field, column in columns.items() if field in text}
            for rows in self._reader.frames(used, as_text, n_rows):
                # a column of two fields is there twice
                fields = {field: rows[column] for field, column in columns.items()}
                n_read += length(fields)
                if length(fields):
                    yield pd.DataFrame(fields, copy=False) if isinstance(rows, pd.DataFrame) else fields
        except UNREADABLE as error:
            raise self._unreadable(error, n_read) from error
        if n_read == 0:
            raise EmptyFile(f"{self.label}: the file has no rows")

    def _recognised(
        self, nameless: Sequence[str], missing: Mapping[str, Sequence[str]], asked: Sequence[str]
    ) -> dict[str, str]:
        """Field to column for those of the columns without a name whose values tell what they are."""
        sample = as_frame(next(self.frames({name: name for name in nameless}, _SAMPLE_ROWS, nameless)))
        found: dict[str, str] = {}
        # a list of members or weights may be named by its index; a mapping's proposal asks for all fields
        of_stock = "close" in asked or not {"start", "weight"} & set(asked)
        code_in_name = of_stock and any(map(symbol_in_name, self.stems))
        for column in nameless:
            fields = missing.get(recognised(sample[column], code_in_name=code_in_name) or "", ())
            wanted = [each for each in fields if each in asked]
            if wanted and not set(wanted) & set(found):
                found[wanted[0]] = column
                self.remarks.append((f"a column without a name is taken as {wanted[0]}", column))
        return found

    @cached_property
    def _header(self) -> list[str]:
        with self._readable():
            header = self._reader.header()
        if not header:
            raise EmptyFile(f"{self.label}: the file has no columns")
        if twice := [name for name, count in Counter(header).items() if count > 1]:
            raise InputError(f"{self.label}: several columns are called {', '.join(map(repr, twice))}")
        return header

    @cached_property
    def _reader(self) -> Reader:
        if self.path.stat().st_size == 0:
            raise EmptyFile(f"{self.path}: the file is empty")
        kind = self.path.suffix.lower()
        if kind in _PARQUET:
            return ParquetReader(self.path)
        if kind in _ARROW:
            return ArrowReader(self.path)
        if kind in _HDF5:
            return hdf5.Hdf5Reader(self.path, self._only_member())
        member = self._only_member() if self._holds_members else None
        return TextReader(packed.Content(self.path, member), self.source, self.remarks)

    @property
    def _holds_members(self) -> bool:
        return self.path.suffix.lower() in _WITH_MEMBERS

    @cached_property
    def _members(self) -> list[str]:
        with self._readable():
            members = packed.members(self.path) if self.path.suffix.lower() == _ZIP else hdf5.tables(self.path)
        if not members:
            raise InputError(f"{self.path}: there is no table in it")
        return members

    def _only_member(self) -> str:
        if self.member is None and len(self._members) > 1:
            raise InputError(f"{self.path}: holds several tables: {', '.join(self._members)}")
        return self.member or self._members[0]

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except UNREADABLE as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception, n_read: int = 0) -> InputError:
        where = f" after row {n_read}" if n_read else ""
        if isinstance(error, OSError) and error.strerror:
            return InputError(f"{self.label}: cannot be read{where}: {error.strerror}")
        reason = " ".join(str(error).split())
        other = "utf-8-sig" if codecs.lookup(self.source.encoding).name == "gb18030" else "gb18030"
        hint = f"; is its encoding {other}?" if isinstance(error, UnicodeError) else ""
        return InputError(
            f"{self.label}: cannot be read{where} (truncated, damaged, or of another kind or encoding): {reason}{hint}"
        )
