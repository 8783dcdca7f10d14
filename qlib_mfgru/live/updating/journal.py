"""A plan that is carried out whole: it lies in the provider until all of it is done, and whoever comes next goes on.

The order: folders that get another name, values, side files, instruments, intraday calendars, the calendar of days.
Every step can be done twice. As long as the plan is there, readers take a series to its calendar's end and no further,
so that they see the market as it was until the calendars are replaced.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders.exchange import sync
from qlib_mfgru.live.updating.plan import read_steps
from qlib_mfgru.processes import Processes
from qlib_mfgru.provider.series import JOURNAL

_LAST = ("instruments/", "calendars/", "calendars/day.txt")
"""Files that are replaced after all others, in this order."""


def commit(plan: Path, provider: Path, moved: Mapping[str, str]) -> None:
    """Make a plan the provider's: from then on it will be carried out, whatever happens.

    Parameters
    ----------
    plan : Path
        A folder on the provider's file system.
    moved : mapping of str to str
        Stocks' folders by their new names.
    """
    content = {"moved": dict(moved), "files": _in_order(plan / "files")}
    (plan / JOURNAL.name).write_text(json.dumps(content, indent=1), encoding="utf-8")
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
    moved, files = _read(provider / JOURNAL)
    for new, old in moved.items():
        _move(provider / "features" / old, provider / "features" / new)
    for _ in processes.map(_Steps(provider), sorted(folder.glob("*.steps"))):
        pass
    sync(provider)
    for name in files:
        _replace(folder / "files" / name, provider / name)
    sync(provider)
    _remove(folder)
    return True


def _remove(folder: Path) -> None:
    """Remove a plan that is done, what says that it is one last: what a kill leaves of it is carried out once more."""
    shutil.rmtree(folder / "files", ignore_errors=True)
    for file in (*folder.glob("*.steps"), *folder.glob("*.own")):
        file.unlink()
    (folder / JOURNAL.name).unlink()
    with suppress(OSError):  # of somebody else, who is told by the next update
        folder.rmdir()


def _make_room(folder: Path) -> None:
    """Make sure that a plan can have its place: what lies there and is none is somebody's."""
    with suppress(OSError):
        folder.rmdir()  # a kill has left it, empty
    if os.path.lexists(folder):
        raise InputError(f"{folder} is in the place of an update's plan, and is none: move it away")


def _read(journal: Path) -> tuple[dict[str, str], list[str]]:
    """Folders that get another name, by the new one, and files that are replaced."""
    try:
        content = json.loads(journal.read_text(encoding="utf-8"))
        return dict(content["moved"].items()), [str(name) for name in content["files"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(journal) from None


def _damaged(file: Path) -> InputError:
    return InputError(
        f"{file} is damaged, and the update that it is of cannot be finished: ingest all files again, to another target"
    )


class _Steps:
    """Carries out the steps of a file, on any process."""

    def __init__(self, provider: Path) -> None:
        self.provider = str(provider)

    def __call__(self, file: Path) -> None:
        folders = set[str]()
        try:
            steps = read_steps(file)
        except (ValueError, TypeError):
            raise _damaged(file) from None
        for step in steps:
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


def _in_order(folder: Path) -> Sequence[str]:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(
        names, key=lambda name: max(place for place, start in enumerate(("", *_LAST)) if name.startswith(start))
    )
