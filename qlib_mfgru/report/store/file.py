"""The sqlite file of a store, which is there and whole, or is not there.

mlflow makes its tables in some thirty steps in the file itself, and cannot go on where it was stopped. Killed there,
out of disk, or next to a second run that begins at the same time, it leaves a file that no run can use any more.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from mlflow.tracking import MlflowClient

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked, scratch, tidy
from qlib_mfgru.report.store.trouble import trouble

SQLITE = "sqlite:///"
PATIENCE = 60
"""Seconds for which another process may keep the file to itself while it writes."""


def store_file(uri: str) -> Path | None:
    """The file of a store's address; None where it is of another kind.

    Raises
    ------
    InputError
        The path has a ``?``, behind which an address has its options: mlflow would make a file of half its name.
    """
    if not uri.startswith(SQLITE):
        return None
    path, _, options = uri.removeprefix(SQLITE).partition("?")
    if "/" in options or (options and "=" not in options):
        raise InputError(
            f"the store of experiments {uri} has a `?` in its path, where an address has its options: "
            "go to that folder and name the file alone, or rename the folder"
        )
    return Path(path)


def make_store(file: Path) -> None:
    """Make an sqlite store of experiments, unless there is one; another process that makes it is waited for.

    Raises
    ------
    InputError
        If the file is something else, was left half made by mlflow, or cannot be read; or mlflow cannot make one: the
        message says why.
    """
    if file.is_symlink():
        file = Path(os.path.realpath(file))  # else the store would take the place of a link that leads nowhere yet
    if _is_whole(file):
        tidy(file)
        return
    with locked(file, wait=True):
        if not _is_whole(file):
            _make(file)


def _make(file: Path) -> None:
    with scratch(file) as folder:
        new = folder / file.name
        address = f"{SQLITE}{new}"
        store_file(address)
        try:
            MlflowClient(tracking_uri=address).search_experiments(max_results=1)
        except Exception as error:  # of mlflow, of SQLAlchemy, of sqlite
            raise InputError(f"{file.absolute()}: mlflow cannot make its store here ({_cause(error)})") from error
        new.rename(file)


def _is_whole(file: Path) -> bool:
    """Whether there is a store; the experiment that all have is the last that mlflow makes of it."""
    if not file.exists():
        return False
    try:
        tables, n_experiments = _look(file)
    except sqlite3.Error as error:
        raise trouble(file, error) from error
    if tables and "experiments" not in tables:
        raise InputError(
            f"{file.absolute()} is another program's database, without a table of experiments: name another file"
        )
    if not n_experiments:
        raise InputError(
            f"{file.absolute()} is no whole store of experiments: mlflow was stopped while it made it, and it holds no "
            "experiment: delete or rename it, and run again"
        )
    return True


def _look(file: Path) -> tuple[set[str], int]:
    """Tables, and number of experiments; what a process that was killed has left unfinished is taken back by sqlite.

    That is why the file is opened for writing. It is not made: it may be gone meanwhile.
    """
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", PATIENCE, uri=True)) as store:
        tables = {name for (name,) in store.execute("select name from sqlite_master where type = 'table'")}
        known = "experiments" in tables
        return tables, store.execute("select count(*) from experiments").fetchone()[0] if known else 0


def _cause(error: Any) -> str:
    """The first line of the innermost error, without SQLAlchemy's."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).partition("\n")[0]
