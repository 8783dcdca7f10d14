"""A plan that is carried out whole: it lies in the provider until all of it is done, and whoever comes next goes on.

The order: folders that get another name, values, side files, instruments, intraday calendars, the calendar of days,
and what is to go.
Every step can be done twice. As long as the plan is there, readers take a series to its calendar's end and no further,
so that they see the market as it was until the calendars are replaced. Of a plan that is not what was written nothing
is done.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS, Sums
from qlib_mfgru.folders.exchange import sync
from qlib_mfgru.live.updating.steps import read_steps
from qlib_mfgru.processes import Processes
from qlib_mfgru.provider.storage.series import JOURNAL

_LAST = ("instruments/", "calendars/", "calendars/day.txt")
"""Files that are replaced after all others, in this order."""
_FILES = "files/"
"""Where a plan keeps the files that take the place of the provider's."""
_DONE = "done.json"
"""The journal's name once all is carried out, as long as anything is left of the plan."""


def commit(plan: Path, provider: Path, moved: Mapping[str, str], removed: Sequence[str]) -> None:
    """Make a plan the provider's: from then on it will be carried out, whatever happens.

    Parameters
    ----------
    plan : Path
        A folder on the provider's file system.
    moved : mapping of str to str
        Stocks' folders by their new names.
    removed : sequence of str
        Files that are to go.
    """
    content = {"moved": dict(moved), "files": _in_order(plan / _FILES), "removed": list(removed)}
    (plan / JOURNAL.name).write_text(json.dumps(content, indent=1), encoding="utf-8")
    Sums.of(plan).write(plan)
    sync(plan)
    plan.rename(provider / JOURNAL.parent)


def finish(provider: Path, processes: Processes) -> bool:
    """Carry out the plan that lies in a provider; whether there was one. The provider's lock must be held.

    Raises
    ------
    InputError
        The plan is damaged, or a folder lies where a file belongs; or something that is no plan lies in its place.
    """
    folder = provider / JOURNAL.parent
    if not (provider / JOURNAL).is_file():
        _make_room(folder)
        return False
    _check(folder, provider)
    sync(provider)  # no byte that is written in place may reach the disk before the plan does
    journal = json.loads((provider / JOURNAL).read_text(encoding="utf-8"))
    for new, old in journal["moved"].items():
        _move(provider / "features" / old, provider / "features" / new)
    for _ in processes.map(_Steps(provider), sorted(folder.glob("*.steps"))):
        pass
    sync(provider)
    for name in journal["files"]:
        _replace(folder / _FILES / name, provider / name)
    for name in journal.get("removed", ()):  # a plan of an earlier version has none
        _take_away(provider / name)
    sync(provider)
    (provider / JOURNAL).rename(folder / _DONE)
    _remove(folder)
    return True


def _remove(folder: Path) -> None:
    """Remove a plan that is done, what says so last: after a kill the rest is not taken for somebody else's."""
    shutil.rmtree(folder / _FILES, ignore_errors=True)
    for file in (*folder.glob("*.steps"), *folder.glob("*.own"), folder / SUMS, folder / _DONE):
        file.unlink(missing_ok=True)
    with suppress(OSError):  # of somebody else, who is told by the next update
        folder.rmdir()


def _make_room(folder: Path) -> None:
    """Make sure that a plan can have its place: what lies there and is none is somebody's."""
    if (folder / _DONE).is_file():
        _remove(folder)
    with suppress(OSError):
        folder.rmdir()  # a kill has left it, empty
    if os.path.lexists(folder):
        raise InputError(f"{folder} is in the place of an update's plan, and is none: move it away")


def _check(folder: Path, provider: Path) -> None:
    """Refuse a plan that is not what was written; files that are in their places already are looked at there."""
    try:
        planned = Sums.read(folder) or Sums()
        if JOURNAL.name not in planned.files:
            raise ValueError(f"{folder / SUMS} is missing, or lists no {JOURNAL.name}")
        for name, each in planned.files.items():
            is_done = name.startswith(_FILES) and not (folder / name).exists()
            place, name = (provider, name.removeprefix(_FILES)) if is_done else (folder, name)
            if fault := next(Sums({name: each}).damaged(place), None):
                raise ValueError(fault)
    except ValueError as error:
        raise InputError(
            f"{error}: the update that was begun cannot be finished: ingest all files again, to another target"
        ) from None


class _Steps:
    """Carries out the steps of a file, on any process."""

    def __init__(self, provider: Path) -> None:
        self.provider = str(provider)

    def __call__(self, file: Path) -> None:
        folders = set[str]()
        for step in read_steps(file):
            folder = os.path.dirname(step.name)
            if folder not in folders:
                os.makedirs(f"{self.provider}/{folder}", exist_ok=True)
                folders.add(folder)
            descriptor = _opened(f"{self.provider}/{step.name}", file)
            try:
                _write_at(descriptor, step.content, step.offset)
                if step.is_cut:
                    os.ftruncate(descriptor, step.offset + len(step.content))
            finally:
                os.close(descriptor)


def _opened(series: str, steps: Path) -> int:
    """A series to write to, as its descriptor: one that shares its bytes with a hard link, a copy's, gets its own."""
    descriptor = os.open(series, os.O_WRONLY | os.O_CREAT, 0o666)
    if os.fstat(descriptor).st_nlink == 1:
        return descriptor
    os.close(descriptor)
    own = steps.with_suffix(".own")
    shutil.copyfile(series, own)
    shutil.copymode(series, own)
    os.replace(own, series)
    return os.open(series, os.O_WRONLY)


def _write_at(descriptor: int, content: bytes, offset: int) -> None:
    left = memoryview(content)
    while left:
        n_written = os.pwrite(descriptor, left, offset)
        left, offset = left[n_written:], offset + n_written


def _move(old: Path, new: Path) -> None:
    if old.exists() and not new.exists():
        old.rename(new)


def _replace(new: Path, file: Path) -> None:
    if file.is_dir():
        raise InputError(f"{file} is a folder, and a file belongs there: move it away, and update again")
    if new.exists():  # else it is done already
        file.parent.mkdir(parents=True, exist_ok=True)
        os.replace(new, file)


def _take_away(file: Path) -> None:
    """Remove a file, and the folder that it leaves empty: that of a code of which nothing is stored."""
    file.unlink(missing_ok=True)
    with suppress(OSError):
        file.parent.rmdir()


def _in_order(folder: Path) -> Sequence[str]:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(
        names, key=lambda name: max(place for place, start in enumerate(("", *_LAST)) if name.startswith(start))
    )


def renamed(sums: Sums, moved: Mapping[str, str]) -> Sums:
    """Sums of files whose folders get another name."""
    new = {old: new for new, old in moved.items()}

    def name_now(name: str) -> str:
        parts = name.split("/")
        return "/".join([parts[0], new.get(parts[1], parts[1]), *parts[2:]]) if parts[0] == "features" else name

    return Sums({name_now(name): each for name, each in sums.files.items()}) if moved else sums
