"""Panels in their cache: found by what they were read from, checked, made where they are missing or damaged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from qlib.log import get_module_logger

from qlib_mfgru.data.panel.build import DESCRIPTION, folder_name, prefix, write
from qlib_mfgru.data.panel.extend import extend
from qlib_mfgru.data.panel.fields import Field
from qlib_mfgru.data.panel.layout import BARS
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS, Sums, locked, staged, sweep, tidy
from qlib_mfgru.provider.reader import is_current

_WHILE_READ = 1 << 24
"""Bytes up to which a file is read anyway, and its checksum held against what was written; of larger ones the size."""
_FILES = {DESCRIPTION, BARS, SUMS, *(f"{name}.npy" for name in ("days", "traded", "priced", "digests"))}


def panel_folder(root: Path, freq: str, codes: list[str], fields: Sequence[Field]) -> Path:
    """The folder of a whole panel; another process that makes the same one is waited for.

    Raises
    ------
    InputError
        As of `BarPanel.open`; or one that is damaged holds something else as well.
    """
    folder = root / folder_name(freq, codes, fields)
    if _is_whole(folder):
        tidy(folder)
        return folder
    with locked(folder, wait=True):
        if not _is_whole(folder):
            _make(folder, freq, codes, fields)
    return folder


def _make(folder: Path, freq: str, codes: list[str], fields: Sequence[Field]) -> None:
    """Write a panel in the place of a damaged one or of none, and remove those that it makes obsolete."""
    log = get_module_logger("BarPanel")
    if folder.exists():
        if others := _strangers(folder):
            raise InputError(f"{_fault(folder)}; but {folder} also holds {', '.join(others)}: move that away")
        log.warning(f"{_fault(folder)}: the panel is made again")
    earlier = _earlier(folder, freq)
    with staged(folder) as new:
        description = None
        for old in earlier:
            description = description or extend(new, old, freq, codes, fields)
        description = description or write(new, freq, codes, fields)
        Sums.of(new).write(new)
    log.info(f"panel of {freq} bars {description['shape']} made at {folder}")
    if is_current(freq):
        _remove_outdated(folder, description)
    sweep(folder.parent)


def _earlier(folder: Path, freq: str) -> list[Path]:
    """Whole panels of a frequency and of the same format beside one that is made, the newest first."""
    files = folder.parent.glob(f"{prefix(freq)}*/{DESCRIPTION}")
    folders = [file.parent for file in files if file.parent != folder and _is_whole(file.parent)]
    return sorted(folders, key=lambda each: -(each / BARS).stat().st_mtime_ns)


def _is_whole(folder: Path) -> bool:
    return folder.exists() and not _fault(folder)


def _fault(folder: Path) -> str:
    """What is wrong with a panel's files, in words; empty where nothing is."""
    try:
        sums = Sums.read(folder)
    except ValueError as error:
        return str(error)
    if sums is None or BARS not in sums.files:
        return f"{folder} has no checksums"
    small = [name for name, (size, _) in sums.files.items() if size <= _WHILE_READ]
    return next(sums.misfits(folder), None) or next(sums.damaged(folder, small), "")


def _strangers(folder: Path) -> list[str]:
    """What lies in a panel's folder and is no file of a panel's."""
    return sorted(path.name for path in folder.iterdir() if path.name not in _FILES or path.is_dir())


def _remove_outdated(folder: Path, description: dict[str, Any]) -> None:
    """Remove panels of the same fields from the provider's earlier states.

    They are gigabytes each. A process that has mapped an outdated panel keeps it until it ends. Other fields' panels
    stay; but those of the earlier format, which had the report's fields and did not say so, are of no use to anyone.
    """
    for file in folder.parent.glob(f"{description['freq']}-*/{DESCRIPTION}"):
        try:
            other = {"fields": description["fields"], **json.loads(file.read_text())}
        except (OSError, ValueError, TypeError):
            continue  # removed meanwhile, or damaged: it is made again by whoever opens it
        is_earlier = all(other.get(name) == description[name] for name in ("provider", "fields"))
        if is_earlier and file.parent != folder and not _strangers(file.parent):
            _remove(file.parent)


def _remove(folder: Path) -> None:
    """Remove a panel, its description last: one whose removal is cut off is found again by that."""
    with suppress(OSError):
        for path in sorted(folder.iterdir(), key=lambda path: path.name == DESCRIPTION):
            path.unlink(missing_ok=True)
        folder.rmdir()
