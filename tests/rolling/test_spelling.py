"""Configs that mean the same have the same key, and no others."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import Any

import pytest
from odd_models import OddModel, SeededModel

from qlib_mfgru.model import GRUModel, MeanModel
from qlib_mfgru.rolling.key import digest
from qlib_mfgru.rolling.spelling import spelled


def model(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"class": name, "module_path": "qlib_mfgru.model", "kwargs": kwargs}


def key(config: Any) -> str:
    return digest(spelled(config))


gru = partial(model, "GRUModel")
TCN, DAILY = {"class": "TCN", "module_path": "own_networks"}, {"freqs": ("day",)}
GRU = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}
ALIKE = {
    "a class by another path": [
        model("GRUModel"),
        {"class": "qlib_mfgru.model.GRUModel"},
        {"class": "GRUModel", "module_path": "qlib_mfgru.model.networks", "kwargs": {}},
    ],
    "a default that is stated": [
        model("GRUModel"),
        model("GRUModel", freq="15min", lr=1e-3),
        model("GRUModel", lr=0.001, gru="auto"),
    ],
    "stages": [
        model("IncrementalGRUModel"),
        model("IncrementalGRUModel", stages=["day", "15min"]),
        model("IncrementalGRUModel", stages=({"freq": "day"}, {"freqs": ["15min"]})),
    ],
    "a network in a stage": [
        model("IncrementalGRUModel", stages=["day", {"freq": "15min", "network": TCN}]),
        model("IncrementalGRUModel", stages=[DAILY, {"freqs": ["15min"], "network": {"class": "own_networks.TCN"}}]),
    ],
    "a mean's shared settings": [
        model("MeanModel", members=[GRU, gru(freq="day")], lr=0.1, seed=3),
        model("MeanModel", members=[gru(lr=0.1), gru(freq="day", lr=0.1)], seed=3),
    ],
    "a class itself": [{"class": OddModel, "kwargs": {"folder": "a"}},
                       {"class": "OddModel", "module_path": "odd_models", "kwargs": {"folder": "a"}}],
}  # fmt: skip
APART = [
    model("GRUModel"),
    model("GRUModel", seed=1),
    model("GRUModel", lr=0.1),
    model("GRUModel", freq="day"),
    model("AttentionGRUModel"),
    model("MixedGRUModel"),
    model("MixedGRUModel", freqs=["15min", "day"]),
    model("IncrementalGRUModel"),
    model("IncrementalGRUModel", stages=["15min", "day"]),
    model("NetworkModel", network=TCN),
    model("NetworkModel", network={**TCN, "kwargs": {"channels": 4}}),
    model("MeanModel", members=[GRU]),
    model("MeanModel", members=[GRU], lr=0.1),
    model("MeanModel", members=[gru(lr=1e-3)], lr=0.1, seed=1),
    model("MeanModel", members=[GRU], lr=0.1, seed=1),
    {"class": "OddModel", "module_path": "odd_models", "kwargs": {"folder": "a"}},
    {"class": "OddModel", "module_path": "odd_models", "kwargs": {"folder": "b"}},
    {"class": "SeededModel", "module_path": "odd_models", "kwargs": {"seed": 1}},
    {"class": "SeededModel", "module_path": "odd_models", "kwargs": {"seed": 2}},
]


@pytest.mark.parametrize("name", ALIKE)
def test_other_ways_to_say_it(name: str) -> None:
    assert len({key(config) for config in ALIKE[name]}) == 1


def test_whatever_differs_has_another_key() -> None:
    """A member's own setting goes before the mean's: stated, it is another model."""
    for one, other in combinations(APART, 2):
        assert key(one) != key(other), (one, other)


MEMBERS: dict[str, Any] = {
    "ours": lambda number: GRUModel(lr=number / 10),
    "one made from ours": lambda number: OddModel(f"folder {number}"),
    "another package's": SeededModel,
    "a mean": lambda number: MeanModel([GRUModel("day", max_epochs=number + 20)]),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_models_in_the_place_of_configs(name: str) -> None:
    """They are told apart by all that they were made with, though they print alike."""
    first, alike, other = (key(model("MeanModel", members=[MEMBERS[name](number)])) for number in (1, 1, 2))
    assert first == alike
    assert first != other


def test_plain_data_stay_what_they_are() -> None:
    assert spelled({"class": "relu", "sizes": (1, 2)}) == {"class": "relu", "sizes": [1, 2]}
