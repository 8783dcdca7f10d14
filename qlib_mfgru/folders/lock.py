"""One writer of a folder at a time, on all machines that share it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout, lock_descriptor

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders.box import clear, targets
from qlib_mfgru.folders.holder import Holder
from qlib_mfgru.machine import advice


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
        Another process holds the lock; or one of another user has left it, whose file cannot be opened or removed.
    InputError
        What lies in the lock's place is none.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    file = lock_file(target)
    _check_ours(file, target)
    lock = FileLock(file)
    try:
        _hold(lock, file, target, wait=wait, patience=patience)
        with advice(target):  # of a write, the system says what is wrong and not where
            Holder.this().write(file)
        clear(target)
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):
                file.unlink()  # those that wait for it see that it is gone, and make a new one
            lock.release()


def _hold(lock: FileLock, file: Path, target: Path, *, wait: bool, patience: float) -> None:
    """Get the lock; errors as of `locked`."""
    try:
        _acquire(lock, file, patience)
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
        raise Busy(
            f"{target} is, or was, being written by {holder}, of another user: wait for it to end, "
            f"and have {file} deleted if it was killed"
        ) from None


def lock_file(target: Path) -> Path:
    """The file that is there while the lock of a folder is held, and after a holder was killed."""
    return target.with_name(f".{target.name}.lock")


def sweep(parent: Path) -> None:
    """Remove what killed writers of any folder in `parent` have left there; those that are alive are let be."""
    locks = {file: file.with_name(file.name[1 : -len(".lock")]) for file in parent.glob(".?*.lock")}
    for target in targets(parent) | {target for file, target in locks.items() if Holder.read(file) is not None}:
        _clear(target)


def tidy(target: Path) -> None:
    """Remove what a writer of a folder has left that was killed when the folder had its place already.

    For those who find it whole, and write nothing. What it was written in goes before its lock, so that one look at
    that is enough; a writer that is alive is let be, and so is what this process may not remove.
    """
    if lock_file(target).exists():
        _clear(target)


def _clear(target: Path) -> None:
    with suppress(InputError, OSError), locked(target, wait=False, patience=0.0):
        pass  # getting the lock clears


def _check_ours(file: Path, target: Path) -> None:
    """Refuse to take anything for a lock but a file that names a holder, or is empty, or cannot be looked into."""
    try:
        is_file = stat.S_ISREG(file.lstat().st_mode)
        content = file.read_bytes() if is_file else b""
    except (FileNotFoundError, PermissionError):
        return
    if not is_file or (content and Holder.of(content) is None):
        raise InputError(f"{file} is in the place of the lock of {target}, and is none: move it away")


def _acquire(lock: FileLock, file: Path, patience: float) -> None:
    """Get a lock, that which a killed process of another user left included, if its file can be read and removed."""
    try:
        lock.acquire(timeout=patience)
    except PermissionError:
        if not _removed(file):
            raise
        lock.acquire(timeout=patience)


def _removed(file: Path) -> bool:
    """Remove a lock's file that nobody holds; whether it could be."""
    with suppress(OSError):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            if lock_descriptor(descriptor, blocking=False) and os.path.samestat(os.fstat(descriptor), file.lstat()):
                file.unlink()  # while it is held: those that wait for it see that it is gone
                return True
        finally:
            os.close(descriptor)
    return False
