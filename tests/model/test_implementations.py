"""Training does not depend on which implementation runs the recurrence, and a model says which one does."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from qlib.log import get_module_logger
from tiny_world import FAST

from qlib_mfgru import native
from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import AttentionGRUModel, GRUModel, IncrementalGRUModel
from qlib_mfgru.model.base import NeuralModel

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
