"""``ExperimentStore``: qlib's experiments in an sqlite file that is whole from the moment it has its name.

mlflow makes its tables in some thirty steps in the file itself, and cannot go on where it was stopped. Killed there,
out of disk, or next to a second run that begins at the same time, it leaves a file that no run can use any more.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from mlflow.tracking import MlflowClient
from qlib.workflow.expm import MLflowExpManager

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked, scratch

_SQLITE = "sqlite:///"
_PATIENCE = 60
"""Seconds for which another process may keep the file to itself while it writes."""


class ExperimentStore(MLflowExpManager):
    """qlib's MLflowExpManager, which makes an sqlite file under another name first; other stores are mlflow's matter.

    In a YAML::

        qlib_init:
          exp_manager:
            class: ExperimentStore
            module_path: qlib_mfgru.report.store
            kwargs: {uri: "sqlite:///mlruns.db", default_exp_name: mfgru}

    Parameters
    ----------
    uri : str
    default_exp_name : str

    Raises
    ------
    InputError
        On first use, what `make_store` says.
    """

    @property
    def client(self) -> MlflowClient:
        """mlflow's client, of a store that is whole."""
        if self.uri.startswith(_SQLITE):
            make_store(Path(self.uri.removeprefix(_SQLITE)))
        return super().client


def make_store(file: Path) -> None:
    """Make an sqlite store of experiments, unless there is one; another process that makes it is waited for.

    Raises
    ------
    InputError
        If the file is something else, or was left half made; or mlflow cannot make one: the message says why.
    """
    if _is_whole(file):
        return
    with locked(file, wait=True):
        if not _is_whole(file):
            _make(file)


def _make(file: Path) -> None:
    with scratch(file) as folder:
        new = folder / file.name
        try:
            MlflowClient(tracking_uri=f"{_SQLITE}{new}").search_experiments(max_results=1)
        except Exception as error:  # of mlflow, of SQLAlchemy, of sqlite
            raise InputError(f"{file.absolute()}: mlflow cannot make its store here ({_cause(error)})") from error
        new.rename(file)


def _is_whole(file: Path) -> bool:
    """Whether there is a store; the experiment that all have is the last that mlflow makes of it."""
    if not file.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", _PATIENCE, uri=True)) as store:
            whole = bool(store.execute("select count(*) from experiments").fetchone()[0])
    except sqlite3.Error:
        whole = False
    if not whole:
        raise InputError(
            f"{file.absolute()} is no whole store of experiments: mlflow was stopped while it made it, or the file is "
            "something else; it holds no experiment: delete or rename it, and run again"
        )
    return True


def _cause(error: Any) -> str:
    """The first line of the innermost error, without SQLAlchemy's."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).partition("\n")[0]
