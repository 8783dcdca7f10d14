"""Finding qlib recorders, and what records and commands read from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import qlib
from mlflow.entities import LifecycleStage, Run
from mlflow.exceptions import MlflowException
from qlib.utils.exceptions import LoadObjectError
from qlib.workflow import R
from qlib.workflow.expm import ExpManager
from qlib.workflow.recorder import Recorder

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.plain import PlainUnpickler
from qlib_mfgru.report.store import check_store, readable
from qlib_mfgru.report.store.recorder import UNNAMED, own_name

PREDICTION, MODEL, DATASET = "pred.pkl", "params.pkl", "dataset"
"""What a SignalRecord and qrun leave in a recorder."""
_TRAIN = "run its model by qrun, which saves it"
RESULT = "result.pkl"
"""What our records leave of their result, in their folder."""
_NEWEST_FIRST = ["attributes.start_time DESC"]
_PAGE = 1000
"""Runs that a store is asked for at a time."""


def init_qlib(provider: str | Mapping[str, str], store: str, **settings: Any) -> None:
    """Initialise qlib on a provider and a store of experiments.

    Parameters
    ----------
    provider : str, or mapping of a frequency to its folder
    store : str
    **settings
        Others of ``qlib.init``.

    Raises
    ------
    InputError
        If the provider's folder or the store's file does not exist.
    """
    for folder in [provider] if isinstance(provider, str) else provider.values():
        check_provider(folder)
    check_store(store)
    manager = {
        "class": "ExperimentStore",
        "module_path": "qlib_mfgru.report.store",
        "kwargs": {"uri": store, "default_exp_name": "mfgru"},
    }
    own = {"provider_uri": provider, "kernels": 1, "exp_manager": manager, "logging_level": 30}
    qlib.init(**{"region": "cn", **settings, **own})


def check_provider(folder: str) -> None:
    """Refuse a provider that is no folder."""
    if not Path(folder).expanduser().is_dir():
        raise InputError(f"there is no provider folder {folder}: name that of yours, or make it with mfgru ingest")


def find_recorder(recorder_id: str, manager: ExpManager | None = None) -> Recorder:
    """The recorder of an id in whatever experiment it is.

    Parameters
    ----------
    recorder_id : str
    manager : ExpManager, optional
        Of a store; by default that of the initialised qlib.

    Raises
    ------
    InputError
        There is none, or no store.
    """
    manager = R.exp_manager if manager is None else manager
    with readable(manager.uri):
        try:
            run = manager.client.get_run(recorder_id)
        except MlflowException as error:
            raise InputError(f"there is no recorder {recorder_id} in {manager.uri}") from error
        if run.info.lifecycle_stage == LifecycleStage.DELETED:
            raise InputError(f"the recorder {recorder_id} is deleted in {manager.uri}: mlflow can restore it")
        experiment = manager.get_exp(experiment_id=run.info.experiment_id, create=False)
        return experiment.get_recorder(recorder_id=recorder_id, create=False)


def newest_recorders(name: str, artifact: str, manager: ExpManager | None = None) -> list[Recorder]:
    """The recorder of an id; or, in the experiment of that name, the newest finished one that has an artifact.

    Where that has a name, as a study gives, the newest one of each other name follows, the newest first.

    Raises
    ------
    InputError
        As of `find_recorder`, or no recorder of the experiment is finished and has the artifact.
    """
    manager = R.exp_manager if manager is None else manager
    with readable(manager.uri):
        experiment = manager.client.get_experiment_by_name(name)
        if experiment is None:
            try:
                return [find_recorder(name, manager)]
            except InputError as error:
                raise InputError(str(error).replace("no recorder ", "no recorder or experiment ")) from error
        found: dict[str, Recorder] = {}
        for run in _finished(experiment.experiment_id, manager):
            called = own_name(run)
            if called in found or (found and called == UNNAMED):
                continue
            recorder = find_recorder(run.info.run_id, manager)
            if has_artifact(recorder, artifact):
                found[called] = recorder
                if called == UNNAMED:
                    break
    if not found:
        raise InputError(f"the experiment {name} in {manager.uri} has no finished recorder with a {artifact}")
    return list(found.values())


def _finished(experiment_id: str, manager: ExpManager) -> Iterator[Run]:
    """Finished runs of an experiment, the newest first."""
    finished, token = f"attributes.status = '{Recorder.STATUS_FI}'", None
    while True:
        runs = manager.client.search_runs(
            [experiment_id], finished, order_by=_NEWEST_FIRST, max_results=_PAGE, page_token=token
        )
        yield from runs
        token = runs.token
        if not token:
            return


def has_artifact(recorder: Recorder, name: str) -> bool:
    """Whether a recorder holds an artifact of that name, its folder included."""
    return name in recorder.list_artifacts(name.rpartition("/")[0] or None)


def load_model(recorder: Recorder) -> Any:
    """``params.pkl`` of a recorder; an InputError as of `load_artifact`, or where it is no model."""
    model = load_artifact(recorder, MODEL, _TRAIN)
    if not callable(getattr(model, "predict", None)):
        raise InputError(
            f"the {MODEL} of the recorder {recorder.id} is a {type(model).__name__}, which predicts nothing: {_TRAIN}"
        )
    return model


def load_prediction(recorder: Recorder) -> Any:
    """``pred.pkl`` of a recorder; an InputError as of `load_artifact`."""
    return load_artifact(recorder, PREDICTION, "run a SignalRecord, which saves it")


def load_result(recorder: Recorder, folder: str) -> Any:
    """``result.pkl`` in a record's folder of a recorder; an InputError as of `load_artifact`."""
    return load_artifact(recorder, f"{folder}/{RESULT}", "run its record again")


def load_artifact(recorder: Recorder, name: str, advice: str, *unpickler: type[PlainUnpickler]) -> Any:
    """An object of a recorder.

    Parameters
    ----------
    recorder : Recorder
    name : str
    advice : str
        How to come by one that is not there.
    unpickler : type, optional
        `PlainUnpickler` for settings alone.

    Raises
    ------
    InputError
        There is none; or it cannot be read, as where it is damaged or needs packages that are not installed.
    """
    try:
        return recorder.load_object(name, *unpickler)
    except LoadObjectError as error:
        if not has_artifact(recorder, name):
            raise InputError(f"the recorder {recorder.id} has no {name}: {advice}") from error
        reason = " ".join(str(error).split())
        raise InputError(
            f"the {name} of the recorder {recorder.id} is damaged or of another installation ({reason}): {advice}"
        ) from error


def model_name(recorder: Recorder, manager: ExpManager | None = None) -> str:
    """Class (and frequency, if it names one) of the model in the task that qrun leaves; without a task the model that a
    fit of ours has logged, else the recorder's name.

    A `RecordedModel` is called as the model that made its prediction, which is looked for as by `find_recorder`; where
    that recorder is gone, as one without a task.
    """
    try:
        model = recorder.load_object("task")["model"]
        kwargs = model.get("kwargs") or {}
        if "recorder_id" in kwargs:
            return model_name(find_recorder(kwargs["recorder_id"], manager), manager)
        return _titled(model["class"], kwargs.get("freq"))
    except (InputError, LoadObjectError, KeyError, TypeError, AttributeError):  # or the model is no config
        params = recorder.list_params()
        return _titled(params.get("model", recorder.info["name"]), params.get("freq"))


def _titled(model: str, freq: str | None) -> str:
    return f"{model} ({freq})" if freq else model
