"""What sqlite says of a store that it cannot read or write, with what to do; and mlflow's sessions, which say it so."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError

from qlib_mfgru.errors import InputError
from qlib_mfgru.machine import ADVICE

Sessions = Callable[..., AbstractContextManager[Any]]
"""Makes a session with the database, which is committed at its end."""

_NO_MORE = "what the run had still to keep is not there: run it again"
_TROUBLE = {
    "is full": f"{ADVICE[errno.ENOSPC]}; {_NO_MORE}",
    "I/O error": f"the disk may be full or broken: {ADVICE[errno.ENOSPC]}; {_NO_MORE}",
    "is locked": "another process, perhaps one that was stopped, keeps it to itself: wait for it to end, or end it",
    "readonly": f"it, or its folder, cannot be written: {ADVICE[errno.EACCES]}",
    "unable to open": f"it, or its folder, cannot be read and written: {ADVICE[errno.EACCES]}",
    "malformed": "it is damaged: put a copy back, or rename it to begin another; `sqlite3 FILE .recover` may read it",
    "not a database": "it is something else: name another file",
}
"""A part of what sqlite says -> what to do. Its numbers do not come through every version of Python and SQLAlchemy."""


class StoreError(InputError):
    """A store cannot be read or written: the message names the file, what sqlite says, and what to do."""


def trouble(file: Path, error: BaseException) -> StoreError:
    """An error of sqlite in words."""
    words = str(error).partition("\n")[0]
    if file.is_dir():
        return StoreError(f"{file.absolute()} is a folder, and the file of a store is meant: name another file")
    advice = next((what for part, what in _TROUBLE.items() if part in words), None)
    return StoreError(f"{file.absolute()}: {words}" + (f": {advice}" if advice else ""))


def speak(client: MlflowClient, file: Path) -> None:
    """Let the store behind a client, which mlflow keeps for all of an address, say its troubles as a `StoreError`.

    mlflow prints three tracebacks of each, and raises an error without the file's name.
    """
    store = client._tracking_client.store
    if not isinstance(store.ManagedSessionMaker, _Speaking):
        store.ManagedSessionMaker = _Speaking(store.ManagedSessionMaker, file)


class _Speaking:
    """mlflow's sessions with an sqlite file."""

    def __init__(self, sessions: Sessions, file: Path) -> None:
        self._sessions, self._file = sessions, file.absolute()

    @contextmanager
    def __call__(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        try:
            with self._sessions(*args, **kwargs) as session:
                try:
                    yield session
                    session.commit()  # here, for mlflow's own is where it prints
                except (IntegrityError, ProgrammingError):  # of what was asked for, not of the file
                    raise
                except DatabaseError as error:
                    raise trouble(self._file, error.orig or error) from error
        except MlflowException as error:
            if isinstance(error.__cause__, StoreError):
                raise error.__cause__ from None
            raise
