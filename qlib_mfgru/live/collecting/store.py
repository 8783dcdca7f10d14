"""The folder of a collection: a Parquet file a stock and year, tables beside, and what of it is known to be whole.

Files take their places at once. What days a file covers is noted, with its size and checksum, in ``state/`` after it is
there: a file that a kill left unnoted, and one that is gone or damaged, is asked for again, as if its note is.
"""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from qlib_mfgru.errors import InputError
from qlib_mfgru.machine import advice

DAILY_FOLDER, EVENTS_FOLDER, STATE = "daily", "events", "state"
CALENDAR, UNIVERSE, INDUSTRY = "calendar.parquet", "universe.parquet", "industry.parquet"
_COLLECTION = "collection"
ORIGIN = f"{STATE}/{_COLLECTION}.json"
"""The note on what a folder was made for."""
_TYPES = {"symbol": pa.string(), "date": pa.date32(), "datetime": pa.timestamp("ms"), "start": pa.date32()}
_TYPES |= {"end": pa.date32(), "name": pa.string(), "industry": pa.string(), "index": pa.string()}
_TYPES |= {"listed": pa.date32(), "delisted": pa.date32(), "is_st": pa.int8(), "traded": pa.int8()}

Note = TypeVar("Note")
_as_written = with_config(ConfigDict(extra="forbid"))


