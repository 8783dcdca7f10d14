"""What is dear to make and the same for many tests: made once in a run of pytest, whatever processes it has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

_folder: Path | None = None


def keep_in(folder: Path) -> None:
    """Say where such things lie: in a folder that all processes of the run have in common, and that ends with it."""
    global _folder
    _folder = folder


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """A file or folder that `make` writes at the path it is given, when the first test asks for it.

    It belongs to all tests: one that changes anything in it works on a copy.
    """
    assert _folder is not None
    path, done = _folder / name, _folder / f"{name}.made"
    with FileLock(_folder / f"{name}.lock"):
        if not done.exists():
            make(path)
            done.touch()
    return path


def empty_store(file: Path) -> None:
    """An sqlite store of experiments without a run, where there is none yet: mlflow takes a second to make one."""
    if not file.exists():
        shutil.copyfile(made_once("mlruns.db", _make_store), file)


def _make_store(file: Path) -> None:
    from mlflow.tracking import MlflowClient

    MlflowClient(tracking_uri=f"sqlite:///{file}").search_experiments(max_results=1)
