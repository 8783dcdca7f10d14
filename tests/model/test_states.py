"""What a fitted model has learnt as tensors and plain values, and the same model from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
import pytest
import torch
from model_kinds import KINDS, PLAIN
from own_networks import Pinned
from safetensors.torch import load, save
from tiny_world import DAYS, FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel, IncrementalGRUModel, MeanModel, Member, ModelState, NetworkModel, as_member


class Pair(NamedTuple):
    """How a model is made, a fitted one, and one from its state alone, which was bytes and JSON in between."""

    make: Callable[[], Member]
    fitted: Member
    again: Member


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest, dataset: MultiFreqDataset) -> Pair:
    kind, settings = KINDS[request.param]
    pair = Pair(partial(kind, **settings), kind(**settings), kind(**settings))
    pair.fitted.fit(dataset)
    state = pair.fitted.state()
    assert state is not None
    pair.again.restore(ModelState(load(save(state.tensors)), json.loads(json.dumps(state.plain))))
    return pair


@pytest.mark.parametrize("segment", ["test", "train", (DAYS[-1], DAYS[-1])], ids=str)
def test_a_restored_model_predicts_the_same_bits(pair: Pair, dataset: MultiFreqDataset, segment: Any) -> None:
    expected = pair.fitted.predict(dataset, segment)
    pd.testing.assert_series_equal(pair.again.predict(dataset, segment), expected, check_exact=True)


def test_it_knows_what_the_fit_knew(pair: Pair, dataset: MultiFreqDataset) -> None:
    _, fitted, again = pair
    assert again.history == fitted.history
    assert again.validation == fitted.validation
    assert again.stage_freqs(dataset) == fitted.stage_freqs(dataset)


def test_a_fit_may_start_from_it(pair: Pair, dataset: MultiFreqDataset) -> None:
    """To the bit what starts from the model itself."""
    scores = []
    for earlier in (pair.fitted, pair.again):
        model = pair.make()
        model.warm_start(earlier)
        model.fit(dataset)
        scores.append(model.predict(dataset))
    pd.testing.assert_series_equal(*scores, check_exact=True)


def test_a_branch_that_is_kept_at_zero_stays_there(dataset: MultiFreqDataset) -> None:
    fitted, again = IncrementalGRUModel(**FAST), IncrementalGRUModel(**FAST)
    fitted.fit(dataset)
    fitted.net.kept[1] = False
    again.restore(fitted.state())
    assert again.net.kept.tolist() == [True, False]
    pd.testing.assert_series_equal(again.predict(dataset), fitted.predict(dataset), check_exact=True)


def test_a_restored_model_refuses_other_windows(dataset: MultiFreqDataset) -> None:
    fitted, again = (GRUModel(freq="day", **FAST) for _ in range(2))
    fitted.fit(dataset)
    state = fitted.state()
    state.plain["reading"]["inputs.day"]["scale"] = "mean"
    again.restore(state)
    with pytest.raises(InputError, match=r"^GRUModel was fitted with inputs.day \{days: 5, scale: mean, fields: "):
        again.predict(dataset)


class Told(Pinned):
    """Keeps more than tensors."""

    def get_extra_state(self) -> dict[str, int]:
        return {"seen": 1}

    def set_extra_state(self, state: Any) -> None: ...


class Tied(Pinned):
    """One weight under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.twin = self.head


@pytest.mark.parametrize(("kind", "is_told"), [(Told, False), (Tied, True)])
def test_what_tensors_can_say(kind: type, is_told: bool, dataset: MultiFreqDataset) -> None:
    settings = {"network": {"class": kind}, **PLAIN}
    fitted, again = NetworkModel(**settings), NetworkModel(**settings)
    fitted.fit(dataset)
    state = fitted.state()
    assert (state is not None) is is_told
    if state is not None:
        again.restore(ModelState(load(save(state.tensors)), state.plain))
        assert again.net.twin.weight is again.net.head.weight
        pd.testing.assert_series_equal(again.predict(dataset), fitted.predict(dataset), check_exact=True)
    assert (MeanModel([fitted]).state() is not None) is is_told


def test_a_state_is_a_copy(dataset: MultiFreqDataset) -> None:
    fitted = GRUModel(freq="day", **FAST)
    fitted.fit(dataset)
    before = fitted.predict(dataset)
    for tensor in fitted.state().tensors.values():
        tensor.zero_()
    pd.testing.assert_series_equal(fitted.predict(dataset), before, check_exact=True)


def test_that_of_another_model_is_none(dataset: MultiFreqDataset) -> None:
    small, large = GRUModel(freq="day", **FAST), GRUModel(freq="day", **{**FAST, "hidden_size": 5})
    with pytest.raises(RuntimeError, match=r"^GRUModel is not fitted: there is nothing to keep$"):
        small.state()
    small.fit(dataset)
    with pytest.raises(RuntimeError, match="size mismatch"):
        large.restore(small.state())
    other = as_member(torch.nn.Linear(1, 1))
    assert other.state() is None
    with pytest.raises(InputError, match=r"^Linear cannot be restored: it does not say what it has learnt$"):
        other.restore(small.state())
