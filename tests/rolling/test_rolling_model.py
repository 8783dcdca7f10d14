"""``RollingEnsembleModel`` in process: what it trains, predicts and leaves in the recorder."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny_world
import torch
from experiments import start_qlib
from mlflow.tracking import MlflowClient
from qlib.workflow import R
from tiny_world import DAYS, FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel, MeanModel
from qlib_mfgru.rolling import RollingEnsembleModel

Make = Callable[..., RollingEnsembleModel]
TESTED = DAYS[(DAYS >= "2020-06-03") & (DAYS <= "2020-08-05")]
TESTS = [("2020-06-03", "2020-06-30"), ("2020-07-01", "2020-07-31"), ("2020-08-03", "2020-08-05")]


@pytest.fixture(scope="module")
def fitted(dataset: MultiFreqDataset, tmp_path_factory: pytest.TempPathFactory) -> RollingEnsembleModel:
    config = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": "day"}}
    units = str(tmp_path_factory.mktemp("units"))
    model = RollingEnsembleModel(config, retrain="1M", seeds=[3, 5], units_dir=units, **FAST)
    model.fit(dataset)
    return model


def alone(dataset: MultiFreqDataset, first: str, last: str, seed: int) -> pd.Series:
    """One fold and seed as a user would train it by hand, everything before `first` being known."""
    before = [day for day in DAYS if day < pd.Timestamp(first)]
    part = MultiFreqDataset(dataset.handler, {"train": (DAYS[0], before[-1]), "test": (first, last)}, sample_step=2)
    model = GRUModel(freq="day", seed=seed, **FAST)
    model.fit(part)
    return model.predict(part)


def test_members_are_what_one_would_train_by_hand(fitted: RollingEnsembleModel, dataset: MultiFreqDataset) -> None:
    """To the bit, fold by fold, stitched in time order."""
    scores = fitted.member_scores(dataset)
    assert list(scores) == [3, 5]
    for seed, score in scores.items():
        expected = pd.concat([alone(dataset, first, last, seed) for first, last in TESTS])
        pd.testing.assert_series_equal(score, expected, check_exact=True)


def test_the_prediction_is_the_mean_of_z_scores(fitted: RollingEnsembleModel, dataset: MultiFreqDataset) -> None:
    members, got = fitted.member_scores(dataset), fitted.predict(dataset)
    assert got.name == "score"
    for day in TESTED:
        of_day = [member.loc[day].to_numpy(np.float64) for member in members.values()]
        expected = sum((x - x.mean()) / np.sqrt(((x - x.mean()) ** 2).mean()) for x in of_day) / 2
        np.testing.assert_allclose(got.loc[day], expected, atol=1e-6)


def test_every_test_date_and_stock_exactly_once(fitted: RollingEnsembleModel, dataset: MultiFreqDataset) -> None:
    got = fitted.predict(dataset)
    assert got.index.is_unique
    assert got.index.is_monotonic_increasing
    assert got.index.names == ["datetime", "instrument"]
    assert list(got.index.unique("datetime")) == list(TESTED)
    assert len(got) == len(TESTED) * 30


def test_a_pickled_model_predicts_the_same(fitted: RollingEnsembleModel, dataset: MultiFreqDataset) -> None:
    """Anew, from its members' networks; it is small, and nothing of it is on a device."""
    pickled = pickle.dumps(fitted)
    assert len(pickled) < 60_000
    again = pickle.loads(pickled)
    pd.testing.assert_series_equal(again.predict(dataset), fitted.predict(dataset), check_exact=True)
    tensors = [t for fold in again.members for member in fold.values() for t in member.net.state_dict().values()]
    assert {tensor.device.type for tensor in tensors} == {"cpu"}


def test_other_dates(fitted: RollingEnsembleModel, dataset: MultiFreqDataset) -> None:
    """Parts of the test, and days after it, which the last fold's members predict."""
    whole = fitted.predict(dataset)
    part = fitted.predict(dataset, ("2020-06-29", "2020-07-02"))
    pd.testing.assert_series_equal(part, whole.loc["2020-06-29":"2020-07-02"])
    later = fitted.predict(dataset, ("2020-08-04", None))
    assert list(later.index.unique("datetime")) == list(DAYS[DAYS >= "2020-08-04"])
    pd.testing.assert_series_equal(later.loc[: pd.Timestamp("2020-08-05")], whole.loc["2020-08-04":])
    last = fitted.members[2][5].predict(dataset, (DAYS[-1], DAYS[-1]))
    pd.testing.assert_series_equal(fitted.member_scores(dataset, (DAYS[-1], DAYS[-1]))[5], last)


