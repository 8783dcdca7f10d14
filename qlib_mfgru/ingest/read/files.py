"""Read vendor files in slices, so that memory does not grow with a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from qlib_mfgru.errors import InputError

PARQUET = {".parquet", ".pq"}

_TEXT_BYTES_PER_ROW = 60
"""A bar's usual length in a text file; only the number of spool buckets hangs on it."""


def expand_files(source: Path, patterns: Sequence[str], what: str) -> list[Path]:
    """The files of an input, sorted.

    Raises
    ------
    InputError
        If a pattern matches nothing.
    """
    files: list[Path] = []
    for pattern in patterns:
        matched = sorted(path for path in source.glob(pattern) if path.is_file())
        if not matched:
            raise InputError(f"{what}: no file {pattern!r} under {source}")
        files += matched
    return list(dict.fromkeys(files))


def read_header(path: Path, *, sep: str | None, names: Sequence[str] | None, encoding: str) -> list[str]:
    """The columns of a file.

    Raises
    ------
    InputError
        If the file is empty, truncated or not readable.
    """
    _refuse_empty(path)
    if path.suffix.lower() in PARQUET:
        return list(_open_parquet(path).schema_arrow.names)
    if names:
        return list(names)
    try:
        head = pd.read_csv(path, sep=_separator(path, sep), encoding=encoding, nrows=0)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(_unreadable(path, error)) from error
    return [str(name) for name in head.columns]


def iter_frames(
    path: Path,
    columns: Sequence[str],
    *,
    sep: str | None,
    names: Sequence[str] | None,
    encoding: str,
    text: Sequence[str],
    rows: int,
) -> Iterator[pd.DataFrame]:
    """Yield the file's `columns` as frames of at most `rows` rows; a file without any row is an error.

    Parameters
    ----------
    text : sequence of str
        Columns that stay text (codes keep their zeros, stamps are parsed later).

    Raises
    ------
    InputError
        If the file is truncated, not readable, or has no row.
    """
    n_rows = 0
    frames = (
        _parquet_frames(path, columns, rows)
        if path.suffix.lower() in PARQUET
        else _text_frames(path, columns, _separator(path, sep), names, encoding, text, rows)
    )
    try:
        for frame in frames:
            n_rows += len(frame)
            yield frame
    except (pa.ArrowException, OSError, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(_unreadable(path, error, n_rows)) from error
    if n_rows == 0:
        raise InputError(f"{path}: the file has no rows")


def estimate_rows(path: Path) -> int:
    """Number of rows of a file: exact for Parquet, from the size for text."""
    if path.suffix.lower() in PARQUET:
        return int(_open_parquet(path).metadata.num_rows)
    return path.stat().st_size // _TEXT_BYTES_PER_ROW + 1


def _parquet_frames(path: Path, columns: Sequence[str], rows: int) -> Iterator[pd.DataFrame]:
    with _open_parquet(path) as file:
        for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
            # `ignore_metadata`: pandas would move what was an index once out of the columns
            yield pa.Table.from_batches([batch]).to_pandas(ignore_metadata=True)


def _text_frames(
    path: Path,
    columns: Sequence[str],
    sep: str,
    names: Sequence[str] | None,
    encoding: str,
    text: Sequence[str],
    rows: int,
) -> Iterator[pd.DataFrame]:
    with pd.read_csv(
        path,
        sep=sep,
        encoding=encoding,
        header=None if names else 0,
        names=list(names) if names else None,
        usecols=list(columns),
        dtype=dict.fromkeys(text, "str"),
        chunksize=rows,
        low_memory=False,
    ) as frames:
        yield from frames


def _refuse_empty(path: Path) -> None:
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty")


def _open_parquet(path: Path) -> pq.ParquetFile:
    _refuse_empty(path)
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(_unreadable(path, error)) from error


def _separator(path: Path, sep: str | None) -> str:
    return sep or ("," if path.suffix.lower() == ".csv" else "\t")


def _unreadable(path: Path, error: Exception, row: int = 0) -> str:
    where = f" after row {row}" if row else ""
    return f"{path}: cannot be read{where} (truncated, damaged, or of another kind or encoding): {error}"
