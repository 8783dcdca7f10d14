"""What a report says of any file: its kind, columns, stocks, dates, and rows that repeat or lack something."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.explain.findings import Findings
from qlib_mfgru.ingest.explain.sample import Sample
from qlib_mfgru.provider.boards import board_of

_SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
_BINARY = {".parquet": "Parquet", ".pq": "Parquet", ".feather": "Feather", ".arrow": "Arrow", ".h5": "HDF5",
           ".hdf5": "HDF5", ".hdf": "HDF5"}  # fmt: skip


def describe(sample: Sample, kind: str | None, findings: Findings) -> str:
    """The report on files of one layout."""
    paths = sample.paths
    more = f" and {len(paths) - 1} more files of the same columns" if len(paths) > 1 else ""
    unknown = "no input is recognised by the columns; name its fields' in the mapping, `columns: {open: ...}`"
    title = f"{paths[0]}{more}: " + (f"{kind} rows" if kind else unknown)
    facts = [("file", _file(sample)), ("columns", _columns(sample)), *_rows(sample, kind), *findings.lines]
    facts += [("reading", remark) for remark in sample.remarks]
    return "\n".join([title, *(f"  {name:<12} {text}" for name, text in facts)])


def _file(sample: Sample) -> str:
    path, source = sample.paths[0], sample.source
    if source.sql:
        return f"a database: {source.sql}"
    if binary := _BINARY.get(path.suffix.lower()):
        return binary
    header = "without a header" if source.names else "with a header"
    separator = "" if source.names else f", separated by {_separator(sample)}"
    return f"text in {source.encoding.removesuffix('-sig')}{separator}, {header}"


def _separator(sample: Sample) -> str:
    """What stands between the names of the last two columns; packed files are not opened for it."""
    if len(sample.header) < 2:
        return "nothing"
    with sample.paths[0].open(encoding=sample.source.encoding, errors="replace") as stream:
        head = stream.read(4096)
    first, second = (re.escape(name) for name in sample.header[-2:])
    match = re.search(rf'{first}"?\s*?([,\t;| ])\s*"?{second}', head)
    return _SEPARATORS.get(match[1], "spaces") if match else "an unseen sign"


def _columns(sample: Sample) -> str:
    fields = ", ".join(field if field == column else f"{field} = {column}" for field, column in sample.columns.items())
    return fields + (f"; not used: {', '.join(sample.unused)}" if sample.unused else "")


def _rows(sample: Sample, kind: str | None) -> list[tuple[str, str]]:
    first = "" if sample.is_all else "the first "
    count = f"{first}{len(sample.rows):,}{_repeats(sample.rows)}{_empty(sample)}"
    codes = ("indices" if kind == "index" else "stocks", _codes(sample, kind))
    dates = [] if "start" in sample.columns else [("dates", _dates(sample))]
    return [("rows", count), codes, *dates]


def _dates(sample: Sample) -> str:
    if not sample.is_dated:
        return "none: a snapshot that holds on all days"
    stamps, unread = sample.stamps, len(sample.rows) - len(sample.stamps)
    missed = f"{unread:,} stamps cannot be read"
    if not len(stamps):
        return missed
    days = np.unique(stamps.astype("datetime64[D]"))
    return f"{days[0]} .. {days[-1]}: {len(days):,} days" + (f"; {missed}" if unread else "")


def _codes(sample: Sample, kind: str | None) -> str:
    known = [sample.codes[number] for number in pd.unique(sample.rows["stock"]) if number >= 0]
    unknown = int((sample.rows["stock"] < 0).sum())
    named = f"{len(known):,} (e.g. {', '.join(known[:3])})" if known else "none"
    if kind == "index":
        return named
    if sample.session.codes == "ashare" and known:
        boards = pd.Series([board_of(code) for code in known]).value_counts()
        named += ", by board: " + ", ".join(f"{board} {count:,}" for board, count in boards.items())
    else:
        named += ", named as the vendor does: the mapping has to say which `session`" if known else ""
    return named + (f"; {unknown:,} rows with an unknown code" if unknown else "")


def _repeats(rows: pd.DataFrame) -> str:
    keys = [name for name in ("index", "stock", "stamp", "start") if name in rows]
    repeated = rows.duplicated(keys, keep=False)
    if rows["stamp"].isna().all() or not repeated.any():
        return ""
    differ = ", with other values" if (repeated & ~rows.duplicated(keep=False)).any() else ""
    return f"; {int(rows.duplicated(keys).sum()):,} repeat a stock and time{differ}"


def _empty(sample: Sample) -> str:
    empty = sample.rows.drop(columns=["stock", "stamp"]).isna().sum()
    listed = [f"{field} {count:,}" for field, count in empty.items() if count and field not in ("end", "symbol")]
    return f"; empty: {', '.join(listed)}" if listed else ""
