"""The folder of a collection: a Parquet file a stock and year, tables beside, and what of it is known to be whole.

Files take their places at once. What days a file covers is noted, with its size, in ``state/`` after it is there: a
file that a kill left unnoted, and one that is gone or damaged, is asked for again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from qlib_mfgru.errors import InputError
from qlib_mfgru.machine import advice

DAILY_FOLDER, EVENTS_FOLDER, STATE = "daily", "events", "state"
CALENDAR, UNIVERSE, INDUSTRY = "calendar.parquet", "universe.parquet", "industry.parquet"
_TEXT = """# Made by `mfgru collect {source}`, for `mfgru ingest mapping.yaml --source THIS_FOLDER --target PROVIDER`.
bars: {{files: {freq}/*/*.parquet, freq: {freq}, stamps: end, volume: shares, amount: yuan}}
daily: {{files: {daily}/*/*.parquet, volume: shares, amount: yuan}}
factors: {{files: {events}/*.parquet, before_first: one}}
float_shares: {{files: {daily}/*/*.parquet, max_dropped: 1.0}}
index: {{files: index/*.parquet}}
"""
_TYPES = {"symbol": pa.string(), "date": pa.date32(), "datetime": pa.timestamp("ms"), "start": pa.date32()}
_TYPES |= {"end": pa.date32(), "name": pa.string(), "industry": pa.string(), "index": pa.string()}
_TYPES |= {"listed": pa.date32(), "delisted": pa.date32(), "is_st": pa.int8(), "traded": pa.int8()}


@dataclass
class Covered:
    """What a file holds: all of a stock's days from `first` to `until`, but those that the vendor lacks.

    Attributes
    ----------
    first, until : str
    size : int
        Of the file in bytes; 0 where there is no row, and so no file.
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
    missing: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    begins: str = ""


@dataclass
class StockState:
    """What is there of a stock: by year, for daily rows and bars; and the day up to which its events are known."""

    daily: dict[str, Covered] = field(default_factory=dict)
    bars: dict[str, Covered] = field(default_factory=dict)
    events: Covered | None = None
    refused: str = ""


class Store:
    """A collection's files.

    Parameters
    ----------
    folder : Path
    freq : str
        Of the bars, e.g. ``15min``, which is the name of their folder.
    """

    def __init__(self, folder: Path, freq: str) -> None:
        self.folder = folder
        self.freq = freq

    def year_file(self, kind: str, year: str, code: str) -> str:
        """Path of a stock's daily rows (`kind` is ``daily``) or bars of a year, within the folder."""
        return f"{DAILY_FOLDER if kind == 'daily' else self.freq}/{year}/{code}.parquet"

    def events_file(self, code: str) -> str:
        """Path of a stock's adjustment within the folder."""
        return f"{EVENTS_FOLDER}/{code}.parquet"

    def write(self, name: str, frame: pd.DataFrame) -> int:
        """Put a table in its place at once; its size in bytes."""
        fields = [(column, _TYPES.get(column, pa.float64())) for column in frame.columns]
        dates = {column: _dates(frame[column]) for column, kind in fields if kind == pa.date32()}
        table = pa.Table.from_pandas(frame.assign(**dates), schema=pa.schema(fields), preserve_index=False)
        path = self.folder / name
        with advice(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = _unfinished(path)
            pq.write_table(table.replace_schema_metadata(None), unfinished)
            os.replace(unfinished, path)
            return path.stat().st_size

    def read(self, name: str) -> pd.DataFrame:
        """A table as it was written: days as ISO text; missing ones empty."""
        frame = pq.read_table(self.folder / name).to_pandas(date_as_object=False)
        for column in frame.columns:
            if _TYPES.get(column) == pa.date32():
                frame[column] = frame[column].dt.strftime("%Y-%m-%d").fillna("")
        return frame

    def has(self, name: str, covered: Covered) -> bool:
        """Whether a file is there in the size that it was written in."""
        path = self.folder / name
        return not covered.size or (path.is_file() and path.stat().st_size == covered.size)

    def stock(self, code: str) -> StockState:
        """What is there of a stock."""
        kept = self.note(f"stocks/{code}")
        if not kept:
            return StockState()
        years = {kind: {year: Covered(**one) for year, one in kept[kind].items()} for kind in ("daily", "bars")}
        events = Covered(**kept["events"]) if kept["events"] else None
        return StockState(years["daily"], years["bars"], events, kept["refused"])

    def keep_stock(self, code: str, state: StockState) -> None:
        """Note what is there of a stock."""
        self.keep_note(f"stocks/{code}", asdict(state))

    def note(self, name: str) -> dict[str, Any]:
        """What was noted under a name; empty where there is nothing."""
        path = self.folder / STATE / f"{name}.json"
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except ValueError:
            raise InputError(f"{path} is damaged: remove it, and what it was about is collected again") from None

    def keep_note(self, name: str, content: dict[str, Any]) -> None:
        """Note something under a name, at once."""
        path = self.folder / STATE / f"{name}.json"
        self.write_text(path, json.dumps(content, ensure_ascii=False, sort_keys=True) + "\n")

    def write_text(self, path: Path, text: str) -> None:
        """Put a text file in its place at once."""
        with advice(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _unfinished(path).write_text(text, encoding="utf-8")
            os.replace(_unfinished(path), path)


def level_file(index: str) -> str:
    """Path of an index's levels within the folder."""
    return f"index/{index}.parquet"


def member_file(market: str) -> str:
    """Path of an index's spans of membership within the folder."""
    return f"members/{market}.parquet"


def mapping_text(store: Store, source: str, level: str, member_lists: Sequence[str]) -> str:
    """The mapping of what there is."""
    text = _TEXT.format(source=source, freq=store.freq, daily=DAILY_FOLDER, events=EVENTS_FOLDER)
    if (store.folder / INDUSTRY).exists():
        text += f"industry: {{files: {INDUSTRY}, level: {level}}}\n"
    lists = [market for market in member_lists if (store.folder / member_file(market)).exists()]
    if lists:
        text += "members:\n" + "".join(f"  {market}: {{files: {member_file(market)}}}\n" for market in lists)
    return text


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.unfinished")


def _dates(texts: pd.Series) -> pd.Series:
    return pd.Series([date.fromisoformat(text) if text else None for text in texts], texts.index, dtype=object)
