"""Parquet and Arrow files, which Feather is one of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class ParquetReader:
    """A Parquet file."""

    path: Path

    @property
    def estimated_rows(self) -> int:
        """Exact."""
        return int(self._metadata.num_rows)

    def header(self) -> list[str]:
        """The columns of the file; what pandas wrote as its index is among them."""
        return list(self._metadata.schema.to_arrow_schema().names)

    def frames(self, columns: Sequence[str], text: Collection[str], n_rows: int) -> Iterator[pd.DataFrame]:
        """As `Reader.frames`."""
        schema = self._metadata.schema.to_arrow_schema()
        by_value = [name for name in columns if name in text and _is_text(schema.field(name).type)]
        with pq.ParquetFile(self.path, metadata=self._metadata, read_dictionary=by_value) as file:
            for batch in file.iter_batches(batch_size=n_rows, columns=list(columns)):
                yield _frame(batch.select(columns), by_value)

    @cached_property
    def _metadata(self) -> pq.FileMetaData:
        return pq.read_metadata(self.path)


@dataclass(frozen=True)
class ArrowReader:
    """An Arrow IPC file or stream, or a Feather file."""

    path: Path

    @property
    def estimated_rows(self) -> int:
        """Exact."""
        return sum(batch.num_rows for batch in self._batches(self.header()[:1]))

    def header(self) -> list[str]:
        """The columns of the file; what pandas wrote as its index is among them."""
        with pa.memory_map(str(self.path)) as file:
            return list(_opened(file, None).schema.names)

    def frames(self, columns: Sequence[str], text: Collection[str], n_rows: int) -> Iterator[pd.DataFrame]:
        """As `Reader.frames`."""
        for batch in self._batches(columns):
            by_value = [name for name in columns if name in text and _is_text(batch.schema.field(name).type)]
            for first in range(0, batch.num_rows, n_rows):
                yield _frame(batch.slice(first, n_rows), by_value)

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        header = self.header()
        options = pa.ipc.IpcReadOptions(included_fields=[header.index(column) for column in columns])
        with pa.memory_map(str(self.path)) as file:
            reader = _opened(file, options)
            if isinstance(reader, pa.RecordBatchFileReader):
                yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
            else:
                yield from reader


def _opened(file: pa.NativeFile, options: pa.ipc.IpcReadOptions | None) -> pa.ipc.RecordBatchReader:
    """The file, or the stream, in an Arrow file."""
    try:
        return pa.ipc.open_file(file, options=options)
    except pa.ArrowInvalid:
        file.seek(0)
        return pa.ipc.open_stream(file, options=options)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _frame(batch: pa.RecordBatch, by_value: Collection[str]) -> pd.DataFrame:
    """A batch for pandas: texts in `by_value` as categories, no column of Python's dates or decimals."""
    arrays = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_nested(column.type):
            raise pa.ArrowInvalid(f"column {name!r} holds no values but a {column.type} in each row")
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        elif name in by_value and _is_text(column.type):
            column = column.dictionary_encode()
        arrays.append(column)
    # `ignore_metadata`: a column that pandas wrote as its index stays a column; `split_blocks`: none is copied
    table = pa.Table.from_arrays(arrays, names=batch.schema.names)
    return table.to_pandas(ignore_metadata=True, date_as_object=False, split_blocks=True)
