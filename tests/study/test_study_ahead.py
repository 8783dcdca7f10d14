"""What a study needs is looked at before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pytest
from once import empty_store
from qlib.workflow import R
from small_study import StudyWorld

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.errors import InputError
from qlib_mfgru.study import run, run_study

NO_LEVELS = {"benchmark": "SH000999", "start_time": "2020-09-01", "end_time": "2020-09-30"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> StudyWorld:
    work = tmp_path_factory.mktemp("study_ahead")
    make_demo_market(work / "provider", 40, 200, intraday_days=150, seed=0)
    empty_store(work / "mlruns.db")
    return StudyWorld(work)


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(*_: Any) -> None:
        raise AssertionError("a part was run")

    monkeypatch.setattr(run, "task_train", train)


def with_handler(world: StudyWorld, **settings: Any) -> dict[str, Any]:
    study = world.study()
    study["task"]["dataset"]["kwargs"]["handler"]["kwargs"] |= settings
    return study


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"factor_test": {"pools": ["csi999", "all"]}}, "bars, factor test: pools: unknown market 'csi999'"),
        ({"correlation": {"pool": "csi999"}}, "correlation: pools: unknown market 'csi999'"),
        ({"enhancements": {"indices": {"csi300": NO_LEVELS}}}, "bars, csi300: .*SH000999"),
        ({"qlib_init": {"region": "mars"}}, "qlib_init.region is 'mars': must be one of cn, us, tw"),
    ],
)
def test_what_the_provider_lacks(world: StudyWorld, changes: dict[str, Any], message: str) -> None:
    study = world.study()
    if "qlib_init" in changes:
        changes = {"qlib_init": study["qlib_init"] | changes["qlib_init"]}
    with pytest.raises(InputError, match=f"^{message}"):
        run_study({**study, **changes})


@pytest.mark.parametrize("settings", [{"label_neutral": "sector"}, {"inputs": {"day": {"days": 10}}}])
def test_settings_of_the_dataset(world: StudyWorld, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(settings))):
        run_study(with_handler(world, **settings))


def test_a_page_that_could_not_be_written(world: StudyWorld, tmp_path: Path) -> None:
    nowhere, folder = tmp_path / "no" / "page.html", tmp_path / "folder.html"
    folder.mkdir()
    with pytest.raises(InputError, match=rf"^page.out: the page cannot be written to {nowhere}: there is no folder"):
        run_study(world.study(page={"out": str(nowhere)}))
    with pytest.raises(InputError, match=rf"^page.out: the page cannot be written to {folder}: it is a folder"):
        run_study(world.study(page={"out": str(folder)}))


def test_what_was_deleted_in_mlflow(world: StudyWorld) -> None:
    client = mlflow.MlflowClient(f"sqlite:///{world.store}")
    experiment = client.create_experiment("old", artifact_location=str(world.work / "mlruns/old"))
    known = client.create_run(experiment).info.run_id
    client.delete_run(known)
    with pytest.raises(InputError, match=rf"^models.old: the recorder {known} is deleted in .*: mlflow can restore it"):
        run_study(world.study(models={"daily": {"kwargs": {"freq": "day"}}, "old": {"recorder": known}}))
    client.delete_experiment(experiment)
    with pytest.raises(InputError, match=r"^the experiment old is deleted: mlflow can restore it, or take another"):
        run_study(world.study(experiment_name="old"))
    assert R.exp_manager.client.get_experiment_by_name("small") is None, "nothing began"
