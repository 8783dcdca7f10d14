"""Finding qlib recorders, and what records and commands read from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qlib
from mlflow.exceptions import MlflowException
from qlib.utils.exceptions import LoadObjectError
from qlib.workflow import R
from qlib.workflow.recorder import Recorder

from qlib_mfgru.addresses import without_secrets
from qlib_mfgru.errors import InputError
from qlib_mfgru.report.store import store_file

PREDICTION = "pred.pkl"


def init_qlib(provider: str, store: str) -> None:
    """Initialise qlib on a provider and a store of experiments.

    Raises
    ------
    InputError
        If the provider's folder or the store's file does not exist.
    """
    if not Path(provider).expanduser().is_dir():
        raise InputError(f"there is no provider folder {provider}")
    file = store_file(store)
    if file is not None and not file.exists():
        raise InputError(
            f"there is no store of experiments {file}: go to the folder of the qrun, or name it with --store"
        )
    manager = {
        "class": "ExperimentStore",
        "module_path": "qlib_mfgru.report.store",
        "kwargs": {"uri": store, "default_exp_name": "mfgru"},
    }
    qlib.init(provider_uri=provider, region="cn", kernels=1, exp_manager=manager, logging_level=30)


def find_recorder(recorder_id: str) -> Recorder:
    """The recorder of an id in whatever experiment it is; an InputError where there is none, or no store."""
    store = R.exp_manager.uri
    try:
        run = R.exp_manager.client.get_run(recorder_id)
    except MlflowException as error:
        raise InputError(f"there is no recorder {recorder_id} in {store}") from error
    except Exception as error:  # drivers raise what they like, with the password in it
        reason = without_secrets(" ".join(str(getattr(error, "orig", error)).split()), store, "")
        raise InputError(f"{store}: the store of experiments cannot be read: {reason}") from None
    return R.get_recorder(recorder_id=recorder_id, experiment_id=run.info.experiment_id)


def load_prediction(recorder: Recorder) -> Any:
    """``pred.pkl`` of a recorder; an InputError where there is none."""
    try:
        return recorder.load_object(PREDICTION)
    except LoadObjectError as error:
        raise InputError(
            f"the recorder {recorder.id} has no {PREDICTION}: run a SignalRecord first ({error})"
        ) from error


def model_name(recorder: Recorder) -> str:
    """Class (and frequency, if it names one) of the model in the task that qrun leaves; else the recorder's name.

    A `RecordedModel` is called as the model that made its prediction.
    """
    try:
        model = recorder.load_object("task")["model"]
        kwargs = model.get("kwargs", {})
        if "recorder_id" in kwargs:
            return model_name(find_recorder(kwargs["recorder_id"]))
        freq = kwargs.get("freq")
        return f"{model['class']} ({freq})" if freq else str(model["class"])
    except (LoadObjectError, KeyError, TypeError):
        return str(recorder.info["name"])
