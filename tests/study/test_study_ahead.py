"""What a study needs is looked at before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pytest
from once import empty_store
from qlib.workflow import R
from small_study import INPUTS, StudyWorld

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import daily
from qlib_mfgru.study import run, run_study

NO_LEVELS = {"benchmark": "SH000999", "start_time": "2020-09-01", "end_time": "2020-09-30"}
STORE: dict[str, Any] = {"class": "ExperimentStore", "module_path": "qlib_mfgru.report.store"}


def store_at(uri: Any) -> dict[str, Any]:
    return {**STORE, "kwargs": {"uri": uri, "default_exp_name": "small"}}


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
        ({"enhancements": {"indices": {"csi300": {"benchmark": "SH000999"}}}}, "bars, csi300: benchmark is 'SH000999'"),
        ({"enhancements": {"indices": {"csi300": {"blacklist": ["SZ300999"]}}}}, "bars, csi300: blacklist names SZ3"),
        (
            {"factor_test": {"pools": ["all"], "n_layers": 41}},
            "bars, factor test: all has at most 40 stocks, too few for 41",
        ),
        (
            {"factor_test": {"start_time": "2020-10-09"}},
            "factor_test: start_time is 2020-10-09: must be within the test",
        ),
        ({"factor_test": {"end_time": "2020-08-31"}}, "factor_test: end_time is 2020-08-31: must be within the test "),
        (
            {"enhancements": {"indices": {"csi300": {"start_time": "2020-10-09"}}}},
            "enhancements.indices.csi300: start_time is 2020-10-09: must be within the test segment of task.dataset, "
            "2020-09-01 .. 2020-09-30",
        ),
        ({"models": {"daily": {"kwargs": {"freq": "30min"}}}}, r"models.daily: the handler has no input \['30min'\]"),
        ({"models": {"daily": {}, "same": {}}}, "models.same is the same as models.daily: leave one of them out"),
        (
            {"models": {"daily": {}, "same": {"kwargs": {"max_epochs": 2, "loss": "ic"}}}},
            "models.same is the same as models.daily",
        ),
        ({"rolling": {"train_start": "2020-09-01"}}, "rolling.train_start is 2020-09-01: must be before the test"),
        ({"rolling": {"backend": {"backend": "nope"}}}, "rolling.backend is 'nope': must be one of dask, "),
        ({"qlib_init": {"region": "mars"}}, "qlib_init.region is 'mars': must be one of cn, us, tw"),
        ({"qlib_init": {"regoin": "cn"}}, "qlib_init: unknown setting 'regoin'; did you mean 'region'"),
        ({"qlib_init": {"kernels": "two"}}, "qlib_init.kernels is 'two': must be a whole number"),
        ({"qlib_init": {"logging_level": "loud"}}, "qlib_init.logging_level is 'loud': must be a whole number"),
        ({"qlib_init": {"exp_manager": 5}}, "qlib_init.exp_manager is 5: must be a mapping with class"),
        ({"qlib_init": {"exp_manager": STORE | {"kwargs": {}}}}, "qlib_init.exp_manager: ExperimentStore missing a "),
        ({"qlib_init": {"exp_manager": store_at(5)}}, "qlib_init.exp_manager.kwargs: uri is 5: must be text"),
        ({"qlib_init": {"exp_manager": store_at("nonsense://")}}, "nonsense://: the store of experiments cannot be "),
        (
            {"qlib_init": {"exp_manager": store_at("http://localhost:9")}},
            "qlib_init.exp_manager.kwargs: http://localhost:9: .*: nobody answers at localhost:9 ",
        ),
    ],
)
def test_what_the_provider_lacks(world: StudyWorld, changes: dict[str, Any], message: str) -> None:
    study = world.study()
    if "qlib_init" in changes:
        changes = {"qlib_init": study["qlib_init"] | changes["qlib_init"]}
    with pytest.raises(InputError, match=f"^{message}"):
        run_study({**study, **changes})


@pytest.mark.parametrize(
    "settings",
    [
        {"label_neutral": "sector"},
        {"inputs": {"day": {"days": 10}}},
        {"inputs": {"week": {"days": 10, "scale": "last"}}},
        {"instruments": "csi999"},
    ],
)
def test_settings_of_the_dataset(world: StudyWorld, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(settings))):
        run_study(with_handler(world, **settings))


def test_a_field_that_labels_need(world: StudyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = daily.is_stored
    monkeypatch.setattr(daily, "is_stored", lambda stocks, field: field != "industry" and stored(stocks, field))
    with pytest.raises(
        InputError, match=r"^task.dataset: handler: the provider .* has no \$industry.*leave label_neut"
    ):
        run_study(with_handler(world, label_neutral="industry"))


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ({"train": ["2020-01-01", "2020-08-31"]}, "task.dataset: segments has no test: it has train"),
        ({"test": ["2020-09-01", "2020-09-30"]}, "models.bars: the dataset's segments have no train"),
        (
            {"train": ["2020-01-01", "2020-08-31"], "test": ["2030-01-01", None]},
            r"task.dataset: segments.test is 2030-01-01 .. open: the provider has no such day, it has 2020-01-02 \.\. ",
        ),
    ],
)
def test_segments_that_the_study_needs(world: StudyWorld, segments: dict[str, Any], message: str) -> None:
    study = world.study()
    study["task"]["dataset"]["kwargs"]["segments"] = segments
    with pytest.raises(InputError, match=f"^{message}"):
        run_study(study)


def test_a_rolling_ensemble_with_a_start_of_its_own_needs_no_train(world: StudyWorld) -> None:
    study = world.study(rolling={"retrain": "1M", "train_start": "2020-01-01"}, page=None)
    study["task"]["dataset"]["kwargs"]["segments"] = {"test": ["2020-09-01", "2020-09-30"]}
    assert run_study(study).parts[0].reason == "AssertionError: a part was run"
    del study["rolling"]["train_start"]
    with pytest.raises(InputError, match=r"^models.bars: the dataset's segments have no train: they have test$"):
        run_study(study)


def test_a_rolling_ensemble_validates_inside_its_training(world: StudyWorld) -> None:
    study = world.study(rolling={"retrain": "1M"}, page=None)
    study["task"]["dataset"]["kwargs"]["segments"] |= {
        "train": ["2020-01-01", "2020-06-30"],
        "valid": ["2020-07-01", "2020-08-31"],
    }
    with pytest.raises(InputError, match=r"^models.bars: the dataset's segments have valid: .*; leave valid out$"):
        run_study(study)
    del study["rolling"]
    assert run_study(study).parts[0].reason == "AssertionError: a part was run"


def test_settings_of_an_ensemble_are_those_of_its_model(world: StudyWorld) -> None:
    """Here the daily bars, which are all that the handler has."""
    kwargs = {"retrain": "1M", "model": {"class": "GRUModel", "module_path": "qlib_mfgru.model"}, "freq": "day"}
    study = with_handler(world, inputs={"day": INPUTS["day"]})
    study |= {"models": {"daily": {}}, "page": None}
    study["task"]["model"] = {"class": "RollingEnsembleModel", "module_path": "qlib_mfgru.rolling", "kwargs": kwargs}
    assert run_study(study).parts[0].reason == "AssertionError: a part was run"
    kwargs["freq"] = "15min"
    with pytest.raises(InputError, match=r"^models.daily: the handler has no input \['15min'\]"):
        run_study(study)


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
