"""The mapping file: where the vendor's files lie and how they are meant."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

from qlib_mfgru.errors import InputError

T = TypeVar("T", bound="FileInput")


@dataclass(frozen=True, kw_only=True)
class FileInput:
    """Files of one kind, relative to the source folder; a pattern may hold ``*``."""

    files: tuple[str, ...]
    columns: MappingType[str, str] = field(default_factory=dict)
    sep: str | None = None
    names: tuple[str, ...] | None = None
    encoding: str = "utf-8-sig"


@dataclass(frozen=True, kw_only=True)
class PriceInput(FileInput):
    """Files with prices and volumes."""

    volume: str = "shares"
    amount: str = "yuan"
    prices: str = "raw"


@dataclass(frozen=True, kw_only=True)
class BarInput(PriceInput):
    """Intraday bars; `stamps` says which end of a bar its stamp is."""

    freq: str
    stamps: str


@dataclass(frozen=True, kw_only=True)
class WeightInput(FileInput):
    """Weights of one index; `carry` keeps the last known ones, drifted with prices, to the calendar's end."""

    unit: str = "percent"
    carry: bool = False


@dataclass(frozen=True, kw_only=True)
class IndustryInput(FileInput):
    """Industries; `level: letter` takes the leading letter of the name."""

    level: str = "name"


@dataclass(frozen=True, kw_only=True)
class ShareInput(FileInput):
    """Float shares, in shares or in ten thousand of them."""

    unit: str = "shares"


@dataclass(frozen=True, kw_only=True)
class StInput(FileInput):
    """Special treatment, from dates or spans, or from today's names (`from_name`).

    Today's names hold on all days since the date `since`, or, with ``since: prices``, from the day after the stock's
    last close beyond what special treatment allows.
    """

    from_name: bool = False
    since: str | None = None


@dataclass(frozen=True, kw_only=True)
class IngestMapping:
    """The whole mapping file; see docs/ingest.md for its keys."""

    bars: BarInput | None = None
    daily: PriceInput | None = None
    factors: FileInput | None = None
    limits: FileInput | None = None
    index: FileInput | None = None
    industry: IndustryInput | None = None
    float_shares: ShareInput | None = None
    st: StInput | None = None
    members: MappingType[str, FileInput] = field(default_factory=dict)
    weights: MappingType[str, WeightInput] = field(default_factory=dict)
    carry_members: bool = False
    missing_vwap: str = "typical"
    max_dropped: float = 0.05


_UNITS: dict[type[FileInput], tuple[str, ...]] = {
    WeightInput: ("percent", "fraction"),
    ShareInput: ("shares", "ten_thousand"),
}
_CHOICES = {
    "freq": ("1min", "5min", "15min"),
    "stamps": ("end", "start"),
    "volume": ("shares", "lots"),
    "amount": ("yuan", "thousand", "ten_thousand"),
    "prices": ("raw", "adjusted", "unadjusted"),
    "level": ("name", "letter"),
    "missing_vwap": ("typical", "nan"),
}

_SECTIONS: dict[str, type[FileInput]] = {
    "bars": BarInput,
    "daily": PriceInput,
    "factors": FileInput,
    "limits": FileInput,
    "index": FileInput,
    "industry": IndustryInput,
    "float_shares": ShareInput,
    "st": StInput,
}
_MARKET_SECTIONS: dict[str, type[FileInput]] = {"members": FileInput, "weights": WeightInput}


def load_mapping(path: Path) -> IngestMapping:
    """Read a mapping file.

    Raises
    ------
    InputError
        If it is no YAML, or has an unknown key or value; the message says what is known.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a YAML file: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected keys such as bars, daily, members")
    return parse_mapping(content, str(path))


def parse_mapping(content: MappingType[str, Any], origin: str) -> IngestMapping:
    """Check and type a mapping; `origin` names it in errors."""
    values = dict(content)
    _check_keys(values, IngestMapping, origin)
    for name, kind in _SECTIONS.items():
        if values.get(name) is not None:
            values[name] = _section(kind, values[name], f"{origin}: {name}")
    for name, kind in _MARKET_SECTIONS.items():
        markets = values.get(name) or {}
        if not isinstance(markets, dict):
            raise InputError(f"{origin}: {name}: expected market names, e.g. csi300, each with its files")
        values[name] = {
            str(market).lower(): _section(kind, part, f"{origin}: {name}.{market}") for market, part in markets.items()
        }
    _check_values(values, origin)
    if values.get("bars") is None and values.get("daily") is None:
        raise InputError(f"{origin}: give bars, daily, or both")
    return IngestMapping(**values)


def _section(kind: type[T], content: Any, origin: str) -> T:
    values = {"files": content} if isinstance(content, str | list) else dict(content)
    _check_keys(values, kind, origin)
    if not values.get("files"):
        raise InputError(f"{origin}: no files given")
    files = values["files"]
    values["files"] = (files,) if isinstance(files, str) else tuple(map(str, files))
    if values.get("names") is not None:
        values["names"] = tuple(map(str, values["names"]))
    missing = {"freq", "stamps"} - set(values) if kind is BarInput else set()
    if missing:
        raise InputError(f"{origin}: say {' and '.join(sorted(missing))} (stamps: end, or stamps: start)")
    _check_values(values, origin)
    if "unit" in values and values["unit"] not in _UNITS[kind]:
        raise InputError(f"{origin}: unit: {values['unit']!r} is none of {', '.join(_UNITS[kind])}")
    if values.get("since") is not None:
        values["since"] = str(values["since"])
    return kind(**values)


def _check_keys(values: MappingType[str, Any], kind: type, origin: str) -> None:
    known = [item.name for item in fields(kind)]
    unknown = [str(key) for key in values if key not in known]
    if unknown:
        raise InputError(f"{origin}: unknown key {', '.join(unknown)}; known are {', '.join(known)}")


def _check_values(values: MappingType[str, Any], origin: str) -> None:
    for key, choices in _CHOICES.items():
        if key in values and values[key] not in choices:
            raise InputError(f"{origin}: {key}: {values[key]!r} is none of {', '.join(choices)}")
    share = values.get("max_dropped", 0.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise InputError(f"{origin}: max_dropped: {share!r} is no fraction between 0 and 1")
