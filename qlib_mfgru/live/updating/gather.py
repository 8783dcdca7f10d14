"""Many small Parquet files as one: of those that have grown, the last rows alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import PriceInput, RowInput
from qlib_mfgru.ingest.mapping.prices import EVERYWHERE
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.provider.boards import RULES
from qlib_mfgru.provider.symbols import Codes, normalise_symbol

MANY = 20
"""Files from which on it pays."""
_BY_DAY = frozenset({"bars", "daily", "float_shares", "market_cap", "limits"})
"""Inputs with a row for each day, whose old rows say nothing new."""


class KnownCodes(NamedTuple):
    """Codes of which rows are kept, and how the market names its stocks."""

    codes: Collection[str]
    naming: Codes

    def lack(self, spelling: str) -> bool:
        """Whether a stock, as a vendor writes it, is none of them; what is no code is no stock."""
        try:
            return normalise_symbol(spelling, self.naming) not in self.codes
        except ValueError:
            return False


def gathered(
    sources: Mapping[str, RowInput],
    paths: Mapping[str, list[Path]],
    known: Mapping[str, Collection[Path]],
    since: np.datetime64,
    codes: KnownCodes,
    folder: Path,
) -> dict[str, list[Path]]:
    """The files of inputs, or in their place one of the new and one of those that have grown, in `folder`, made here.

    Parameters
    ----------
    sources, paths : mapping
        The mapping's section on each input, and its files.
    known : mapping of str to collection of Path
        Those of the files of which rows were read before: of these, rows from the day `since` on are enough.
    codes : KnownCodes
        Stocks of which this is so: files with older rows of others are read one by one, as a whole.
    """
    folder.mkdir()
    return {
        name: _gathered(name, sources[name], each, known.get(name, ()), since, codes, folder) or each
        if len(each) >= MANY
        else each
        for name, each in paths.items()
    }


def _gathered(
    name: str,
    source: RowInput,
    paths: list[Path],
    known: Collection[Path],
    since: np.datetime64,
    codes: KnownCodes,
    folder: Path,
) -> list[Path]:
    """The one or two files; none where the files are not Parquet, lack a column of codes or stamps, or differ.

    Nor where their names tell units, or those that have grown have older rows of stocks that are not known.

    Where columns or types differ from file to file each has to be read by itself, as ingest does: one schema for all
    would leave out what the first lacks.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    if not source.files or any(path.suffix != ".parquet" for path in paths) or _names_tell(source, codes.naming):
        return []
    grown = [path for path in paths if path in set(known)] if name in _BY_DAY else []
    others = [path for path in paths if path not in set(grown)]
    try:
        symbol, column = _columns(paths[0], source)
        if not symbol or not column:
            return []
        schema, targets = pq.read_schema(paths[0]), []
        kind = schema.field(column).type
        if not (pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)):
            return []
        first = pa.scalar(since.astype("datetime64[s]").item(), pa.timestamp("s")).cast(kind)
        for kind_of, some, condition in (("new", others, None), ("grown", grown, ds.field(column) >= first)):
            if some:
                files = ds.dataset([str(path) for path in some], schema=schema)
                if not all(file.physical_schema.equals(schema) for file in files.get_fragments()):
                    return []
                if kind_of == "grown":
                    older = files.to_batches(columns=[symbol], filter=ds.field(column) < first)
                    met = {each for batch in older for each in batch.column(0).unique().to_pylist()}
                    if any(codes.lack(str(each)) for each in met if each is not None):
                        return []
                table = files.to_table(filter=condition)
                targets.append(folder / f"{len(some)} {kind_of} files of {name}.parquet")
                pq.write_table(table, targets[-1])
    except (pa.ArrowException, OSError, KeyError, InputError):
        return []  # read one by one, the file that is wrong is named
    return targets


def _columns(path: Path, source: RowInput) -> tuple[str, str]:
    """The columns of codes and of stamps of a file, empty where it has none."""
    columns = VendorFile(path, source).columns((), ("symbol", *STAMPS))
    stamps: Sequence[str] = [columns[name] for name in STAMPS if name in columns]
    return columns.get("symbol", ""), stamps[0] if stamps else ""


def _names_tell(source: RowInput, naming: Codes) -> bool:
    """Whether the names of files tell units."""
    if not isinstance(source, PriceInput):
        return False
    others = {EVERYWHERE, *(RULES if naming == "ashare" else ())}
    return not others.issuperset([*source.volume_units, *source.amount])
