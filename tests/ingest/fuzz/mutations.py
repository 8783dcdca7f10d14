"""What can go wrong with a vendor's tables, files and mapping: each mutation is a value that prints as it is written.

Rows, columns, files and bytes are numbers, taken modulo what is there, so that every mutation fits every layout.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
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
        for name in dict.fromkeys(rows.columns[rows.dtypes == "datetime64[ns]"]):
            moved[name] = rows[name] + pd.Timedelta(minutes=self.minutes)
        return moved


@dataclass(frozen=True)
class Zoned(OfTable):
    """Stamps as text with a zone that they are not in."""

    zone: str

    def changed(self, rows: pd.DataFrame) -> pd.DataFrame:
        moved = rows.copy()
        for name in dict.fromkeys(rows.columns[rows.dtypes == "datetime64[ns]"]):
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


@dataclass(frozen=True)
class OfFile:
    """Changes one file after it is written."""

    file: int

    def __call__(self, files: list[Path]) -> None:
        path = files[self.file % len(files)]
        if path.is_file():
            self.change(path)

    def change(self, path: Path) -> None:
        """Change the file."""
        raise NotImplementedError


@dataclass(frozen=True)
class Truncated(OfFile):
    """Only the first `share` of the bytes."""

    share: float

    def change(self, path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * self.share)])


@dataclass(frozen=True)
class Flipped(OfFile):
    """Some bytes are others, from a place on."""

    place: int
    content: bytes

    def change(self, path: Path) -> None:
        content = bytearray(path.read_bytes())
        for number, byte in enumerate(self.content if content else b""):
            content[(self.place + number) % len(content)] ^= byte
        path.write_bytes(content)


@dataclass(frozen=True)
class Encoded(OfFile):
    """Text in another encoding than the mapping says."""

    encoding: str

    def change(self, path: Path) -> None:
        if path.suffix in (".csv", ".txt"):
            text = path.read_bytes().decode("gb18030", errors="replace")
            path.write_bytes(text.encode(self.encoding, errors="replace"))


@dataclass(frozen=True)
class Headed(OfFile):
    """Only the first lines of text."""

    lines: int

    def change(self, path: Path) -> None:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: self.lines]))


@dataclass(frozen=True)
class AFolder(OfFile):
    """A folder of the file's name."""

    def change(self, path: Path) -> None:
        path.unlink()
        path.mkdir()


@dataclass(frozen=True)
class Copied(OfFile):
    """The same content in a second file that matches as well."""

    name: str

    def change(self, path: Path) -> None:
        shutil.copyfile(path, path.with_name(self.name + path.suffix))


@dataclass(frozen=True)
class Setting:
    """Another value at a place of the mapping; `None` takes it out."""

    place: int
    value: object

    def __call__(self, mapping: dict[str, Any]) -> None:
        places = list(_places(mapping))
        section, key = places[self.place % len(places)]
        if self.value is None:
            del section[key]
        else:
            section[key] = self.value


@dataclass(frozen=True)
class Added:
    """A key more in the mapping, or in the section of one input."""

    section: int
    key: str
    value: object

    def __call__(self, mapping: dict[str, Any]) -> None:
        sections = [mapping, *(section for section in mapping.values() if isinstance(section, dict))]
        sections[self.section % len(sections)][self.key] = self.value


def _places(mapping: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for key, value in mapping.items():
        yield mapping, key
        if isinstance(value, dict):
            yield from _places(value)


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
    columns = [rows.iloc[:, number] for number in range(rows.shape[1])]
    columns[place] = pd.Series(cells, index=rows.index, dtype="object" if as_text else "f8")
    return (
        pd.concat([each.reset_index(drop=True) for each in columns], axis=1)
        .set_axis(rows.columns, axis=1)
        .set_axis(rows.index)
    )
