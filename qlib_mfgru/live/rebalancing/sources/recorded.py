"""What a rebalance takes from a recorder: its scores, the provider and the settings that it was run with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import qlib
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from qlib.config import C
from qlib.utils.exceptions import LoadObjectError
from qlib.workflow import R
from qlib.workflow.recorder import MLflowRecorder, Recorder

from qlib_mfgru.addresses import without_secrets
from qlib_mfgru.errors import InputError
from qlib_mfgru.report.recorders import PREDICTION
from qlib_mfgru.report.store import make_store

_SQLITE = "sqlite:///"
DEFAULT_STORE = f"{_SQLITE}mlruns.db"


def start(recorder: str | Recorder | None, provider: str | Path | None, store: str | None) -> Recorder | None:
    """Initialise qlib, and open the recorder.

    Parameters
    ----------
    recorder : str or Recorder, optional
        Its id; or an experiment's name: its newest finished recorder with a prediction.
    provider, store : optional
        Where both are left out and qlib is initialised, it stays as it is. Else the provider is by default the one that
        qrun was given, and the store ``mlruns.db`` in the working folder.

    Raises
    ------
    InputError
        There is no such store, recorder, experiment or provider, or the experiment has no such recorder.
    """
    if provider is None and store is None and C.registered:
        return open_recorder(recorder, R.exp_manager.uri) if isinstance(recorder, str) else recorder
    found = open_recorder(recorder, store or DEFAULT_STORE) if isinstance(recorder, str) else recorder
    folder = provider or (None if found is None else _recorded_provider(found))
    if folder is None:
        raise InputError("name the folder of the qlib provider (--provider)")
    if not Path(folder).expanduser().is_dir():
        raise InputError(f"there is no provider folder {folder}")
    qlib.init(provider_uri=str(folder), region="cn", kernels=1, logging_level=30)
    return found


def open_recorder(name: str, store: str) -> Recorder:
    """The recorder of an id, or the newest finished one with a prediction of an experiment of that name; as `start`."""
    file = store.removeprefix(_SQLITE)
    if file != store and not Path(file).exists():
        raise InputError(
            f"there is no store of experiments {file}: go to the folder of the qrun, or name it with --store"
        )
    try:
        if file != store:
            make_store(Path(file))  # refuses one that is not whole
        run = _find(name, MlflowClient(tracking_uri=store))
    except InputError:
        raise
    except Exception as error:  # drivers raise what they like, with the password in it
        reason = without_secrets(" ".join(str(getattr(error, "orig", error)).split()), store, "")
        raise InputError(f"{store}: the store of experiments cannot be read: {reason}") from None
    return MLflowRecorder(run.info.experiment_id, store, mlflow_run=run)


def _find(name: str, client: MlflowClient) -> Run:
    try:
        return client.get_run(name)
    except MlflowException:
        experiment = client.get_experiment_by_name(name)
    if experiment is None:
        raise InputError(f"there is no recorder and no experiment {name} in {client.tracking_uri}")
    newest = ["attributes.start_time DESC"]
    runs = client.search_runs([experiment.experiment_id], "attributes.status = 'FINISHED'", order_by=newest)
    for run in runs:
        if any(file.path == PREDICTION for file in client.list_artifacts(run.info.run_id)):
            return run
    raise InputError(f"the experiment {name} has no finished recorder with a {PREDICTION}")


def recorded_task(recorder: Recorder) -> Mapping[str, Any]:
    """The task that a recorder was run as; empty where it does not say."""
    return _saved(recorder, "task")


def _recorded_provider(recorder: Recorder) -> str | None:
    """The provider that qrun was started on, None where the recorder does not say."""
    named = _saved(recorder, "config").get("qlib_init", {}).get("provider_uri")
    return named if isinstance(named, str) else None


def _saved(recorder: Recorder, name: str) -> Mapping[str, Any]:
    try:
        saved = recorder.load_object(name)
    except LoadObjectError:
        return {}
    return saved if isinstance(saved, Mapping) else {}
