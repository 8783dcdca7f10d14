"""The columns of numbers of a broker's list."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.files.numbers import as_numbers
from qlib_mfgru.live.rebalancing.holdings.table import Table
from qlib_mfgru.provider.session import Session

NUMBERS = ("shares", "sellable", "price", "value")
"""Meanings whose columns hold numbers."""
_COUNTS = ("shares", "sellable")
_ONE_OR_THOUSAND = re.compile(r"[1-9]\d{0,2}\.000")
"""A whole number with three decimals in one country, and thousands in another."""


def column_of(table: Table, meaning: str, session: Session) -> np.ndarray:
    """A column of numbers, (n_rows,), NaN where there is none; several of one meaning must agree.

    Raises
    ------
    InputError
        Text; columns of shares that differ; where shares are whole, ``1.000`` in a column that does not show whether
        the point begins decimals.
    """
    columns = []
    for place in table.places.get(meaning, ()):
        cells = [cells[place] if place < len(cells) else "" for _, cells in table.rows]
        values, is_wrong = as_numbers(pd.Series(cells, dtype="object"))
        if is_wrong.any():
            raise _refused(table, place, cells, int(is_wrong.argmax()), "must be a number")
        if meaning in _COUNTS and session.lot is not None:
            _check_points(table, place, cells)
        columns.append(values)
    if meaning == "shares":
        _check_equal(table, columns)
    return columns[0] if columns else np.full(len(table.rows), np.nan)


def _check_points(table: Table, place: int, cells: Sequence[str]) -> None:
    """Refuse points of which nobody knows what they part."""
    pointed = [position for position, cell in enumerate(cells) if "." in cell]
    if pointed and all(_ONE_OR_THOUSAND.fullmatch(cells[position]) for position in pointed):
        number = cells[pointed[0]].partition(".")[0]
        raise _refused(table, place, cells, pointed[0], f"{number} or {number},000? write it without the point")


def _check_equal(table: Table, columns: Sequence[np.ndarray]) -> None:
    places = table.places["shares"]
    for place, values in zip(places[1:], columns[1:], strict=True):
        differs = (values != columns[0]) & ~(np.isnan(values) | np.isnan(columns[0]))
        if differs.any():
            row = table.rows[int(differs.argmax())][0]
            names = f"{table.header[places[0]]} and {table.header[place]}"
            raise InputError(f"{table.label}: row {row}: {names} differ: leave the column that is not held out")


def _refused(table: Table, place: int, cells: Sequence[str], position: int, advice: str) -> InputError:
    row = table.rows[position][0]
    return InputError(f"{table.label}: row {row}: {table.header[place]} is {cells[position]!r}: {advice}")
