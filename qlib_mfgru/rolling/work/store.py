"""``UnitStore``: finished units in files, each in a folder named by its key."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from qlib.model.base import Model

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked, staged

DEFAULT_UNITS = Path("~/.cache/qlib_mfgru/units")
_ABOUT, _MODEL, _SCORE, _RUNNING = "unit.json", "model.pkl", "score.pkl", ".running"


@dataclass(frozen=True, eq=False)
class UnitResult:
    """The result of training one unit.

    Attributes
    ----------
    model : Model
        Fitted, on the CPU.
    score : Series
        What it predicts for the fold's test, over (datetime, instrument).
    about : dict
        Plain values: fold, seed, ``valid_<metric>``, ``seconds``, ``history`` and more.
    """

    model: Model
    score: pd.Series
    about: dict[str, Any]


class UnitStore:
    """A folder of finished units, shared by all workers and all runs.

    Parameters
    ----------
    root : path, optional
        By default ``$MFGRU_UNITS``, else ``~/.cache/qlib_mfgru/units``. Workers on other machines must see it too.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        self.root = Path(root or os.environ.get("MFGRU_UNITS") or DEFAULT_UNITS).expanduser().absolute()

    def __contains__(self, key: str) -> bool:
        return (self.root / key / _ABOUT).exists()

    def begin(self, key: str) -> None:
        """Mark a unit as running, so that a unit whose worker died can be recognised."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._mark(key).touch()

    def has_begun(self, key: str) -> bool:
        """Whether a unit was begun and neither finished nor failed."""
        return self._mark(key).exists()

    def end(self, key: str) -> None:
        """Remove the mark of `begin`."""
        self._mark(key).unlink(missing_ok=True)

    def write(self, key: str, result: UnitResult) -> None:
        """Store a unit, in the place of one with other scores if there is one; it is never there but whole."""
        folder = self.root / key
        with locked(folder, wait=True), staged(folder) as new:
            (new / _MODEL).write_bytes(pickle.dumps(result.model))
            result.score.to_pickle(new / _SCORE)
            (new / _ABOUT).write_text(json.dumps({"key": key, **result.about}, indent=1))

    def read(self, key: str) -> UnitResult:
        """A finished unit."""
        folder = self.root / key
        model = pickle.loads((folder / _MODEL).read_bytes())
        return UnitResult(model, pd.read_pickle(folder / _SCORE), self.about(key))

    def about(self, key: str) -> dict[str, Any]:
        """The plain values of a finished unit."""
        return dict(json.loads((self.root / key / _ABOUT).read_text()))

    def finished(self) -> pd.DataFrame:
        """All finished units, one row each, by time: ``key`` and the plain values without the history."""
        rows = [self.about(path.parent.name) for path in self.root.glob(f"[!.]*/{_ABOUT}")]
        frame = pd.DataFrame([{name: value for name, value in row.items() if name != "history"} for row in rows])
        return frame.sort_values(["finished", "key"], ignore_index=True) if rows else frame

    def clear(self, keys: Iterable[str] | None = None) -> int:
        """Remove the units whose keys begin with one of `keys`, and return how many.

        None means all, and then what killed workers left behind is removed as well.

        Raises
        ------
        InputError
            If no finished unit's key begins like that, or several do.
        """
        finished = [path.parent for path in self.root.glob(f"[!.]*/{_ABOUT}")]
        folders = finished if keys is None else [self._only(key, finished) for key in keys]
        for folder in folders:
            shutil.rmtree(folder)
        if keys is None:
            for leftover in self.root.glob(".*"):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        return len(folders)

    def _only(self, key: str, finished: list[Path]) -> Path:
        matches = [folder for folder in finished if folder.name.startswith(key)]
        if len(matches) != 1:
            raise InputError(f"{len(matches)} finished units in {self.root} have a key that begins with {key!r}")
        return matches[0]

    def _mark(self, key: str) -> Path:
        return self.root / f".{key}{_RUNNING}"
