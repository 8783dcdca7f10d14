"""Vendors' ready mappings, package data in ``ingest/vendors``: a mapping that names one need only say what differs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping.rows import BY_MARKET, ORIGINS
from qlib_mfgru.refusals import nearest

_FOLDER = Path(__file__).parents[1] / "vendors"
_PLACE = frozenset({*ORIGINS, "url"})

VENDORS: tuple[str, ...] = tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))
"""Vendors with a ready mapping."""


def ready_text(vendor: str) -> str:
    """A vendor's ready mapping as it is written: which call gives which file, and what one has to add.

    Raises
    ------
    InputError
        If there is none; the message offers the nearest name.
    """
    if vendor not in VENDORS:
        raise InputError(f"no ready mapping of {vendor!r}{nearest(vendor, VENDORS)}")
    return (_FOLDER / f"{vendor}.yaml").read_text(encoding="utf-8")


def over_ready(vendor: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """A vendor's ready mapping with a user's keys over it, section by section and key by key.

    A section that says itself where its rows are takes only units, columns and the like from the vendor's, and its
    files have to be there. An empty section leaves the vendor's out.
    """
    content: dict[str, Any] = yaml.safe_load(ready_text(vendor))
    for key, section in own.items():
        over = _markets_over if key in BY_MARKET and isinstance(section, Mapping) else _section_over
        content[key] = over(content.get(key), section)
    return content


def _markets_over(ready: Mapping[str, Any] | None, own: Mapping[Any, Any]) -> dict[str, Any]:
    ready, named = ready or {}, {str(market).lower() for market in own}
    rest = {market: section for market, section in ready.items() if market not in named}
    return rest | {market: _section_over(ready.get(str(market).lower()), section) for market, section in own.items()}


def _section_over(ready: Any, own: Any) -> Any:
    if isinstance(own, str | list) and isinstance(ready, Mapping):
        own = {"files": own}
    if not isinstance(own, Mapping) or not isinstance(ready, Mapping):
        return own
    if _PLACE & own.keys():
        ready = {key: value for key, value in ready.items() if key not in _PLACE | {"optional"}}
    return {**ready, **own}
