"""The mapping that ``mfgru ingest`` reads a collection by."""

from __future__ import annotations

from collections.abc import Sequence

from qlib_mfgru.live.collect.store import DAILY_FOLDER, EVENTS_FOLDER, Store
from qlib_mfgru.live.collect.tables import INDUSTRY, member_file

_TEXT = """# Made by `mfgru collect {source}`, for `mfgru ingest mapping.yaml --source THIS_FOLDER --target PROVIDER`.
bars: {{files: {freq}/*/*.parquet, freq: {freq}, stamps: end, volume: shares, amount: yuan}}
daily: {{files: {daily}/*/*.parquet, volume: shares, amount: yuan}}
factors: {{files: {events}/*.parquet, before_first: one}}
float_shares: {{files: {daily}/*/*.parquet, max_dropped: 1.0}}
index: {{files: index/*.parquet}}
"""


def mapping_text(store: Store, source: str, level: str, member_lists: Sequence[str]) -> str:
    """The mapping of what there is."""
    text = _TEXT.format(source=source, freq=store.freq, daily=DAILY_FOLDER, events=EVENTS_FOLDER)
    if (store.folder / INDUSTRY).exists():
        text += f"industry: {{files: {INDUSTRY}, level: {level}}}\n"
    lists = [market for market in member_lists if (store.folder / member_file(market)).exists()]
    if lists:
        text += "members:\n" + "".join(f"  {market}: {{files: {member_file(market)}}}\n" for market in lists)
    return text
