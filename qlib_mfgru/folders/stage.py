"""A folder that is written in a box beside its place, and takes that in one step once it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qlib_mfgru.folders.box import OLD, new_box, remove
from qlib_mfgru.folders.exchange import exchange, sync
from qlib_mfgru.machine import advice


@contextmanager
def scratch(target: Path) -> Iterator[Path]:
    """An empty folder beside `target`, whose lock the caller holds; it is gone at the end, whatever happens.

    Raises
    ------
    OSError
        One that was raised inside, with what to do, and always with a file name: `target` where the system gave none.
    """
    with advice(target):
        box = new_box(target)
        try:
            folder = box / "new"
            folder.mkdir()
            yield folder
        finally:
            remove(box, target)


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """As `scratch`, but the folder becomes `target` at the end, unless there is an error.

    An older folder of that name is replaced: whether that is allowed is for the caller to see. Where the file system
    can, it is there until the new one is; else a kill in between is mended by whoever gets the lock next.
    """
    with scratch(target) as folder:
        yield folder
        sync(folder)
        if not os.path.lexists(target):  # a link gives way as well, and what it leads to stays
            folder.rename(target)
        elif not exchange(folder, target):
            target.rename(folder.with_name(OLD))
            folder.rename(target)
        with suppress(OSError):  # the new folder has its name; not every file system can be asked to keep it
            sync(target.parent)


@contextmanager
def staged_file(target: Path) -> Iterator[Path]:
    """As `staged`, for a file: the path of a new one, which becomes `target` at the end, unless there is an error."""
    with scratch(target) as folder:
        new = folder / target.name
        yield new
        sync(folder)
        new.replace(target)
        with suppress(OSError):
            sync(target.parent)
