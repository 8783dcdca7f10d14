"""What can go wrong with a vendor's tables: each mutation is a value that prints as it is written.

Rows and columns are numbers, taken modulo what is there, so that every mutation fits every table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .layouts import Tables


@dataclass(frozen=True)
class OfTable:
    """Changes one table before it is written."""

    table: int

    def __call__(self, tables: Tables) -> None:
        name = list(tables)[self.table % len(tables)]
        if len(tables[name]):
            tables[name] = self.changed(tables[name].copy())

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The table as it is written instead."""
        raise NotImplementedError


@dataclass(frozen=True)
class Cell(OfTable):
    """Another value in `count` rows from one on."""

    row: int
    column: int
    value: object
    count: int = 1

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        return _put(rows, _rows(rows, self.row, self.count), self.column, [self.value] * len(rows))


@dataclass(frozen=True)
class Scaled(OfTable):
    """A column of numbers times a scale, in `count` rows from one on."""

    row: int
    column: int
    scale: float
    count: int

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        with np.errstate(all="ignore"):
            values = pd.to_numeric(rows.iloc[:, self.column % rows.shape[1]], errors="coerce") * self.scale
        return _put(rows, _rows(rows, self.row, self.count) & values.notna().to_numpy(), self.column, list(values))


@dataclass(frozen=True)
class Dropped(OfTable):
    """`count` rows are missing."""

    row: int
    count: int

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows[~_rows(rows, self.row, self.count)]


@dataclass(frozen=True)
class Repeated(OfTable):
    """`count` rows come again, with one column times a scale."""

    row: int
    count: int
    column: int
    scale: float

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        again = rows[_rows(rows, self.row, self.count)]
        return pd.concat([rows, Scaled(0, 0, self.column, self.scale, len(again)).changed(again)])


@dataclass(frozen=True)
class Shuffled(OfTable):
    """Rows in another order."""

    seed: int

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.iloc[np.random.default_rng(self.seed).permutation(len(rows))]


@dataclass(frozen=True)
class Swapped(OfTable):
    """Two columns under each other's names."""

    column: int
    other: int

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        names = list(rows.columns)
        one, other = self.column % len(names), self.other % len(names)
        names[one], names[other] = names[other], names[one]
        return rows.set_axis(names, axis=1)


@dataclass(frozen=True)
class Renamed(OfTable):
    """A column under another name; `None` leaves it out, a number gives it the name of another column."""

    column: int
    name: str | int | None

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        names, place = list(rows.columns), self.column % rows.shape[1]
        if self.name is None:
            return rows.iloc[:, [number for number in range(len(names)) if number != place]]
        names[place] = names[self.name % len(names)] if isinstance(self.name, int) else self.name
        return rows.set_axis(names, axis=1)


@dataclass(frozen=True)
class Shifted(OfTable):
    """Every stamp some minutes later, as far as the table's own stamps can say it."""

    minutes: int

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        moved = rows.copy()
        for name in dict.fromkeys(rows.select_dtypes("datetime").columns):
            moved[name] = rows[name] + pd.Timedelta(minutes=self.minutes)
        return moved


@dataclass(frozen=True)
class Zoned(OfTable):
    """Stamps as text with a zone that they are not in."""

    zone: str

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        moved = rows.copy()
        for name in dict.fromkeys(rows.select_dtypes("datetime").columns):
            moved[name] = rows[name].dt.strftime("%Y-%m-%d %H:%M:%S") + self.zone
        return moved


@dataclass(frozen=True)
class Thinned(OfTable):
    """Every `step`-th row of a part of the table only: bars of two frequencies."""

    row: int
    count: int
    step: int

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows[~_rows(rows, self.row, self.count) | (np.arange(len(rows)) % self.step == 0)]


def _rows(rows: pd.DataFrame, first: int, count: int) -> np.ndarray:
    """Which rows are `count` ones from the row `first` on."""
    start = first % len(rows)
    return (np.arange(len(rows)) >= start) & (np.arange(len(rows)) < start + count)


def _put(rows: pd.DataFrame, chosen: np.ndarray, column: int, values: list[Any]) -> pd.DataFrame:
    """Other values in the chosen rows; text where a text is among them, numbers where all are."""
    place = column % rows.shape[1]
    old = rows.iloc[:, place]
    as_text = old.dtype.kind not in "iuf" or any(isinstance(value, str) for value in values)
    cells = old.astype("str").astype("object") if as_text else old.astype("f8")
    cells = [(str(new) if as_text else new) if is_chosen else cell
             for is_chosen, new, cell in zip(chosen, values, cells, strict=True)]  # fmt: skip
    # by position, since names may come twice
    columns = [rows.iloc[:, number].reset_index(drop=True) for number in range(rows.shape[1])]
    columns[place] = pd.Series(cells, dtype="object" if as_text else "f8")
    return pd.concat(columns, axis=1).set_axis(rows.columns, axis=1).set_axis(rows.index)
