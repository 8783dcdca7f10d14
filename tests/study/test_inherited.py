"""A setting that a mean or a rolling ensemble hands down is its models' own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from small_study import FAST

from qlib_mfgru.model import MeanModel
from qlib_mfgru.study.identity import part_keys
from qlib_mfgru.study.inherited import inherited

GRU = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}


def gru(**kwargs: Any) -> dict[str, Any]:
    return {**GRU, "kwargs": kwargs}


def mean(*members: Any, **settings: Any) -> dict[str, Any]:
    return {"class": "MeanModel", "module_path": "qlib_mfgru.model", "kwargs": {"members": [*members], **settings}}


def rolling(model: Any, **settings: Any) -> dict[str, Any]:
    kwargs = {"model": model, "retrain": "3M", **settings}
    return {"class": "RollingEnsembleModel", "module_path": "qlib_mfgru.rolling", "kwargs": kwargs}


def keys(model: dict[str, Any]) -> list[str]:
    return part_keys({"model": model}, "content")


@pytest.mark.parametrize("outer", [mean, rolling])
def test_a_default_in_the_place_of_an_outer_setting_counts(outer: Callable[..., dict[str, Any]]) -> None:
    bars, daily = outer(gru(freq="15min"), freq="day"), outer(GRU, freq="day")
    assert not {*keys(bars)} & {*keys(daily)}
    assert keys(bars)[0] == keys(outer(GRU))[0]
    assert keys(daily)[0] == keys(outer(gru(freq="day")))[0]


def test_through_several_of_them() -> None:
    both = rolling(mean(GRU, gru(freq="15min")), freq="day", lr=0.1)
    assert inherited(both) == rolling(mean(gru(freq="day", lr=0.1), gru(freq="15min", lr=0.1)))


def test_where_nothing_is_handed_down_a_config_stays() -> None:
    for config in (gru(**FAST), {"class": "relu", "days": [1, {"a": None}]}, rolling(gru(lr=0.1)), mean(gru(lr=0.1))):
        assert inherited({"model": config}) == {"model": config}


class OwnMean(MeanModel):
    """A mean with a setting of its own."""

    def __init__(self, members: Any, power: int = 1, **settings: Any) -> None:
        super().__init__(members, **settings)
        self.power = power


def test_an_argument_of_a_class_of_ones_own_stays_its_own() -> None:
    own = {"class": "OwnMean", "module_path": __name__}
    handed = inherited({**own, "kwargs": {"members": [GRU], "power": 2, "freq": "day"}})
    assert handed == {**own, "kwargs": {"members": [gru(freq="day")], "power": 2}}
