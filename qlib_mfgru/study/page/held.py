"""What the artifacts of a recorder hold that the page shows: results of records, histories of training, units."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from qlib.workflow.recorder import Recorder

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.recorders import RESULT, has_artifact, load_result
from qlib_mfgru.study.correlation import CorrelationRecord, RecordedCorrelation

HISTORY, UNITS = "training_history.json", "rolling/units.csv"

Histories = dict[str, list[dict[str, Any]]]
Read = TypeVar("Read")


def results(recorder: Recorder, folder: str, unread: list[str]) -> Iterator[tuple[Any, str]]:
    """Results of the records of one kind, in their folder or in folders below it, with the names of these.

    Parameters
    ----------
    recorder : Recorder
    folder : str
        Of the kind.
    unread : list of str
        Here, as everywhere in this file, it gets why something that is there could not be read.
    """
    for path in _folders(recorder, folder):
        try:
            yield load_result(recorder, path), path.removeprefix(folder).strip("/")
        except InputError as error:
            unread.append(str(error))


def _folders(recorder: Recorder, folder: str) -> list[str]:
    """Folders of records, `folder` itself and those below it at any depth: with a result, or with other files alone."""
    here = recorder.client.list_artifacts(recorder.id, folder)
    below = [inner for each in here if each.is_dir for inner in _folders(recorder, each.path)]
    files = [each.path for each in here if not each.is_dir]
    is_one = f"{folder}/{RESULT}" in files or (files and not below)
    return [folder, *below] if is_one else below


def correlation(recorder: Recorder, unread: list[str]) -> RecordedCorrelation | None:
    """What a `CorrelationRecord` left; None where there is none."""
    folder = CorrelationRecord.artifact_path
    if not has_artifact(recorder, f"{folder}/{RESULT}"):
        return None
    try:
        return load_result(recorder, folder)
    except InputError as error:
        unread.append(str(error))
        return None


def histories(recorder: Recorder, unread: list[str]) -> Histories:
    """Rows of epochs by model: of a rolling run by ``fold, seed``; of a mean by member, each with a file of its own."""
    files = [name for name in recorder.list_artifacts() if name.endswith(HISTORY)]
    if files:
        read: Histories = {name.removesuffix(HISTORY): _read(recorder, name, _json, [], unread) for name in files}
        return _by_member(read)
    if has_artifact(recorder, f"rolling/{HISTORY}"):
        trained: list[dict[str, Any]] = _read(recorder, f"rolling/{HISTORY}", _json, [], unread)
        return _by_member({f"{unit['fold']}, {unit['seed']}": unit["history"] for unit in trained})
    return {}


def _by_member(rows: Mapping[str, list[dict[str, Any]]]) -> Histories:
    """Rows of each member of a mean apart, where rows name one."""
    split: Histories = {}
    for name, of_name in rows.items():
        for row in of_name:
            split.setdefault(f"{name} {row['member']}" if "member" in row else name, []).append(row)
    return split


def best_epochs(recorder: Recorder) -> dict[int, int]:
    """By stage, from the metrics ``stage<k>_epoch``."""
    found = {re.fullmatch(r"stage(\d+)_epoch", name): value for name, value in recorder.list_metrics().items()}
    return dict(sorted((int(name[1]), int(value)) for name, value in found.items() if name))


def units(recorder: Recorder, unread: list[str]) -> pd.DataFrame:
    """The units of a rolling run; empty for others."""
    if not has_artifact(recorder, UNITS):
        return pd.DataFrame()
    return _read(recorder, UNITS, _table, pd.DataFrame(), unread)


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"key": str})  # one of digits alone is no number


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _read(recorder: Recorder, name: str, read: Callable[[Path], Read], nothing: Read, unread: list[str]) -> Read:
    """An artifact that may be damaged, which leaves `nothing` of it."""
    try:
        return read(Path(recorder.client.download_artifacts(recorder.id, name)))
    except ValueError as error:
        reason = " ".join(str(error).split())
        unread.append(f"the {name} of the recorder {recorder.id} is damaged ({reason}): put a copy back")
        return nothing