def test_days_that_the_first_fold_has_seen_are_refused(fitted: RollingEnsembleModel, dataset: MultiFreqDataset) -> None:
    with pytest.raises(InputError, match="days before the first fold's test, 2020-06-03"):
        fitted.predict(dataset, ("2020-06-02", "2020-06-10"))


def test_days_without_trading_are_said(fitted: RollingEnsembleModel, dataset: MultiFreqDataset) -> None:
    with pytest.raises(InputError, match=r"^\('2020-06-06', '2020-06-07'\) holds no trading day to predict: name"):
        fitted.predict(dataset, ("2020-06-06", "2020-06-07"))


def test_another_label_or_universe_is_predicted_anew(fitted: RollingEnsembleModel, dataset: MultiFreqDataset) -> None:
    """Scores that were kept from the fit serve the data of the fit only."""
    handler = type(dataset.handler)(
        instruments=[f"SH{600000 + i}" for i in range(10)],
        inputs={freq: vars(spec) for freq, spec in dataset.handler.inputs.items()},
        cache_dir=dataset.handler.cache_dir,
    )
    few = MultiFreqDataset(handler, dataset.segments)
    assert fitted.predict(few).index.get_level_values("instrument").nunique() == 10


def test_an_incremental_model_and_a_mean_of_models(make_model: Make, dataset: MultiFreqDataset) -> None:
    """Minute bars exist from 2020-04-08 on: the folds' dates follow each stage's own history."""
    incremental = make_model("IncrementalGRUModel", {}, seeds=[0])
    incremental.fit(dataset)
    stages = {row["stage"] for row in incremental.members[0][0].history}
    assert stages == {1, 2}
    gru = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}
    members = [{**gru, "kwargs": {"freq": freq}} for freq in ("day", "15min")]
    mean = make_model("MeanModel", {"members": members}, seeds=[0])
    mean.fit(dataset)
    assert isinstance(mean.members[2][0], MeanModel)
    for model in (incremental, mean):
        assert list(model.predict(dataset).index.unique("datetime")) == list(TESTED)


def test_the_future_changes_no_network(
    make_model: Make, dataset: MultiFreqDataset, tiny_provider: Path, tiny_qlib: Path, tmp_path: Path
) -> None:
    """Every price and volume from the first test day on is changed: the first fold's networks are the same bits."""
    honest = make_model("IncrementalGRUModel", {}, seeds=[0])
    honest.fit(dataset)
    poisoned = shutil.copytree(tiny_provider, tmp_path / "poisoned")
    poison(poisoned, int(np.flatnonzero(DAYS == "2020-06-03")[0]))
    start_qlib(poisoned, tiny_qlib)
    try:
        other = make_model("IncrementalGRUModel", {}, seeds=[0])
        other.fit(tiny_world.dataset(tmp_path / "panels", segments=dataset.segments))
    finally:
        start_qlib(tiny_provider, tiny_qlib)

    def moved(fold: int) -> bool:
        one, two = (model.members[fold][0].net.state_dict() for model in (honest, other))
        return any(not torch.equal(one[name], two[name]) for name in one)

    assert [moved(fold) for fold in range(3)] == [False, True, True]


def poison(provider: Path, first: int) -> None:
    """Replace all stored values from day `first` on by noise, at every frequency."""
    random = np.random.default_rng(1)
    for path in (provider / "features").glob("*/*.bin"):
        freq = path.name.split(".")[1]
        start = first if freq == "day" else first - (len(DAYS) - tiny_world.N_INTRADAY_DAYS)
        stored = np.fromfile(path, "<f4")
        late = stored[1 + start * tiny_world.BARS_PER_DAY[freq] :]
        late[:] = random.uniform(1, 100, len(late))
        stored.tofile(path)