class Damaged(InputError):
    """A file of a collection that is not as it was written; `name` is its path within the folder."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(f"{folder / name} is damaged again after it was collected anew: the disk may be broken")
        self.folder, self.name = folder, name

    def __reduce__(self) -> tuple[type[Damaged], tuple[Path, str]]:
        return Damaged, (self.folder, self.name)  # it comes from worker processes, and its message is no argument


@_as_written
@dataclass
class Covered:
    """What a file holds: all of a stock's days from `first` to `until`, but those that the vendor lacks.

    Attributes
    ----------
    first, until : str
    size, crc : int
        Of the file: its bytes, 0 where there is no row and so no file, and their checksum.
    missing : list of str
        Days that should have rows and have none.
    short : list of str
        Days with fewer bars than a day has.
    begins : str
        Day of the first row.
    """

    first: str
    until: str
    size: int = 0
    crc: int = 0
    missing: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    begins: str = ""


@_as_written
@dataclass
class StockState:
    """What is there of a stock: by year, for daily rows and bars; and the day up to which its events are known."""

    daily: dict[str, Covered] = field(default_factory=dict)
    bars: dict[str, Covered] = field(default_factory=dict)
    events: Covered | None = None
    refused: str = ""


@_as_written
@dataclass
class Origin:
    """What a folder was made for: a vendor, a frequency, and the earliest first day."""

    source: str
    freq: str
    since: str


class Store:
    """A collection's files.

    Parameters
    ----------
    folder : Path
    freq : str
        Of the bars, e.g. ``15min``, which is the name of their folder.

    Attributes
    ----------
    damaged : set of str
        Files and notes that were found to be lost or damaged; to whoever asks, they are not there.
    """

    def __init__(self, folder: Path, freq: str) -> None:
        self.folder = folder
        self.freq = freq
        self.damaged: set[str] = set()

    def year_file(self, kind: str, year: str, code: str) -> str:
        """Path of a stock's daily rows (`kind` is ``daily``) or bars of a year, within the folder."""
        return f"{DAILY_FOLDER if kind == 'daily' else self.freq}/{year}/{code}.parquet"

    def events_file(self, code: str) -> str:
        """Path of a stock's adjustment within the folder."""
        return f"{EVENTS_FOLDER}/{code}.parquet"

    def write(self, name: str, frame: pd.DataFrame) -> tuple[int, int]:
        """Put a table in its place at once; its size in bytes, and their checksum."""
        fields = [(column, _TYPES.get(column, pa.float64())) for column in frame.columns]
        dates = {column: _dates(frame[column]) for column, kind in fields if kind == pa.date32()}
        table = pa.Table.from_pandas(frame.assign(**dates), schema=pa.schema(fields), preserve_index=False)
        file = pa.BufferOutputStream()
        pq.write_table(table.replace_schema_metadata(None), file)
        content = file.getvalue().to_pybytes()
        self.put(self.folder / name, content)
        return len(content), zlib.crc32(content)

    def read(self, name: str, covered: Covered) -> pd.DataFrame:
        """A table as it was written: days as ISO text; missing ones empty.

        Raises
        ------
        Damaged
            The file is lost, or has other bytes than were written.
        """
        content = (self.folder / name).read_bytes() if self.has(name, covered) else b""
        if zlib.crc32(content) != covered.crc:
            self.damaged.add(name)
            raise Damaged(self.folder, name)
        frame = pq.read_table(pa.BufferReader(content)).to_pandas(date_as_object=False)
        for column in frame.columns:
            if _TYPES.get(column) == pa.date32():
                frame[column] = frame[column].dt.strftime("%Y-%m-%d").fillna("")
        return frame

    def has(self, name: str, covered: Covered) -> bool:
        """Whether a file is there in the size that it was written in."""
        path = self.folder / name
        is_there = not covered.size or (path.is_file() and path.stat().st_size == covered.size)
        if not is_there:
            self.damaged.add(name)
        return is_there

    def table(self, name: str, note: str) -> tuple[Covered, pd.DataFrame] | None:
        """A table of the whole market as the last run left it, noted as `note`; None where it is not, or damaged."""
        covered = self._note(note, _COVERED)
        if covered is None or not covered.size:
            return None
        try:
            return covered, self.read(name, covered)
        except Damaged:
            return None

    def keep_table(self, name: str, note: str, frame: pd.DataFrame, first: str, until: str) -> None:
        """Write a table of the whole market, and note the days that it covers."""
        self._keep_note(note, Covered(first, until, *self.write(name, frame)))

    def stock(self, code: str) -> StockState:
        """What is there of a stock."""
        return self._note(f"stocks/{code}", _STOCK) or StockState()

    def keep_stock(self, code: str, state: StockState) -> None:
        """Note what is there of a stock."""
        self._keep_note(f"stocks/{code}", state)

    def origin(self) -> Origin | None:
        """What the folder was made for; None for a new one."""
        return self._note(_COLLECTION, _ORIGIN)

    def keep_origin(self, origin: Origin) -> None:
        """Note what the folder is for; a note that says so is not put at risk every evening: no other file does."""
        note = self.folder / ORIGIN
        if not note.is_file() or note.read_bytes() != _noted(origin):
            self._keep_note(_COLLECTION, origin)

    def has_files(self) -> bool:
        """Whether anything was collected: there is more than the note on what the folder is for."""
        return any(path.is_file() for path in self.folder.rglob("*") if path != self.folder / ORIGIN)

    def forget_nothing(self) -> None:
        """Take the folder away where nothing was collected: it would stay bound to a vendor and a first day."""
        if not self.has_files():
            (self.folder / ORIGIN).unlink(missing_ok=True)
            with suppress(OSError):  # it may hold folders of the user's
                (self.folder / STATE).rmdir()
                self.folder.rmdir()

    def _note(self, name: str, kind: TypeAdapter[Note]) -> Note | None:
        """What was noted under a name; None where there is nothing that can be read."""
        file = f"{STATE}/{name}.json"
        try:
            return kind.validate_json((self.folder / file).read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            self.damaged.add(file)
            return None

    def _keep_note(self, name: str, content: Covered | StockState | Origin) -> None:
        self.put(self.folder / STATE / f"{name}.json", _noted(content))

    def put(self, path: Path, content: bytes) -> None:
        """Put a file in its place at once."""
        with advice(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _unfinished(path).write_bytes(content)
            os.replace(_unfinished(path), path)


_COVERED, _STOCK, _ORIGIN = TypeAdapter(Covered), TypeAdapter(StockState), TypeAdapter(Origin)


def level_file(index: str) -> str:
    """Path of an index's levels within the folder."""
    return f"index/{index}.parquet"


def member_file(market: str) -> str:
    """Path of an index's spans of membership within the folder."""
    return f"members/{market}.parquet"


def _noted(content: Covered | StockState | Origin) -> bytes:
    return (json.dumps(asdict(content), ensure_ascii=False, sort_keys=True) + "\n").encode()


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.unfinished")


def _dates(texts: pd.Series) -> pd.Series:
    return pd.Series([date.fromisoformat(text) if text else None for text in texts], texts.index, dtype=object)
