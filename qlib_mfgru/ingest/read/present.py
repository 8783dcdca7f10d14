"""What of a mapping's optional inputs is there: the others are left out, and the report says which."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import BY_MARKET, BarInput, IngestMapping, RowInput
from qlib_mfgru.ingest.read.sources import found
from qlib_mfgru.ingest.report import IngestReport


def present(mapping: IngestMapping, folder: Path, report: IngestReport) -> IngestMapping:
    """The mapping without its optional inputs of which nothing is under `folder`.

    Raises
    ------
    InputError
        If neither bars nor daily bars are left.
    """
    absent = {name: source for name, source in mapping.inputs().items() if not _is_there(source, folder)}
    if not absent:
        return mapping
    prices = {"bars", "daily"} & mapping.inputs().keys()
    if prices <= absent.keys():
        places = " nor ".join(_place(absent[name]) for name in sorted(prices))
        none = "neither" if len(prices) > 1 else "no"
        raise InputError(f"{folder}: {none} {places} is there{_of_vendor(mapping)}")
    names = ", ".join(f"{name} ({_place(source)})" for name, source in absent.items())
    report.note(f"not there, so left out: {names}")
    return without(mapping, absent)


def without(mapping: IngestMapping, absent: Collection[str]) -> IngestMapping:
    """The mapping without some inputs."""
    sections: dict[str, Any] = {name: None for name in absent if "." not in name}
    for kind in BY_MARKET:
        markets: dict[str, RowInput] = getattr(mapping, kind)
        sections[kind] = {market: source for market, source in markets.items() if f"{kind}.{market}" not in absent}
    return mapping.model_copy(update=sections)


def _is_there(source: RowInput, folder: Path) -> bool:
    """Whether any file of an optional input exists; one that is not optional is looked for, and missed, later."""
    if not source.optional or source.sql is not None:
        return True
    if source.provider:
        return (folder / source.provider.expanduser() / _calendar(source)).is_file()
    return any(found(folder, pattern) for pattern in source.patterns)


def _calendar(source: RowInput) -> str:
    """The file of a provider without which an input is not there."""
    return f"calendars/{source.freq if isinstance(source, BarInput) else 'day'}.txt"


def _place(source: RowInput) -> str:
    return _calendar(source) if source.provider else ", ".join(source.patterns)


def _of_vendor(mapping: IngestMapping) -> str:
    if mapping.vendor is None:
        return ""
    return f"; `mfgru ingest --vendor {mapping.vendor} --show` says where its files are expected"
