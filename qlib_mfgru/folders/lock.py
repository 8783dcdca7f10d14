"""One writer of a folder at a time, on all machines that share it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from qlib.log import get_module_logger

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders.holder import Holder

_PATIENCE = 0.5
"""Seconds after which a wait is worth a line in the log."""


@contextmanager
def locked(target: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock of a folder, which need not exist; the system lets go of it when the process ends, however it does.

    The lock is a file beside the folder, ``.NAME.lock``, which names its `Holder` and is removed at the end.

    Parameters
    ----------
    target : Path
        The folder; its parent must exist.
    wait : bool
        Wait for whoever holds the lock; else that is an error.

    Raises
    ------
    InputError
        Another process holds the lock: the message says who.
    """
    file = target.with_name(f".{target.name}.lock")
    lock = FileLock(file)
    try:
        lock.acquire(timeout=_PATIENCE)
    except Timeout:
        holder = Holder.read(file) or "another process"
        if not wait:
            raise InputError(f"{target} is being written by {holder}: wait for it to end, or end it") from None
        get_module_logger("mfgru").info(f"waiting for {target}, which is being written by {holder}")
        lock.acquire()
    try:
        Holder.this().write(file)
        yield
    finally:
        file.unlink(missing_ok=True)  # those that wait for it see that it is gone, and make a new one
        lock.release()
