"""Which model of the Huatai report a recorder's model is."""

from __future__ import annotations

from typing import Any

import pytest

from qlib_mfgru.study.page.subjects import _reports


def rolling(**kwargs: Any) -> dict[str, Any]:
    return {"class": "RollingEnsembleModel", "kwargs": kwargs}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ({"class": "GRUModel"}, "gru"),
        ({"class": "GRUModel", "kwargs": {"freq": "15min", "lr": 0.1}}, "gru"),
        ({"class": "GRUModel", "kwargs": {"freq": "day"}}, ""),
        (rolling(model={"class": "IncrementalGRUModel"}, retrain="6M"), "incremental"),
        (rolling(model={"class": "AttentionGRUModel"}, freq="day"), ""),
        ({"class": "LGBModel", "kwargs": {"loss": "mse"}}, ""),
    ],
)
def test_a_network_of_other_bars_is_not_the_reports(model: dict[str, Any], name: str) -> None:
    assert _reports({"model": model}) == name


def test_a_recorder_without_a_model_is_of_none() -> None:
    assert _reports({}) == ""
