"""How a run looks in mlflow: a name that says what it is, and the settings that it really had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qlib.workflow.recorder import Recorder

from qlib_mfgru.report.store.recorder import UNNAMED, StoreRecorder

_JOINT = " · "


def run_name(recorder: Recorder) -> str:
    """The name that mlflow shows of a run; empty where nobody has named it."""
    name = recorder.shown_name if isinstance(recorder, StoreRecorder) else str(recorder.info["name"])
    return "" if name == UNNAMED else name


def name_run(recorder: Recorder, *parts: str) -> None:
    """Let mlflow show a run as these parts, e.g. ``GRUModel (day) · seed 0``.

    A recorder that its user has named keeps that name, and so does one of a store that `ExperimentStore` leaves to
    mlflow.
    """
    if isinstance(recorder, StoreRecorder) and recorder.name == UNNAMED:
        recorder.show_as(_JOINT.join(part for part in parts if part))


def add_to_name(recorder: Recorder, model: str, subject: str) -> None:
    """Add what a record is about, e.g. an index, to the name of its run; one without a name gets its model's first."""
    name = run_name(recorder) or model
    name_run(recorder, *dict.fromkeys([*name.split(_JOINT), subject]))


def keep_params(recorder: Recorder, values: Mapping[str, Any]) -> None:
    """Log values as params; those that the run has already stay as they are, which is mlflow's rule."""
    known = recorder.list_params()
    recorder.log_params(**{name: _plain(value) for name, value in values.items() if name not in known})


def _plain(value: Any) -> Any:
    """A list without its brackets."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
