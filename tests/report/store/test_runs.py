"""Names and params of runs: what mlflow shows, while qlib still finds a recorder under its own name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from qlib_mfgru.report.store import ExperimentStore
from qlib_mfgru.report.store.runs import add_to_name, keep_params, name_run, run_name


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExperimentStore]:
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield ExperimentStore(f"sqlite:///{folder}/mlruns.db", "mfgru")


def started(manager: ExperimentStore, name: str | None = None) -> Any:
    return manager.start_exp(experiment_name="runs", recorder_name=name).active_recorder


def shown(manager: ExperimentStore, recorder: Any) -> str | None:
    """As a stranger's client of mlflow sees it."""
    return MlflowClient(manager.uri).get_run(recorder.id).info.run_name


def test_mlflow_shows_our_name_and_qlib_finds_its_own(manager: ExperimentStore) -> None:
    recorder = started(manager)
    assert run_name(recorder) == ""
    name_run(recorder, "GRUModel (day)", "", "seed 0")
    manager.end_exp(recorder_status="FINISHED")
    assert shown(manager, recorder) == "GRUModel (day) · seed 0"
    experiment = manager.get_exp(experiment_name="runs", create=False)
    assert experiment.get_recorder(recorder_name="mlflow_recorder", create=False).id == recorder.id
    listed = experiment.list_recorders(rtype="list")[0]
    assert (listed.name, run_name(listed)) == ("mlflow_recorder", "GRUModel (day) · seed 0")
    assert experiment.list_recorders(status="FAILED") == {}
    resumed = manager.start_exp(experiment_name="runs", resume=True).active_recorder
    assert resumed.id == recorder.id
    assert shown(manager, resumed) == "GRUModel (day) · seed 0", "not lost on the way"
    manager.end_exp(recorder_status="FINISHED")


def test_a_name_that_a_user_gave_stays(manager: ExperimentStore) -> None:
    recorder = started(manager, "mine")
    name_run(recorder, "GRUModel", "seed 0")
    add_to_name(recorder, "GRUModel", "CSI300")
    manager.end_exp(recorder_status="FINISHED")
    assert shown(manager, recorder) == "mine"


def test_records_add_what_they_are_about_once(manager: ExperimentStore) -> None:
    recorder = started(manager)
    add_to_name(recorder, "LGBModel", "")
    assert shown(manager, recorder) == "LGBModel"
    for subject in ("CSI300", "CSI300", "CSI500"):
        add_to_name(recorder, "LGBModel", subject)
    manager.end_exp(recorder_status="FINISHED")
    assert shown(manager, recorder) == "LGBModel · CSI300 · CSI500"


def test_params_stay_as_they_were_first(manager: ExperimentStore) -> None:
    recorder = started(manager)
    keep_params(recorder, {"lr": 0.001, "clip": None})
    keep_params(recorder, {"lr": 0.1, "loss": "ic"})
    manager.end_exp(recorder_status="FINISHED")
    params = recorder.list_params()
    assert {name: params[name] for name in ("lr", "clip", "loss")} == {"lr": "0.001", "clip": "None", "loss": "ic"}
