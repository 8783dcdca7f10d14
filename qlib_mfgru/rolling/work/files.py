"""What lies in a unit's folder: tensors, a table and plain values, with checksums; nothing in it is ever run.

======================  ====================================================================
unit.json               what the unit says about itself: dates, validation, history, versions
score.parquet           the scores of its test
model.safetensors       the model's tensors, where it says its state (`ModelState`)
model.json              its plain values, likewise
checksums.txt           size and CRC-32 of the others
======================  ====================================================================
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import ArrowException
from safetensors import SafetensorError
from safetensors.torch import load, save

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS, Sums
from qlib_mfgru.model import ModelState

ABOUT, SCORE, TENSORS, PLAIN = "unit.json", "score.parquet", "model.safetensors", "model.json"
_WITHOUT_MODEL, _WHOLE = {ABOUT, SCORE}, {ABOUT, SCORE, TENSORS, PLAIN}
_EARLIER = {"model.pkl", "score.pkl"}
"""Of the package's earlier versions: such units are damaged ones, and nothing reads these files."""
_SAY_SO = {ABOUT, SUMS}
_KEY = re.compile(r"[0-9a-f]{20}")


class DamagedUnit(ValueError):
    """A unit cannot be used: the message says which file, and what is wrong with it."""


@dataclass(frozen=True, eq=False)
class UnitResult:
    """The result of training one unit.

    Attributes
    ----------
    state : ModelState or None
        What the model has learnt; None for a model that cannot say it.
    score : Series
        What it predicts for the fold's test, over (datetime, instrument).
    about : dict
        Plain values: fold, seed, ``valid_<metric>``, ``seconds``, ``history`` and more.
    """

    state: ModelState | None
    score: pd.Series
    about: dict[str, Any]


def write(folder: Path, key: str, result: UnitResult) -> None:
    """Write a unit into an empty folder."""
    about = {"key": key, **result.about, "model_kept": result.state is not None}
    (folder / ABOUT).write_text(json.dumps(about, indent=1))
    scores = result.score.to_frame("score").to_parquet(engine="pyarrow")
    (folder / SCORE).write_bytes(scores)  # not by pyarrow, which takes no path that is not UTF-8
    if result.state is not None:
        (folder / TENSORS).write_bytes(save(result.state.tensors))
        (folder / PLAIN).write_text(json.dumps({"class": result.about.get("model"), **result.state.plain}, indent=1))
    Sums.of(folder).write(folder)


def read(folder: Path) -> UnitResult:
    """The unit of a folder, named by its key; every byte is held against what was written.

    Raises
    ------
    DamagedUnit
        It is not whole, or not readable.
    """
    try:
        contents = _checked(folder)
        about = _mapping(contents, ABOUT)
        if about["key"] != folder.name:
            raise DamagedUnit(f"{folder / ABOUT} is that of another unit, {about['key']}")
        score = _scores(contents[SCORE])
        kept = TENSORS in contents
        state = ModelState(load(contents[TENSORS]), _mapping(contents, PLAIN)) if kept else None
        return UnitResult(state, score, about)
    except OSError as error:
        raise DamagedUnit(f"{error.filename or folder}: {error.strerror or error}") from error
    except (ArrowException, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise error if isinstance(error, DamagedUnit) else DamagedUnit(f"{folder} is damaged: {error}") from error


def _checked(folder: Path) -> dict[str, bytes]:
    """File name -> content, of the files of a unit."""
    sums = Sums.read(folder)
    if sums is None:
        raise DamagedUnit(f"{folder} has no {SUMS}: it is half a unit, or one of an earlier version")
    if sums.files.keys() not in (_WHOLE, _WITHOUT_MODEL):
        raise DamagedUnit(f"{folder / SUMS} does not list the files of a unit")
    wrong = next(sums.damaged(folder), None)
    if wrong is not None:
        raise DamagedUnit(wrong)
    return {name: (folder / name).read_bytes() for name in sums.files}


def _scores(content: bytes) -> pd.Series:
    score = pd.read_parquet(io.BytesIO(content), engine="pyarrow")["score"]
    if score.dtype.kind not in "fiu" or score.index.names != ["datetime", "instrument"]:
        raise ValueError(f"{SCORE} holds no scores")
    return score


def _mapping(contents: Mapping[str, bytes], name: str) -> dict[str, Any]:
    value = json.loads(contents[name])
    if not isinstance(value, dict):
        raise ValueError(f"{name} holds no mapping")
    return value


def is_unit(folder: Path) -> bool:
    """Whether a folder is a unit, whole or not: a file in it says so, or its name is a key and its files are a unit's.

    One of these must be of a name that nobody else gives: a model alone is not enough.
    """
    if folder.is_symlink() or not folder.is_dir():
        return False
    try:
        return _says_so(folder) or (_KEY.fullmatch(folder.name) is not None and _looks_so(folder))
    except PermissionError:  # another user's
        return _KEY.fullmatch(folder.name) is not None
    except FileNotFoundError:  # it was cleared in between
        return False


def strangers(folder: Path) -> list[str]:
    """What lies in a folder and is no file of a unit's."""
    own = {*_WHOLE, *_EARLIER, SUMS}
    return sorted(path.name for path in folder.iterdir() if path.name not in own or path.is_dir())


def check_ours(folder: Path) -> None:
    """Refuse to remove or replace what is not a unit's alone.

    Raises
    ------
    InputError
        The folder is no unit, and not empty, or holds something else as well.
    PermissionError
        It is another user's.
    """
    if not is_unit(folder) and not _is_empty(folder):
        raise InputError(f"{folder} is not a unit: move it away")
    if others := strangers(folder):
        raise InputError(f"{folder} also holds {', '.join(others)}, which is not a unit's: move it away")


def remove(folder: Path) -> None:
    """Remove a unit's folder, file by file; errors as of `check_ours`, and then nothing was removed.

    What says that it is a unit goes last, so that what a kill leaves is still known as one.
    """
    check_ours(folder)
    for path in sorted(folder.iterdir(), key=lambda path: path.name in _SAY_SO):
        path.unlink()
    folder.rmdir()


def _says_so(folder: Path) -> bool:
    try:
        about = json.loads((folder / ABOUT).read_bytes()) if (folder / ABOUT).is_file() else None
        if isinstance(about, dict) and about.get("key") == folder.name:
            return True
    except PermissionError:
        raise
    except (OSError, ValueError, RecursionError):
        pass
    try:
        sums = Sums.read(folder)
    except (OSError, ValueError):
        return False
    return sums is not None and ABOUT in sums.files


def _looks_so(folder: Path) -> bool:
    return not strangers(folder) and any((folder / name).exists() for name in _SAY_SO)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())
