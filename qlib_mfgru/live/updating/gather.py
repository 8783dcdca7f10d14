"""Many small Parquet files as one: of those that have grown, the last rows alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.files.fields import STAMPS

MANY = 20
"""Files from which on it pays."""
_BY_DAY = frozenset({"bars", "daily", "float_shares", "market_cap", "limits"})
"""Inputs with a row for each day, whose old rows say nothing new."""


def gathered(
    sources: Mapping[str, RowInput],
    paths: Mapping[str, list[Path]],
    known: Mapping[str, Collection[Path]],
    since: np.datetime64,
    folder: Path,
) -> dict[str, list[Path]]:
    """The files of inputs, or in their place one of the new and one of those that have grown, in `folder`, made here.

    Parameters
    ----------
    sources, paths : mapping
        The mapping's section on each input, and its files.
    known : mapping of str to collection of Path
        Those of the files of which rows were read before: of these, rows from the day `since` on are enough.
    """
    folder.mkdir()
    return {
        name: _gathered(name, sources[name], each, known.get(name, ()), since, folder) or each
        if len(each) >= MANY
        else each
        for name, each in paths.items()
    }


def _gathered(
    name: str, source: RowInput, paths: list[Path], known: Collection[Path], since: np.datetime64, folder: Path
) -> list[Path]:
    """The one or two files; none where the files are not Parquet, have no column of codes or stamps, or differ."""
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    if not source.files or any(path.suffix != ".parquet" for path in paths):
        return []
    column = _stamp_column(paths[0], source)
    if column is None:
        return []
    grown = [path for path in paths if path in set(known)] if name in _BY_DAY else []
    others = [path for path in paths if path not in set(grown)]
    try:
        schema, targets = pq.read_schema(paths[0]), []
        kind = schema.field(column).type
        if not (pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)):
            return []
        first = pa.scalar(since.astype("datetime64[s]").item(), pa.timestamp("s")).cast(kind)
        for kind_of, some, condition in (("new", others, None), ("grown", grown, ds.field(column) >= first)):
            if some:
                table = ds.dataset([str(path) for path in some], schema=schema).to_table(filter=condition)
                targets.append(folder / f"{len(some)} {kind_of} files of {name}.parquet")
                pq.write_table(table, targets[-1])
    except (pa.ArrowException, OSError, KeyError):
        return []  # read one by one, the file that is wrong is named
    return targets


def _stamp_column(path: Path, source: RowInput) -> str | None:
    """The column of stamps of a file that has one of codes too."""
    columns = VendorFile(path, source).columns((), ("symbol", *STAMPS))
    stamps: Sequence[str] = [columns[name] for name in STAMPS if name in columns]
    return stamps[0] if "symbol" in columns and stamps else None