def test_what_the_recorder_gets(make_model: Make, dataset: MultiFreqDataset, tiny_qlib: Path, tmp_path: Path) -> None:
    model = make_model("IncrementalGRUModel", {})
    with R.start(experiment_name="rolling"):
        model.fit(dataset)
        recorder = R.get_recorder()
    assert {name for name in recorder.list_artifacts() if not name.startswith("code_")} == {"rolling"}
    MlflowClient(tracking_uri=f"sqlite:///{tiny_qlib}").download_artifacts(recorder.id, "rolling", str(tmp_path))
    folder = tmp_path / "rolling"
    folds = pd.read_csv(folder / "folds.csv")
    assert list(folds["inputs"]) == ["day", "day+15min"] * 3
    assert list(zip(folds["test_first"], folds["test_last"], strict=True))[::2] == TESTS
    units = pd.read_csv(folder / "units.csv")
    assert list(zip(units["fold"], units["seed"], strict=True)) == [(f, s) for f in (1, 2, 3) for s in (0, 1)]
    for seed, score in model.member_scores(dataset).items():
        pd.testing.assert_frame_equal(pd.read_pickle(folder / f"score_seed{seed}.pkl"), score.to_frame())
    histories = json.loads((folder / "training_history.json").read_text())
    assert [row["history"] for row in histories] == [fold[seed].history for fold in model.members for seed in (0, 1)]
    best = [fold[seed].trained[1].valid for fold in model.members for seed in (0, 1)]
    assert list(units["valid_ic"]) == pytest.approx(best)
    logged = MlflowClient(tracking_uri=f"sqlite:///{tiny_qlib}").get_metric_history(recorder.id, "folds/valid_ic")
    assert [entry.value for entry in logged] == pytest.approx([np.mean(best[i : i + 2]) for i in (0, 2, 4)])
    assert recorder.list_metrics()["valid_ic"] == pytest.approx(np.mean(best)), "of all units, not of the last fold's"
    assert set(recorder.list_metrics()) == {"valid_ic", "folds/valid_ic"}
    assert {name: recorder.list_params()[name] for name in ("model", "seeds", "retrain", "hidden_size")} == {
        "model": "IncrementalGRUModel",
        "seeds": "0, 1",
        "retrain": "1M",
        "hidden_size": str(FAST["hidden_size"]),
    }


def test_folds_are_saved_before_anything_trains(
    make_model: Make, dataset: MultiFreqDataset, tiny_qlib: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(GRUModel, "fit", stop)
    with R.start(experiment_name="interrupted"):
        recorder = R.get_recorder()
        with pytest.raises(KeyboardInterrupt):
            make_model().fit(dataset)
        names = [file.path for file in MlflowClient(f"sqlite:///{tiny_qlib}").list_artifacts(recorder.id, "rolling")]
    assert names == ["rolling/folds.csv"]


def test_a_warm_start_begins_where_the_fold_before_ended(make_model: Make, dataset: MultiFreqDataset) -> None:
    """BatchNorm counts its batches in its state: after one epoch a fold it shows how many epochs a network has seen."""
    warm, cold = (make_model(warm_start=flag, max_epochs=1) for flag in (True, False))
    warm.fit(dataset)
    cold.fit(dataset)

    def batches(model: RollingEnsembleModel, seed: int) -> list[int]:
        return [int(fold[seed].net.state_dict()["encoders.0.norm.num_batches_tracked"]) for fold in model.members]

    for seed in (0, 1):
        assert batches(cold, seed) == [7, 8, 9]
        assert batches(warm, seed) == [7, 7 + 8, 7 + 8 + 9]


def test_a_warm_start_by_hand(make_model: Make, dataset: MultiFreqDataset) -> None:
    warm = make_model(warm_start=True, seeds=[1])
    warm.fit(dataset)
    first = GRUModel(freq="day", seed=1, **FAST)
    first.fit(dataset.with_segments(warm.folds[0].segments))
    second = GRUModel(freq="day", seed=1, **FAST)
    second.warm_start(first)
    second.fit(dataset.with_segments(warm.folds[1].segments))
    got = warm.members[1][1].net.state_dict()
    assert second.net is not None
    assert all(torch.equal(value, got[name]) for name, value in second.net.state_dict().items())


def test_bad_segments(make_model: Make, dataset: MultiFreqDataset) -> None:
    segments = {"train": ("2020-01-01", "2020-04-30"), "valid": ("2020-05-01", "2020-05-29")}
    with pytest.raises(InputError, match="`valid` must not be given"):
        make_model().fit(dataset.with_segments({**dataset.segments, **segments}))
    with pytest.raises(InputError, match="folds need `test`"):
        make_model().fit(dataset.with_segments({"train": dataset.segments["train"]}))
    with pytest.raises(RuntimeError, match="not fitted"):
        make_model().predict(dataset)
