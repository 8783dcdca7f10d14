"""A box: a private folder beside the one that is written, which says whose it is and is known by that alone.

Its name is that of the folder with a dot before it and eight random characters behind; in it lies a marker that names
the process that fills it. What a killed process leaves is a box, and whoever gets the folder's lock next removes it.
Without a marker, anything of such a name is somebody else's.
"""

from __future__ import annotations

import glob
import secrets
import shutil
from pathlib import Path

from qlib_mfgru.folders.holder import Holder

MARKER = ".mfgru-unfinished"
"""The file in a box that says who fills it."""
OLD = "old"
"""Where a box keeps a folder that makes room for a new one."""
_RANDOM = 8


def new_box(target: Path) -> Path:
    """Make a box beside a folder, readable as the umask says."""
    box = target.with_name(f".{target.name}.{secrets.token_hex(_RANDOM // 2)}")
    box.mkdir()  # not by mkdtemp, whose folders are for their owner alone
    try:
        Holder.this().write(box / MARKER)
    except BaseException:
        shutil.rmtree(box)
        raise
    return box


def clear(target: Path) -> None:
    """Remove the boxes of a folder, and put back an older folder that was to make room; the lock must be held."""
    for box in _boxes(target.parent, glob.escape(target.name)):
        if (box / OLD).exists() and not target.exists():
            (box / OLD).rename(target)
        shutil.rmtree(box, ignore_errors=True)


def targets(parent: Path) -> set[Path]:
    """Folders in `parent` that have a box, whether they exist or not."""
    return {box.with_name(box.name[1 : -1 - _RANDOM]) for box in _boxes(parent, "*")}


def _boxes(parent: Path, name: str) -> list[Path]:
    boxes = parent.glob(f".{name}.{'?' * _RANDOM}")
    return [box for box in boxes if (box / MARKER).is_file() and not box.is_symlink()]
