"""Trained models in files: small, on the CPU, and the same in another process."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from started import done
from tiny_world import FAST, SEGMENTS

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import AttentionGRUModel, GRUModel, IncrementalGRUModel, MeanModel, MixedGRUModel

MODELS: dict[str, Callable[[], Any]] = {
    "gru": lambda: GRUModel(**FAST),
    "attention": lambda: AttentionGRUModel(**FAST),
    "mixed": lambda: MixedGRUModel(**FAST),
    "incremental": lambda: IncrementalGRUModel(**FAST),
    "mean": lambda: MeanModel([GRUModel(freq=freq, **FAST) for freq in ("day", "15min")]),
}

ELSEWHERE = """
import pickle, sys
import qlib, torch
torch.set_num_threads(1)
provider, folder = sys.argv[1:]
qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=30)
with open(f"{folder}/dataset.pkl", "rb") as file:
    dataset = pickle.load(file)
with open(f"{folder}/models.pkl", "rb") as file:
    models = pickle.load(file)
with open(f"{folder}/scores.pkl", "wb") as file:
    pickle.dump({name: model.predict(dataset) for name, model in models.items()}, file)
"""


@pytest.fixture(scope="module")
def models(dataset: MultiFreqDataset) -> dict[str, Any]:
    made = {name: build() for name, build in MODELS.items()}
    for model in made.values():
        model.fit(dataset)
    return made


def test_another_process_predicts_the_same(
    models: dict[str, Any], dataset: MultiFreqDataset, tiny_provider: Path, tmp_path: Path
) -> None:
    """From pickles of the models and of the dataset alone; without torch's global state of this process."""
    (tmp_path / "models.pkl").write_bytes(pickle.dumps(models))
    (tmp_path / "dataset.pkl").write_bytes(pickle.dumps(dataset))
    done(ELSEWHERE, tiny_provider, tmp_path, folder=tmp_path)
    elsewhere = pd.read_pickle(tmp_path / "scores.pkl")
    for name, model in models.items():
        pd.testing.assert_series_equal(elsewhere[name], model.predict(dataset), check_exact=True, obj=name)


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"mean"}))
def test_a_fitted_model_is_on_the_cpu_small_and_in_evaluation_mode(models: dict[str, Any], name: str) -> None:
    again = pickle.loads(pickle.dumps(models[name]))
    assert {tensor.device.type for tensor in again.net.state_dict().values()} == {"cpu"}
    assert all(parameter.grad is None for parameter in again.net.parameters())
    assert not again.net.training
    assert again.history == models[name].history
    assert len(pickle.dumps(models[name])) < 30_000


def test_a_prediction_that_fails_leaves_its_network_on_the_cpu(
    dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the memory of a GPU does not suffice: what is saved afterwards must be readable without one."""
    model = GRUModel("day", **FAST | {"max_epochs": 1})
    model.fit(dataset)
    moved: list[torch.nn.Module] = []
    monkeypatch.setattr(torch.nn.Module, "cpu", lambda net: moved.append(net))
    monkeypatch.setattr("qlib_mfgru.model.base.score_samples", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.predict(dataset)
    assert moved == [model.net]


def test_qlibs_own_way_to_save_a_model(models: dict[str, Any], dataset: MultiFreqDataset, tmp_path: Path) -> None:
    models["incremental"].to_pickle(tmp_path / "model.pkl")
    again = IncrementalGRUModel.load(tmp_path / "model.pkl")
    assert again.predict(dataset).equals(models["incremental"].predict(dataset))


def test_an_unfitted_model_can_be_pickled_and_then_fitted(models: dict[str, Any], dataset: MultiFreqDataset) -> None:
    model = pickle.loads(pickle.dumps(MODELS["mixed"]()))
    model.fit(dataset)
    assert model.predict(dataset).equals(models["mixed"].predict(dataset))


def test_a_pickled_dataset_carries_no_data(dataset: MultiFreqDataset) -> None:
    assert len(pickle.dumps(dataset)) < 10_000


def test_a_pickled_dataset_gives_the_same_samples(dataset: MultiFreqDataset) -> None:
    again = pickle.loads(pickle.dumps(dataset))
    assert again.segments == SEGMENTS
    for mine, theirs in zip(dataset.batches("train"), again.batches("train"), strict=True):
        assert np.array_equal(mine.rows, theirs.rows)
        assert all(torch.equal(window, theirs.features[freq]) for freq, window in mine.features.items())
