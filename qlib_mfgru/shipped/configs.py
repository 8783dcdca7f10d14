"""The shipped workflow configs: what there is, and copies that never replace what a user has changed."""

from __future__ import annotations

import os
import shutil
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import qlib_mfgru
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked, scratch

FOLDER = Path(qlib_mfgru.__file__).parent / "workflow_configs"
"""Where they lie: a folder for each market. In a checkout it is a link to the folder of that name at the top."""


class ShippedConfig(NamedTuple):
    """A config's path below `FOLDER`, and the first sentence of the comment that it begins with."""

    path: Path
    summary: str


class Copies(NamedTuple):
    """What became of each config, as paths below the folder of the copies.

    Attributes
    ----------
    made : list of Path
    same : list of Path
        Files that were there already with the content of the shipped one.
    kept : list of Path
        Files that were there already and differ from the shipped one: they are left as they are.
    """

    made: list[Path]
    same: list[Path]
    kept: list[Path]


def shipped_configs() -> list[ShippedConfig]:
    """All of them, in the order of their paths.

    Raises
    ------
    InputError
        There are none: a checkout's link to them was lost, as on a file system without links.
    """
    files = sorted(FOLDER.glob("*/*.yaml"))
    if not files:
        raise InputError(f"{FOLDER} is no folder of configs: get the package again, with its symbolic links")
    return [ShippedConfig(file.relative_to(FOLDER), _summary(file)) for file in files]


def copy_configs(folder: Path) -> Copies:
    """Copy them to a folder, one below it for each market; files that are there already are never replaced.

    Parameters
    ----------
    folder : Path
        Made if it is missing.

    Raises
    ------
    Busy
        Another process is copying to it.
    OSError
        It cannot be written; what was copied before is complete.
    """
    copies = Copies([], [], [])
    target = folder / "shipped configs"  # its lock lies in the folder: beside a home its user may not write
    with locked(target, wait=False), scratch(target) as box:
        for path, _ in shipped_configs():
            if os.path.lexists(folder / path):
                (copies.same if _same(folder / path, FOLDER / path) else copies.kept).append(path)
                continue
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            Path(shutil.copyfile(FOLDER / path, box / path.name)).replace(folder / path)
            copies.made.append(path)
    return copies


def _same(file: Path, shipped: Path) -> bool:
    return file.is_file() and file.read_bytes() == shipped.read_bytes()


def _summary(file: Path) -> str:
    lines = takewhile(lambda line: line.startswith("# "), file.read_text(encoding="utf-8").splitlines())
    sentence, _, _ = " ".join(line.removeprefix("# ") for line in lines).partition(". ")
    return sentence.rstrip(".")
