"""How a text file is laid out: its separator, the lines before its header, and its columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.columns import VENDOR_NAMES

HEAD_LINES = 20
"""Lines among which the header is looked for."""
SPACES = r"\s+"
_SEPARATORS = (",", "\t", ";", "|", SPACES)
KNOWN = frozenset(name.lower() for names in VENDOR_NAMES.values() for name in names)
"""Names that vendors use, in lower case."""


@dataclass(frozen=True)
class Layout:
    """How a text file is laid out.

    Attributes
    ----------
    sep : str
        As pandas takes it.
    columns : list of str
        Each name once; one without a name is called ``Unnamed: 3`` by its position.
    n_before : int
        Lines before the first row of data.
    titles : list of str
        The lines before the header that are not blank.
    """

    sep: str
    columns: list[str]
    n_before: int
    titles: list[str]


def find_layout(lines: Sequence[str], preferred: str, source: RowInput) -> Layout:
    """The layout of a file that begins with these lines.

    The header is the line, and the separator the one, by which most columns have names that vendors use or the mapping
    names. Where no name is known it is the first line, and the separator one that cuts it and the next line equally.

    Parameters
    ----------
    lines : sequence of str
        The first lines, `HEAD_LINES` after those that are to be skipped.
    preferred : str
        The separator that the file's name promises.
    source : RowInput
        Its `sep`, `skip_rows` and `names` go before what is found.
    """
    separators = (source.sep,) if source.sep else tuple(dict.fromkeys((preferred, *_SEPARATORS)))
    if source.names:
        n_before = source.skip_rows or 0
        return Layout(_consistent(lines[n_before:], separators), list(source.names), n_before, [])
    first = next((row for row, line in enumerate(lines) if line.strip()), 0)
    rows = range(first, max(first + 1, len(lines))) if source.skip_rows is None else [source.skip_rows]
    known = KNOWN | {name.strip().lower() for name in (*source.columns.values(), *source.where)}
    header, sep, n_known = rows[0], separators[0], 0
    for row in rows:
        line = lines[row] if row < len(lines) else ""
        for each in separators:
            if _most_cells(line, each) > n_known and (count := _n_known(cells_of(line, each), known)) > n_known:
                header, sep, n_known = row, each, count
    if not n_known:
        sep = _consistent(lines[header:], separators)
    cells = cells_of(lines[header], sep) if header < len(lines) else []
    return Layout(sep, once(cells), header + 1, [line.strip() for line in lines[:header] if line.strip()])


def _most_cells(line: str, sep: str) -> int:
    """Cells of a line if none is quoted; 0 where a separator does not cut it."""
    if sep == SPACES:
        return len(line.split())
    n_cuts = line.count(sep)
    return n_cuts + 1 if n_cuts else 0


def _n_known(cells: Sequence[str], known: Set[str]) -> int:
    return len({cell.lower() for cell in cells} & known)


def _consistent(lines: Sequence[str], separators: Sequence[str]) -> str:
    """The first separator that cuts the first two lines into equally many cells, more than one."""
    for sep in separators:
        counts = {len(cells_of(line, sep)) for line in lines[:2]}
        if len(counts) == 1 and counts != {1}:
            return sep
    return separators[0]


def cells_of(line: str, sep: str) -> list[str]:
    """A line, cut at a separator as pandas takes it."""
    cells = next(csv.reader([line], delimiter=sep), []) if len(sep) == 1 else re.split(sep, line.strip())
    return [cell.strip() for cell in cells]


def once(cells: Sequence[str]) -> list[str]:
    """Names of columns, each once: a name that comes again is numbered."""
    names: dict[str, None] = {}
    for position, cell in enumerate(cells):
        name, count = cell or f"Unnamed: {position}", 0
        while name in names:
            count += 1
            name = f"{cell}.{count}"
        names[name] = None
    return list(names)
