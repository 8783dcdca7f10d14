"""What goes into a recorder: whole, or not at all."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri
from qlib.utils.serial import Serializable
from qlib.workflow.recorder import Recorder

from qlib_mfgru.folders import locked, staged_file


def artifact_file(recorder: Recorder, name: str) -> Path | None:
    """Where an artifact lies on this machine; None where the store keeps artifacts elsewhere."""
    place = recorder.get_artifact_uri()
    return Path(local_file_uri_to_path(place)) / name if is_local_uri(place) else None


def put(recorder: Recorder, name: str, value: Any) -> None:
    """Save an object as qlib does, in the place of an older one; on this machine in one step.

    The lock of the artifact must be held, see `artifact_lock`.
    """
    file = artifact_file(recorder, name)
    if file is None:
        recorder.save_objects(**{name: value})
        return
    with staged_file(file) as new:
        Serializable.general_dump(value, new)


def artifact_lock(recorder: Recorder, name: str) -> AbstractContextManager[None]:
    """The lock of an artifact, as a context; another process that writes it is waited for."""
    file = artifact_file(recorder, name)
    return nullcontext() if file is None else locked(file, wait=True)


def continued(recorded: pd.DataFrame | pd.Series, scores: pd.Series) -> pd.DataFrame | pd.Series:
    """A prediction with the scores of later dates behind, as PredUpdater leaves it: in order of date and stock."""
    if recorded.index.names[0] != "datetime":
        recorded = recorded.swaplevel()
    later = scores if isinstance(recorded, pd.Series) else scores.to_frame(recorded.columns[0])
    return pd.concat([recorded.sort_index(), later]).sort_index()
