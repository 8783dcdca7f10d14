"""qlib's own DatasetH is refused in one line, which names the dataset that our models read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from qlib.data.dataset import DatasetH
from qlib.data.dataset.handler import DataHandlerLP
from qlib.data.dataset.loader import StaticDataLoader
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import (
    AttentionGRUModel,
    GRUModel,
    IncrementalGRUModel,
    MeanModel,
    MixedGRUModel,
    NetworkModel,
)
from qlib_mfgru.rolling import RollingEnsembleModel

GRU = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": "day"}}
NETWORK = {"class": "ScoreNet", "module_path": "qlib_mfgru.nn", "kwargs": {"hidden_size": 4}}
MODELS: dict[str, Callable[[], Any]] = {
    "gru": lambda: GRUModel(freq="day"),
    "attention": lambda: AttentionGRUModel(freq="day"),
    "mixed": MixedGRUModel,
    "incremental": IncrementalGRUModel,
    "mean": lambda: MeanModel([GRU, GRU]),
    "network": lambda: NetworkModel(network=NETWORK),
    "rolling": lambda: RollingEnsembleModel(GRU),
}


@pytest.fixture(scope="module")
def stock() -> DatasetH:
    """As qlib's examples have it: a column for each feature, over rows of date and stock."""
    index = pd.MultiIndex.from_product([pd.bdate_range("2020-01-01", periods=9), ["SH600000"]])
    index.names = ["datetime", "instrument"]
    columns = pd.MultiIndex.from_tuples([("feature", "KMID"), ("label", "LABEL0")])
    frame = pd.DataFrame(np.ones((9, 2)), index, columns)
    handler = DataHandlerLP(data_loader=StaticDataLoader(frame))
    return DatasetH(handler, {"train": ("2020-01-01", "2020-01-06"), "test": ("2020-01-07", "2020-01-13")})


@pytest.mark.parametrize("name", MODELS)
def test_a_fit(name: str, stock: DatasetH) -> None:
    model = MODELS[name]()
    with pytest.raises(InputError) as error:
        model.fit(stock)
    assert str(error.value) == (
        f"{type(model).__name__} reads windows of bars from a MultiFreqDataset over a MultiFreqHandler (module_path: "
        "qlib_mfgru.data), and the dataset is a DatasetH over DataHandlerLP"
    )


def test_a_prediction(stock: DatasetH, dataset: MultiFreqDataset) -> None:
    model = GRUModel(**FAST | {"max_epochs": 1})
    model.fit(dataset)
    for predicts in (model, MeanModel([model])):
        with pytest.raises(InputError, match=r"^GRUModel reads windows of bars from a MultiFreqDataset"):
            predicts.predict(stock)
