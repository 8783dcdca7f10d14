"""One writer of a folder at a time, on all machines that share it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders.box import clear, targets
from qlib_mfgru.folders.holder import Holder


class Busy(InputError):
    """Another process holds the lock: the message says who."""


@contextmanager
def locked(target: Path, *, wait: bool, patience: float = 0.5) -> Iterator[None]:
    """Hold the lock of a folder, which need not exist, and begin with removing what a killed holder left in boxes.

    The system lets go of it when the process ends, however it does. The lock is a file beside the folder,
    ``.NAME.lock``, which names its `Holder` and is removed at the end.

    Parameters
    ----------
    target : Path
        The folder; its parent is made if it is missing.
    wait : bool
        Wait for whoever holds the lock; else that is an error.
    patience : float
        Seconds after which there is that error, or a line in the log.

    Raises
    ------
    Busy
        Another process holds the lock; or one of another user has left it, whose file cannot be opened.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    file = lock_file(target)
    lock = FileLock(file)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        holder = Holder.read(file) or "another process"
        if not wait:
            raise Busy(f"{target} is being written by {holder}: wait for it to end, or end it") from None
        from qlib.log import get_module_logger  # the commands that need no qlib are faster without it

        get_module_logger("mfgru").info(f"waiting for {target}, which is being written by {holder}")
        lock.acquire()
    except PermissionError:
        if not os.path.lexists(file):
            raise
        holder = Holder.read(file) or "a process"
        raise Busy(f"{target} is, or was, being written by {holder}, of another user: see {file}") from None
    try:
        Holder.this().write(file)
        clear(target)
        yield
    finally:
        file.unlink(missing_ok=True)  # those that wait for it see that it is gone, and make a new one
        lock.release()


def lock_file(target: Path) -> Path:
    """The file that is there while the lock of a folder is held, and after a holder was killed."""
    return target.with_name(f".{target.name}.lock")


def sweep(parent: Path) -> None:
    """Remove what killed writers of any folder in `parent` have left there; those that are alive are let be."""
    locks = {file: file.with_name(file.name[1 : -len(".lock")]) for file in parent.glob(".?*.lock")}
    for target in targets(parent) | {target for file, target in locks.items() if Holder.read(file) is not None}:
        with suppress(Busy, OSError), locked(target, wait=False, patience=0.0):
            pass  # getting the lock clears
