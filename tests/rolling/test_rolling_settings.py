"""Settings of a rolling retraining: what is refused, in which words, and before anything trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from qlib.utils import init_instance_by_config
from rolling_world import SEGMENTS

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel
from qlib_mfgru.rolling import RollingEnsembleModel

Make = Callable[..., RollingEnsembleModel]

MONTHS = "must be a number of months that divides a year: 1M, 2M, 3M, 4M, 6M, 12M"
JOBS = "must be at least 1, or -1 for as many as there are cores"
BACKEND = "must be a mapping such as {backend: dask, scheduler_host: ...}"
SETTINGS = [
    ({"seeds": "012"}, "seeds is '012': must be a list"),
    ({"seeds": 3}, "seeds is 3: must be a list"),
    ({"seeds": [-1]}, "seeds[0] is -1: must be at least 0"),
    ({"seeds": [0, 1.5]}, "seeds[1] is 1.5: must be a whole number"),
    ({"seeds": []}, "seeds is []: must not be empty"),
    ({"seeds": [1, 0, 1]}, "seeds is [1, 0, 1]: must not name 1 twice"),
    ({"warm_start": "no"}, "warm_start is 'no': must be true or false"),
    ({"n_jobs": 0}, f"n_jobs is 0: {JOBS}"),
    ({"n_jobs": "2"}, "n_jobs is '2': must be a whole number"),
    ({"threads": 0}, "threads is 0: must be at least 1"),
    ({"threads": 1.5}, "threads is 1.5: must be a whole number"),
    ({"backend": "loky"}, f"backend is 'loky': {BACKEND}"),
    ({"backend": {"scheduler_host": "tcp://a"}}, f"backend is {{'scheduler_host': 'tcp://a'}}: {BACKEND}"),
    ({"retrain": "half a year"}, f"retrain is 'half a year': {MONTHS}"),
    ({"retrain": "5M"}, f"retrain is '5M': {MONTHS}"),
    ({"retrain": 6}, "retrain is 6: must be text"),
    ({"window": "rolling"}, "window is 'rolling': must be one of 'expanding', 'sliding'"),
    ({"train_start": 2020}, "train_start is 2020: must be a date such as 2020-01-31"),
    ({"units_dir": 3}, "units_dir is 3: must be a path"),
    ({"seeds": 3, "n_jobs": 0}, f"seeds is 3: must be a list; n_jobs is 0: {JOBS}"),
    ({"max_epochs": 0}, "model: max_epochs is 0: must be at least 1"),
    ({"batch_by": "dates"}, "model: batch_by is 'dates': must be one of 'sample', 'date'"),
    (
        {"retran": "3M"},
        "model: unknown setting 'retran'; known are lr, lr_decay, weight_decay, max_epochs, patience, stop_on, "
        "smooth_epochs, average_epochs, batch_size, batch_by, seed, device, gru, precision, loss, "
        "metric, hidden_size, dropout, freq; "
        "settings of RollingEnsembleModel itself are model, retrain, train_start, seeds, n_jobs, window, warm_start, "
        "threads, backend, units_dir",
    ),
]


@pytest.mark.parametrize(("settings", "message"), SETTINGS, ids=[message[:50] for _, message in SETTINGS])
def test_settings(make_model: Make, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        make_model(**settings)
    assert str(refused.value) == message


GRU = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}
LINEAR = {"class": "LinearModel", "module_path": "qlib.contrib.model.linear"}
SEEDED = {**GRU, "kwargs": {"seed": 7}}


def mean(*members: Any, **kwargs: Any) -> dict[str, Any]:
    return {"class": "MeanModel", "module_path": "qlib_mfgru.model", "kwargs": {"members": members, **kwargs}}


OWN_SEED = "has a seed of its own and would be the same under each; give its config without one"
MODELS: list[tuple[Any, dict[str, Any], str]] = [
    ("GRUModel", {}, "model is 'GRUModel': must be a mapping with class, module_path, kwargs"),
    (None, {}, "model is None: must be a mapping with class, module_path, kwargs"),
    ({"module_path": "qlib_mfgru.model"}, {}, "model.class is missing"),
    ({**GRU, "kwarg": {"lr": 1}}, {}, "unknown setting 'model.kwarg'; did you mean 'kwargs'?"),
    ({**GRU, "kwargs": ["lr"]}, {}, "model.kwargs is ['lr']: must be a mapping"),
    ({**GRU, "class": "GRUModl"}, {}, "model.class is 'GRUModl': no such class (module 'qlib_mfgru.model' has no "
     "attribute 'GRUModl')"),
    ({**GRU, "class": "TrainSettings"}, {}, "model.class is 'TrainSettings': must be a Model"),
    ({**GRU, "kwargs": {"freq": 15}}, {}, "model: freq is 15: must be text"),
    (LINEAR, {}, "model: LinearModel got an unexpected keyword argument 'seed'; settings of RollingEnsembleModel "
     "itself are model, retrain, train_start, seeds, n_jobs, window, warm_start, threads, backend, units_dir"),
    ({"class": "SeededModel", "module_path": "odd_models"}, {"warm_start": True}, "warm_start is True: SeededModel "
     "cannot begin with the weights of another"),
    (mean(GRU, SEEDED), {}, f"seeds are [0, 1, 2]: model: members[1] {OWN_SEED}"),
    (mean(GRU, GRUModel(), seed=1), {"seeds": [3, 5]}, f"seeds are [3, 5]: model: members[1] {OWN_SEED}"),
    (mean(GRU, mean(SEEDED)), {}, f"seeds are [0, 1, 2]: model: members[1]: members[0] {OWN_SEED}"),
    (mean(GRU, mean(GRU, seed=7)), {}, f"seeds are [0, 1, 2]: model: members[1] {OWN_SEED}"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "settings", "message"), MODELS, ids=[row[-1][:50] for row in MODELS])
def test_configs_of_the_model(model: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        RollingEnsembleModel(model, **settings)
    assert str(refused.value) == message


def test_under_one_seed_a_means_members_may_have_their_own() -> None:
    made: Any = RollingEnsembleModel(mean(SEEDED, GRU, seed=1), seeds=[3])._member()
    assert [member.settings.seed for member in made.members] == [7, 3]


def test_under_several_seeds_a_mean_passes_each_on() -> None:
    model = RollingEnsembleModel(mean(GRU, mean(GRU), seed=7), seeds=[3, 5])
    made: list[Any] = [init_instance_by_config(model._config(seed)) for seed in model.seeds]
    seeds = [[member.settings.seed for member in (it.members[0], it.members[1].members[0])] for it in made]
    assert seeds == [[3, 3], [5, 5]]


@pytest.fixture
def nothing_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*_: Any) -> None:
        raise AssertionError("it trains")

    monkeypatch.setattr(GRUModel, "fit", fit)


@pytest.mark.usefixtures("nothing_trains")
class TestBeforeAnythingTrains:
    def test_a_frequency_that_the_handler_lacks(self, make_model: Make, dataset: MultiFreqDataset) -> None:
        model = make_model("MixedGRUModel", {"freqs": ["dya"]})
        with pytest.raises(
            InputError, match=r"^the handler has no input \['dya'\]; its inputs are \['day', '15min', '3"
        ):
            model.fit(dataset)

    @pytest.mark.parametrize(
        ("backend", "message"),
        [
            ({"backend": "lokyy"}, "backend is {'backend': 'lokyy'}: joblib cannot use it (Invalid backend: lokyy,"),
            ({"backend": "ray"}, "backend is {'backend': 'ray'}: joblib cannot use it (No module named 'ray')"),
        ],
    )
    def test_a_backend_that_joblib_does_not_know(
        self, make_model: Make, dataset: MultiFreqDataset, backend: dict[str, Any], message: str, tmp_path: Path
    ) -> None:
        model = make_model(backend=backend)
        with pytest.raises(InputError) as refused:
            model.fit(dataset)
        assert str(refused.value).startswith(message)
        assert not list(tmp_path.glob("units/*"))


def test_the_train_segment_must_end_before_the_test_here_too(dataset: MultiFreqDataset) -> None:
    """The folds do not look at its end, but a dataset does not know for which model it is made; it may be left out."""
    with pytest.raises(InputError, match=r"^segments train \(2020-01-01 .. 2020-06-30\) and test \(2020-06-03 .. "):
        dataset.with_segments({**SEGMENTS, "train": ("2020-01-01", "2020-06-30")})


def test_without_a_train_segment_training_starts_where_it_is_told(make_model: Make, dataset: MultiFreqDataset) -> None:
    model = make_model(seeds=[0], train_start=20200103, max_epochs=1)
    model.fit(dataset.with_segments({"test": SEGMENTS["test"]}))
    assert {fold.train[0] for fold in model.folds} == {pd.Timestamp("2020-01-03")}
