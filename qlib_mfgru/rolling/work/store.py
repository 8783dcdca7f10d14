"""``UnitStore``: finished units in files, each in a folder named by its key."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
from qlib.log import get_module_logger

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import Busy, lock_file, locked, staged, sweep
from qlib_mfgru.machine import said
from qlib_mfgru.rolling.work.about import row_of
from qlib_mfgru.rolling.work.files import DamagedUnit, UnitResult, check_ours, is_unit, read, remove, write

DEFAULT_UNITS = Path("~/.cache/qlib_mfgru/units")


class UnitStore:
    """A folder of finished units, shared by all workers and all runs, of one user or of several.

    Whoever trains or removes a unit holds its lock, and a unit appears under its key once all of it is written. What
    is read is held against its checksums.

    Parameters
    ----------
    root : path, optional
        By default ``$MFGRU_UNITS``, else ``~/.cache/qlib_mfgru/units``. Workers on other machines must see it too.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        self.root = Path(root or os.environ.get("MFGRU_UNITS") or DEFAULT_UNITS).expanduser().absolute()

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def get(self, key: str) -> UnitResult | None:
        """A finished unit; None if it is not whole, or not there."""
        with suppress(DamagedUnit):
            return self.read(key)
        return None

    def read(self, key: str) -> UnitResult:
        """A finished unit; one that another takes the place of while it is read is read again.

        Raises
        ------
        DamagedUnit
            It is not whole, or not there.
        """
        while True:
            before = _inode(self.root / key)
            if before is None:
                raise DamagedUnit(f"{self.root / key} is not there")
            try:
                return read(self.root / key)
            except DamagedUnit:
                if _inode(self.root / key) == before:
                    raise

    def about(self, key: str) -> dict[str, Any]:
        """The plain values of a finished unit; errors as of `read`."""
        return self.read(key).about

    def held(self, key: str) -> AbstractContextManager[None]:
        """The lock of a unit, as a context; another run that trains the same unit is waited for."""
        return locked(self.root / key, wait=True)

    def was_held(self, key: str) -> bool:
        """Whether somebody trains a unit, or was killed while training it."""
        return lock_file(self.root / key).exists()

    def make_room(self, keys: Iterable[str]) -> None:
        """Make sure that units can be written under these keys: what is damaged is said and removed.

        A unit that another run is at work on is left to it, which is said as well.

        Raises
        ------
        InputError
            The folder of units cannot be written; or what is under a key is none of ours, or of another user.
        """
        self._make_root()
        for key in keys:
            try:
                with locked(self.root / key, wait=False, patience=0.0):
                    self.discard(key)
            except Busy as busy:
                get_module_logger("mfgru").info(str(busy))

    def discard(self, key: str, wrong: str | None = None) -> None:
        """Say what is wrong with a unit, and remove it; nothing if it is whole. Its lock must be held.

        Parameters
        ----------
        key : str
        wrong : str, optional
            By default what reading it says.

        Raises
        ------
        InputError
            What is under the key is none of ours, or of another user.
        """
        wrong = wrong or self._wrong(key)
        if wrong is None or not os.path.lexists(self.root / key):
            return
        try:
            remove(self.root / key)
        except OSError as error:
            raise InputError(f"{wrong}, and cannot be removed: {error}; use another units_dir") from error
        get_module_logger("mfgru").warning(f"{wrong}: the unit is trained again")

    def write(self, key: str, result: UnitResult) -> None:
        """Store a finished unit, in the place of an older one if there is one; its lock must be held.

        Raises
        ------
        InputError
            As of `discard`; or the older one holds something else as well.
        """
        self.discard(key)
        if os.path.lexists(self.root / key):
            check_ours(self.root / key)
        with staged(self.root / key) as folder:
            write(folder, key, result)

    def finished(self) -> pd.DataFrame:
        """All finished units, one row each, by time: ``key`` and what a table shows (`row_of`)."""
        kept = [self.get(key) for key, wrong in self._listed().items() if wrong is None]
        rows = [row_of(unit.about) for unit in kept if unit is not None]  # else it was cleared in between
        frame = pd.DataFrame(rows)
        return frame.sort_values(["finished", "key"], ignore_index=True) if rows else frame

    def damaged(self) -> pd.DataFrame:
        """Units that are not whole, or not readable, one row each: ``key``, and in words what is ``wrong``."""
        rows = [(key, wrong) for key, wrong in self._listed().items() if wrong is not None]
        return pd.DataFrame(rows, columns=["key", "wrong"])

    def clear(self, keys: Iterable[str] | None = None) -> int:
        """Remove finished and damaged units whose keys begin with one of `keys`, and return how many.

        None means all, and then what killed writers left behind is removed as well. A unit that another process clears
        meanwhile is that one's.

        Raises
        ------
        InputError
            No unit's key begins like that, or several do; nothing was removed. Or some could not be removed: which, and
            why.
        """
        listed = list(self._listed())
        chosen = listed if keys is None else list(dict.fromkeys(self._only(key, listed) for key in keys))
        n_removed, left = 0, list[str]()
        for key in chosen:
            try:
                n_removed += self._removed(key)
            except InputError as error:
                left.append(str(error))
        if keys is None and self.root.is_dir():
            sweep(self.root)
        if left:
            reasons = "\n".join(left)
            raise InputError(f"{n_removed} units removed from {self.root}; these were not:\n{reasons}")
        return n_removed

    def _listed(self) -> dict[str, str | None]:
        """Key of every unit -> what is wrong with it, None where nothing is."""
        folders = sorted(self.root.iterdir()) if self.root.is_dir() else []
        read = {folder.name: self._wrong(folder.name) for folder in folders if is_unit(folder)}
        return {key: wrong for key, wrong in read.items() if os.path.lexists(self.root / key)}  # not cleared meanwhile

    def _wrong(self, key: str) -> str | None:
        try:
            self.read(key)
        except DamagedUnit as error:
            return str(error)
        return None

    def _removed(self, key: str) -> bool:
        """Remove a unit; False if another process has. An `InputError` says why it cannot be."""
        try:
            with locked(self.root / key, wait=False):
                if not os.path.lexists(self.root / key):
                    return False
                remove(self.root / key)
        except OSError as error:
            raise InputError(said(error)) from error
        return True

    def _only(self, key: str, listed: list[str]) -> str:
        """The unit of a key or of its beginning, which a variable that is not set is none of."""
        matches = [name for name in listed if name == key] or [name for name in listed if key and name.startswith(key)]
        if len(matches) != 1:
            raise InputError(f"{len(matches)} units in {self.root} have a key that begins with {key!r}")
        return matches[0]

    def _make_root(self) -> None:
        with suppress(OSError):
            self.root.mkdir(parents=True, exist_ok=True)
        if not self.root.is_dir():
            raise InputError(f"units_dir {self.root} is not a folder, and cannot be made one: use another")
        if not os.access(self.root, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise InputError(f"units_dir {self.root} cannot be written: use another, or make it writable")


def _inode(folder: Path) -> int | None:
    """What tells a folder from another that takes its place; None where there is nothing."""
    with suppress(OSError):
        return folder.lstat().st_ino
    return None
