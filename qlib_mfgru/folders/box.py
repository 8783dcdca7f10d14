"""A box: a private folder beside the one that is written, which says whose it is and is known by that alone.

Its name is that of the folder with a dot before it and eight random digits behind; in it lies a marker that names the
process that fills it, from the first moment to the last: it is made first, and goes when nothing else is left. What a
killed process leaves is a box, and whoever gets the folder's lock next removes it. Anything of such a name that holds
something, and no marker that names a process, is somebody else's.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from qlib_mfgru.folders.holder import Holder

MARKER = ".mfgru-unfinished"
"""The file in a box that says who fills it."""
OLD = "old"
"""Where a box keeps a folder that makes room for a new one, until that has its place."""
_REPLACED = "replaced"
_NAME = re.compile(r"\.(.+)\.[0-9a-f]{8}", re.DOTALL)


def new_box(target: Path) -> Path:
    """Make a box beside a folder, readable as the umask says."""
    box = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    box.mkdir()  # not by mkdtemp, whose folders are for their owner alone
    try:
        Holder.this().write(box / MARKER)
    except BaseException:
        remove(box, target)
        raise
    return box


def remove(box: Path, target: Path) -> None:
    """Remove a box, its marker last, as far as that can be; first an older folder whose place is free is put back."""
    with suppress(OSError):
        if (box / OLD).exists():
            (box / OLD).rename(box / _REPLACED if os.path.lexists(target) else target)
        for path in box.iterdir():
            if path.name != MARKER:
                _remove_all(path)
        if set(os.listdir(box)) <= {MARKER}:
            (box / MARKER).unlink(missing_ok=True)
            box.rmdir()


def _remove_all(path: Path) -> None:
    """Remove a folder; of a link to one, which had the new folder's place, the link."""
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def clear(target: Path) -> None:
    """Remove the boxes of a folder, and put back an older folder that was to make room; the lock must be held."""
    for box, each in _boxes(target.parent):
        if each == target:
            remove(box, target)


def targets(parent: Path) -> set[Path]:
    """Folders in `parent` that have a box, whether they exist or not."""
    return {target for _, target in _boxes(parent)}


def _boxes(parent: Path) -> Iterator[tuple[Path, Path]]:
    """Boxes in a folder, each with the folder beside which it was made."""
    for name in os.listdir(parent):
        if (match := _NAME.fullmatch(name)) and _is_box(parent / name):
            yield parent / name, parent / match[1]


def _is_box(folder: Path) -> bool:
    """Whether a folder of a box's name is one: its marker names a process, or it was killed before it could."""
    marker = folder / MARKER
    if folder.is_symlink():
        return False
    try:
        names = os.listdir(folder)
        is_begun = not names or (names == [MARKER] and not marker.lstat().st_size)
    except OSError:  # no folder, or another user's
        return False
    return is_begun or Holder.read(marker) is not None
