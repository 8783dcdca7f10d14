"""A folder that is written beside its place, and takes it once it is whole.

Beside ``NAME`` a box of random name is made, ``.NAME.xxxxxxxx``. In it lie a marker that says whose it is, and the new
folder, which in the end changes places with an older one in a single step. What a killed writer leaves is such a box:
the next writer of the same folder, who holds its lock, knows it by the marker and removes it. Nothing else is touched.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qlib_mfgru.folders.exchange import exchange, sync
from qlib_mfgru.folders.holder import Holder
from qlib_mfgru.folders.lock import locked

MARKER = ".mfgru-unfinished"
"""The file in a box that says who fills it."""
_NEW, _OLD = "new", "old"


@contextmanager
def staged(target: Path, *, wait: bool = False) -> Iterator[Path]:
    """A new folder to write to, which becomes `target` at the end; after an error nothing of it is left.

    An older folder of that name is replaced: whether that is allowed is for the caller to see, once inside.

    Parameters
    ----------
    target : Path
        Its parent is made if it is missing.
    wait : bool
        As of `locked`, which is held all the while.

    Yields
    ------
    Path
        The folder to write to; empty, on the same file system, readable as the umask says.

    Raises
    ------
    InputError
        As of `locked`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target, wait=wait):
        _clear(target)
        box = _new_box(target)
        try:
            (box / _NEW).mkdir()
            yield box / _NEW
            sync(box)
            _place(box, target)
        finally:
            shutil.rmtree(box, ignore_errors=True)


def leftovers(target: Path) -> list[Path]:
    """Boxes beside `target` that its writers have left, or are filling; anything else of such a name is not ours."""
    boxes = target.parent.glob(f".{_escaped(target.name)}.????????")
    return sorted(box for box in boxes if (box / MARKER).is_file() and not box.is_symlink())


def _clear(target: Path) -> None:
    """Remove what killed writers left, and put back an old folder that one had moved away; the lock must be held."""
    for box in leftovers(target):
        if (box / _OLD).exists() and not target.exists():
            (box / _OLD).rename(target)
        shutil.rmtree(box, ignore_errors=True)


def _new_box(target: Path) -> Path:
    box = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        Holder.this().write(box / MARKER)
    except OSError:
        box.rmdir() if not any(box.iterdir()) else shutil.rmtree(box)
        raise
    box.chmod(0o777 & ~_umask())  # mkdtemp's are for their owner alone
    return box


def _place(box: Path, target: Path) -> None:
    """Give the new folder its name; an older one is in the box afterwards."""
    if not target.exists():
        (box / _NEW).rename(target)
    elif not exchange(box / _NEW, target):
        target.rename(box / _OLD)
        (box / _NEW).rename(target)
    with suppress(OSError):  # not every file system can
        sync(target.parent)


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _escaped(name: str) -> str:
    """A name as a pattern that matches it alone."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
