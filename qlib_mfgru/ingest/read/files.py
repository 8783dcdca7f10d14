"""A vendor's file, read in pieces so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.columns import TEXT_FIELDS, VENDOR_NAMES

_PARQUET = {".parquet", ".pq"}
_TEXT_BYTES_PER_ROW = 60
"""A bar's usual length in a text file; only the number of spool buckets depends on it."""
_UNREADABLE = (pa.ArrowException, OSError, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError)


@dataclass(frozen=True)
class VendorFile:
    """One file, CSV or Parquet, and how its input says it is read.

    All methods raise an InputError if the file is empty, truncated or not readable.
    """

    path: Path
    source: RowInput

    @property
    def is_parquet(self) -> bool:
        """Whether the name says Parquet; anything else is text."""
        return self.path.suffix.lower() in _PARQUET

    @property
    def estimated_rows(self) -> int:
        """Number of rows: exact for Parquet, from the size for text."""
        if self.is_parquet:
            return int(self._open_parquet().metadata.num_rows)
        return self.path.stat().st_size // _TEXT_BYTES_PER_ROW + 1

    def header(self) -> list[str]:
        """The file's own columns."""
        self._refuse_empty()
        if self.is_parquet:
            return list(self._open_parquet().schema_arrow.names)
        if self.source.names:
            return list(self.source.names)
        try:
            head = pd.read_csv(self.path, sep=self._separator, encoding=self.source.encoding, nrows=0)
        except _UNREADABLE as error:
            raise self._unreadable(error) from error
        return [str(name) for name in head.columns]

    def columns(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
        """The file's column for each field that it has.

        A column that the mapping names goes before the names under which vendors know the field.

        Parameters
        ----------
        required, optional : sequence of str
            Fields (keys of `VENDOR_NAMES`).

        Returns
        -------
        dict of str to str
            Field to column; absent optional fields are left out.

        Raises
        ------
        InputError
            If a required field, or a column that the mapping names, is missing.
        """
        header = self.header()
        spelling = {name.strip().lower(): name for name in reversed(header)}
        columns = {}
        for field in (*required, *optional):
            named = self.source.columns.get(field)
            if named is not None and named not in header:
                raise InputError(f"{self.path}: no column {named!r} for {field!r}; it has {', '.join(header)}")
            vendors = (spelling[name.lower()] for name in VENDOR_NAMES[field] if name.lower() in spelling)
            column = named if named is not None else next(vendors, None)
            if column is not None:
                columns[field] = column
            elif field in required:
                raise InputError(
                    f"{self.path}: no column for {field!r}; it has {', '.join(header)}. Name it in the mapping: "
                    f"columns: {{{field}: ...}}"
                )
        return columns

    def frames(self, columns: Mapping[str, str], n_rows: int) -> Iterator[pd.DataFrame]:
        """Yield frames of at most `n_rows` rows under our names; `columns` is field to column.

        Raises
        ------
        InputError
            If the file has no row.
        """
        n_read = 0
        frames = self._parquet_frames(columns, n_rows) if self.is_parquet else self._text_frames(columns, n_rows)
        try:
            for frame in frames:
                n_read += len(frame)
                yield frame[list(columns.values())].set_axis(list(columns), axis=1)
        except _UNREADABLE as error:
            raise self._unreadable(error, n_read) from error
        if n_read == 0:
            raise InputError(f"{self.path}: the file has no rows")

    def _parquet_frames(self, columns: Mapping[str, str], n_rows: int) -> Iterator[pd.DataFrame]:
        with self._open_parquet() as file:
            for batch in file.iter_batches(batch_size=n_rows, columns=list(dict.fromkeys(columns.values()))):
                # `ignore_metadata`: a column that pandas wrote as its index stays a column
                yield pa.Table.from_batches([batch]).to_pandas(ignore_metadata=True)

    def _text_frames(self, columns: Mapping[str, str], n_rows: int) -> Iterator[pd.DataFrame]:
        names = self.source.names
        with pd.read_csv(
            self.path,
            sep=self._separator,
            encoding=self.source.encoding,
            header=None if names else 0,
            names=list(names) if names else None,
            usecols=list(dict.fromkeys(columns.values())),
            dtype={column: "str" for field, column in columns.items() if field in TEXT_FIELDS},
            chunksize=n_rows,
            low_memory=False,
        ) as frames:
            yield from frames

    def _open_parquet(self) -> pq.ParquetFile:
        self._refuse_empty()
        try:
            return pq.ParquetFile(self.path)
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(error) from error

    def _refuse_empty(self) -> None:
        if self.path.stat().st_size == 0:
            raise InputError(f"{self.path}: the file is empty")

    @property
    def _separator(self) -> str:
        return self.source.sep or ("," if self.path.suffix.lower() == ".csv" else "\t")

    def _unreadable(self, error: Exception, n_read: int = 0) -> InputError:
        where = f" after row {n_read}" if n_read else ""
        reason = " ".join(str(error).split())
        return InputError(
            f"{self.path}: cannot be read{where} (truncated, damaged, or of another kind or encoding): {reason}"
        )
