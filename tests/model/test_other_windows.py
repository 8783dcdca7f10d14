"""A fitted model, and weights to start from, refuse windows that are made in another way than those of the fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tiny_world import FAST, INPUTS

from qlib_mfgru.data import FIELDS, MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel, IncrementalGRUModel, MeanModel

MakeDataset = Callable[..., MultiFreqDataset]
FITTED = "days: 5, scale: last, fields: [open, high, low, close, vwap, volume]"

QUANTITY = {"name": "factor", "kind": "quantity"}


def daily(**changes: Any) -> dict[str, Any]:
    return {**INPUTS, "day": {**INPUTS["day"], **changes}}


@pytest.fixture(scope="module")
def model(dataset: MultiFreqDataset) -> GRUModel:
    fitted = GRUModel("day", **FAST)
    fitted.fit(dataset)
    return fitted


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"inputs": daily(fields=FIELDS[::-1])}, "fields: [volume, vwap, close, low, high, open]}"),
        ({"inputs": daily(fields=[*FIELDS[:5], QUANTITY])}, "vwap, {name: factor, kind: quantity, scale: own}]}"),
        ({"inputs": daily(fields=FIELDS[:5])}, "{days: 5, scale: last, fields: [open, high, low, close, vwap]}"),
        ({"inputs": daily(days=7)}, "{days: 7, scale: last,"),
        ({"inputs": daily(scale="mean")}, "{days: 5, scale: mean,"),
        ({"clip": 3.0}, "clip {None}; the handler's is {3.0}"),
    ],
    ids=["order", "another field", "fewer fields", "days", "scale", "clip"],
)
def test_prediction_and_warm_start_are_refused(
    model: GRUModel, make_dataset: MakeDataset, changes: dict[str, Any], difference: str
) -> None:
    other = make_dataset(**changes)
    with pytest.raises(InputError, match=r"^GRUModel was fitted with .*" + re.escape(difference)):
        model.predict(other)
    start = GRUModel("day", **FAST)
    start.warm_start(model)
    with pytest.raises(InputError, match=r"^(the weights to start from were fitted with .*|warm start: )"):
        start.fit(other)


def test_a_mean_asks_each_member(make_dataset: MakeDataset, model: GRUModel) -> None:
    with pytest.raises(InputError, match=re.escape(f"inputs.day {{{FITTED}}}; the handler's is {{days: 7")):
        MeanModel([model]).predict(make_dataset(inputs=daily(days=7)))


def test_what_the_model_does_not_read_may_differ(
    model: GRUModel, dataset: MultiFreqDataset, make_dataset: MakeDataset
) -> None:
    other = make_dataset(inputs={**INPUTS, "15min": {"days": 2, "scale": "last"}})
    assert model.predict(other).equals(model.predict(dataset))


def test_weights_of_another_network(model: GRUModel, dataset: MultiFreqDataset) -> None:
    larger = GRUModel("day", **FAST | {"hidden_size": 5})
    larger.warm_start(model)
    with pytest.raises(InputError, match=r"^warm start: the weights are those of another network than this one: \S.*$"):
        larger.fit(dataset)
    stages = IncrementalGRUModel(["day"], **FAST)
    stages.warm_start(model)
    with pytest.raises(InputError, match=r"^warm start: the weights are those of another network"):
        stages.fit(dataset)
