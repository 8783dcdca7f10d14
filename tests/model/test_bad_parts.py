"""Networks and losses that cannot be trained: one line, when the setting is made or when the first batch shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from bad_parts import Shifted
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel, NetworkModel, TrainingError
from qlib_mfgru.model.settings import TrainSettings
from qlib_mfgru.model.training.loop import StageData, train_stage
from qlib_mfgru.nn import InputShape, ScoreNet

QUICK = {name: value for name, value in FAST.items() if name != "hidden_size"}


def bad(name: str, module: str = "bad_parts", **kwargs: Any) -> dict[str, Any]:
    return {"class": name, "module_path": module, "kwargs": kwargs}


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (bad("NoForward"), r"network: NoForward needs a forward\(features\) of its own"),
        (bad("ScoringNet", "qlib_mfgru.nn"), r"network: ScoringNet needs a forward\(features\) of its own"),
        (bad("Linear", inputs={}), "network.kwargs has inputs: Linear is given it, so it cannot be set"),
    ],
)
def test_a_network_refused_by_the_setting(network: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        NetworkModel(network, freqs=["day"])


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("NoWeights", "network: NoWeights has no weights to train"),
        ("Doubled", r"Doubled gives scores of shape \(\d+,\), torch.float64, .*: must be \(\d+,\), torch.float32"),
        ("Pair", "Pair gives a tuple: must be a tensor of scores"),
        ("Curious", r"the network reads '15min', which is not among its freqs, \['day'\]"),
        ("Detached", "Detached gives scores that do not depend on its weights"),
    ],
)
def test_a_network_refused_by_the_fit(dataset: MultiFreqDataset, network: str, message: str) -> None:
    with pytest.raises((InputError, TrainingError), match=message):
        NetworkModel(bad(network), freqs=["day"], **QUICK).fit(dataset)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (bad("Alone"), r"loss: Alone needs forward\(scores, label\)"),
        (bad("ICLoss", "qlib_mfgru.nn", tau=0.1), "loss: ICLoss got an unexpected keyword argument 'tau'"),
        (bad("Each", scale=2), "loss: Each got an unexpected keyword argument 'scale'"),
    ],
)
def test_a_loss_refused_by_the_setting(loss: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GRUModel("day", loss=loss)


@pytest.mark.parametrize(
    ("loss", "message"),
    [("Each", r"the Each loss gives a tensor of shape \(\d+,\)"), ("Plain", r"the Plain loss gives \d+\.\d+")],
)
def test_a_loss_refused_by_the_fit(dataset: MultiFreqDataset, loss: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message + ".*: must be one number that depends on the scores"):
        GRUModel("day", loss=bad(loss), **FAST).fit(dataset)


def test_a_losss_own_weights_are_trained_too(make_dataset: Callable[..., MultiFreqDataset]) -> None:
    dataset, loss = make_dataset(), Shifted()
    settings = TrainSettings(loss=bad("Shifted"), **QUICK)
    data = StageData(dataset.samples("train", ["day"]), dataset.samples("valid", ["day"]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainSettings, "make_loss", lambda _: loss)
        train_stage(ScoreNet({"day": InputShape(5, 6)}, 4), data, settings, [])
    assert not torch.equal(loss.shift, torch.ones(()))
