"""Training does not depend on which implementation runs the recurrence, and a model says which one does."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch
from qlib.log import get_module_logger
from tiny_world import FAST

from qlib_mfgru import native
from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import AttentionGRUModel, GRUModel, IncrementalGRUModel, MixedGRUModel
from qlib_mfgru.model.base import NeuralModel
from qlib_mfgru.model.training.cores import kernels_do_the_work

IMPLEMENTATIONS = ["plain", "torch"] + ["compiled"] * (native.library() is not None)


@pytest.mark.parametrize("build", [GRUModel, AttentionGRUModel, IncrementalGRUModel])
def test_the_same_loss_curve(build: Callable[..., NeuralModel], dataset: MultiFreqDataset) -> None:
    curves, scores = {}, {}
    for name in IMPLEMENTATIONS:
        model = build(**FAST, gru=name)
        model.fit(dataset)
        curves[name] = np.array([[row["train_ic"], row["valid_ic"]] for row in model.history])
        scores[name] = model.predict(dataset).to_numpy()
    for name in IMPLEMENTATIONS:
        np.testing.assert_allclose(curves[name], curves["torch"], atol=2e-4)
        assert np.corrcoef(scores[name], scores["torch"])[0, 1] > 1 - 1e-5


@pytest.mark.parametrize("gru", ["fused", "compiled"])
def test_what_does_not_run_here_is_said_first(
    gru: str, dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "library", lambda *_: None)
    model = GRUModel(**FAST, gru="plain")
    model.fit(dataset)
    model.settings = model.settings.changed(gru=gru)
    for call in (model.fit, model.predict):
        with pytest.raises(InputError, match=f"^gru is '{gru}', which does not run on cpu here: auto takes what does$"):
            call(dataset)


def test_a_model_on_the_cpu_leaves_gpus_alone(dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at the random state of one makes a context on it, which takes its memory, or fails where it is full."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    for name in ("get_rng_state", "manual_seed", "manual_seed_all"):
        monkeypatch.setattr(torch.cuda, name, lambda *_: pytest.fail("a GPU was asked"))
    before = torch.get_rng_state()
    model = GRUModel(**FAST | {"max_epochs": 1, "device": "cpu"}, dropout=0.1)
    model.fit(dataset)
    model.predict(dataset)
    assert torch.equal(torch.get_rng_state(), before), "the caller's numbers are as they were"


def test_the_model_says_what_runs(dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(get_module_logger("mfgru"), "info", said.append)
    model = GRUModel(**FAST | {"max_epochs": 1}, gru="plain")
    model.fit(dataset)
    assert [line for line in said if line.startswith("ScoreNet, GRU plain on cpu (")]
    assert {layer.implementation for layer in model.net.modules() if hasattr(layer, "implementation")} == {"plain"}


def test_a_model_pickled_where_the_kernel_was_built_predicts_where_it_was_not(
    dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = GRUModel(**FAST)
    model.fit(dataset)
    expected = model.predict(dataset)
    monkeypatch.setattr(native, "capability", lambda: "DEFAULT")
    there = pickle.loads(pickle.dumps(model)).predict(dataset)
    np.testing.assert_allclose(there.to_numpy(), expected.to_numpy(), atol=1e-4)


@pytest.mark.parametrize("build", [GRUModel, AttentionGRUModel, MixedGRUModel, IncrementalGRUModel])
def test_dropout_follows_the_seed_and_stays_with_the_kernels(
    build: Callable[..., NeuralModel], dataset: MultiFreqDataset
) -> None:
    torch.manual_seed(99)
    state, scores = torch.random.get_rng_state(), []
    for dropout in (0.5, 0.5, 0.0):
        model = build(**FAST, dropout=dropout)
        model.fit(dataset)
        scores.append(model.predict(dataset))
        assert model.net is not None
        assert model.net.stochastic == (dropout > 0)
        assert kernels_do_the_work(model.net) == (native.library() is not None)
    assert scores[0].equals(scores[1])
    assert not np.allclose(scores[0], scores[2])
    assert torch.equal(torch.random.get_rng_state(), state), "the caller's random numbers are left alone"
