"""The mapping of a collection, by which `mfgru ingest` reads it, and which tells that a folder is one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qlib_mfgru.live.collecting.store import DAILY_FOLDER, EVENTS_FOLDER, INDUSTRY, Store, member_file

MAPPING = "mapping.yaml"
_MADE = "# Made by `mfgru collect "
_TEXT = """{made}{source}`, for `mfgru ingest mapping.yaml --source THIS_FOLDER --target PROVIDER`.
bars: {{files: {freq}/*/*.parquet, freq: {freq}, stamps: end, volume: shares, amount: yuan}}
daily: {{files: {daily}/*/*.parquet, volume: shares, amount: yuan}}
factors: {{files: {events}/*.parquet, before_first: one}}
float_shares: {{files: {daily}/*/*.parquet, max_dropped: 1.0}}
index: {{files: index/*.parquet}}
"""


def write_mapping(store: Store, source: str, level: str, member_lists: Sequence[str]) -> None:
    """Write the mapping of what there is."""
    text = _TEXT.format(made=_MADE, source=source, freq=store.freq, daily=DAILY_FOLDER, events=EVENTS_FOLDER)
    if (store.folder / INDUSTRY).exists():
        text += f"industry: {{files: {INDUSTRY}, level: {level}}}\n"
    lists = [market for market in member_lists if (store.folder / member_file(market)).exists()]
    if lists:
        text += "members:\n" + "".join(f"  {market}: {{files: {member_file(market)}}}\n" for market in lists)
    store.put(store.folder / MAPPING, text.encode())


def is_collection(folder: Path) -> bool:
    """Whether a folder has such a mapping."""
    file = folder / MAPPING
    return file.is_file() and file.read_bytes().startswith(_MADE.encode())
