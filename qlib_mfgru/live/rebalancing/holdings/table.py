"""The cells of a broker's file: encodings, separators, titles before the header, and what Excel did to codes."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.rebalancing.holdings.columns import meanings

_ENCODINGS = ("utf-8-sig", "gb18030")
_SEPARATORS = (",", "\t", ";", "|")
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How true workbooks begin; what many terminals call .xls is text."""
_FORMULA = re.compile(r"""=?"(.*)"|'(.*)""")
_WRAPPED = re.compile(r"\d+\.0+")


@dataclass(frozen=True)
class Table:
    """Rows of text under the meanings of `columns.NAMES`.

    Attributes
    ----------
    label : str
        What errors call it.
    header : list of str
    places : dict of str to list of int
        Columns of each meaning.
    rows : list of (int, list of str)
        Number of the row, as messages name it, and its cells.
    """

    label: str
    header: list[str]
    places: dict[str, list[int]]
    rows: list[tuple[int, list[str]]]


def read_table(source: Path | pd.DataFrame) -> Table:
    """The table of a file, or of a frame.

    Raises
    ------
    InputError
        A workbook, an encoding that is neither UTF-8 nor GBK, no line with a column of codes and one of shares.
    """
    if isinstance(source, pd.DataFrame):
        label, found = "holdings", [_table("holdings", _lines(source))]
    else:
        label, lines = str(source), _decoded(source).splitlines()
        found = [_table(label, list(csv.reader(lines, delimiter=each))) for each in _SEPARATORS]
        found = found if any(found) else [_table(label, [line.split() for line in lines])]
    tables = [table for table in found if table is not None]
    if not tables:
        raise InputError(
            f"{label}: no line names a column of codes (证券代码, instrument) and one of shares (持仓数量, shares)"
        )
    return max(tables, key=lambda table: len(table.places))


def _table(label: str, lines: Sequence[Sequence[str]]) -> Table | None:
    """The table whose header is the first line with codes and shares; None where there is no such line."""
    for number, line in enumerate(lines):
        places = meanings(line)
        if {"code", "shares"} <= places.keys():
            cells = [[plain(cell) for cell in cells] for cells in lines[number + 1 :]]
            rows = [(row, each) for row, each in enumerate(cells, number + 2) if any(each)]
            _check_widths(label, rows, len(line))
            return Table(label, [cell.strip() for cell in line], places, rows)
    return None


def _check_widths(label: str, rows: Sequence[tuple[int, Sequence[str]]], n_columns: int) -> None:
    """Refuse rows that a separator within a number or a name cuts into too many cells."""
    for row, cells in rows:
        if any(cells[n_columns:]):
            raise InputError(
                f"{label}: row {row} has {len(cells)} cells where the header has {n_columns}: quote those with a "
                "separator in them"
            )


def _lines(frame: pd.DataFrame) -> list[list[str]]:
    """A frame as a file would have it; an index that has a name is a column."""
    frame = frame.reset_index() if frame.index.name else frame
    rows = frame.astype("object").to_numpy()
    return [[str(name) for name in frame.columns], *([_cell(value) for value in row] for row in rows)]


def plain(cell: str) -> str:
    """A cell without the blanks and quotes that keep Excel from changing it: ``="000001"`` is ``000001``."""
    word = cell.strip()
    match = _FORMULA.fullmatch(word)
    return (match[1] or match[2] or "").strip() if match else word


def as_code(cell: str) -> str:
    """A code that Excel may have made a number: ``1.0`` is ``1``."""
    return cell.partition(".")[0] if _WRAPPED.fullmatch(cell) else cell


def _cell(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file of holdings {path}") from None
    if data.startswith(_EXCEL):
        raise InputError(f"{path} is an Excel workbook: save it as CSV")
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeError:
            continue
    raise InputError(f"{path} is text in neither UTF-8 nor GBK")
