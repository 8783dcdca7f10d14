"""Settings of the models: what is refused, in which words, and before anything trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from qlib.contrib.model.linear import LinearModel
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
    RecordedModel,
)
from qlib_mfgru.model.base import NeuralModel
from qlib_mfgru.settings import UnknownSetting

Build = Callable[..., Any]
EVERY = pytest.mark.parametrize("build", [GRUModel, AttentionGRUModel, MixedGRUModel, IncrementalGRUModel])

LOSS = "must be one of 'ic', 'rank_ic', 'top_ic', 'pairwise', 'mse', or a config with class, module_path, kwargs"
TRAINING = [
    ({"batch_by": "dates"}, "batch_by is 'dates': must be one of 'sample', 'date'"),
    ({"batch_by": "week"}, "batch_by is 'week': must be one of 'sample', 'date'"),
    ({"max_epochs": 0}, "max_epochs is 0: must be at least 1"),
    ({"max_epochs": 2.5}, "max_epochs is 2.5: must be a whole number"),
    ({"batch_size": 0}, "batch_size is 0: must be at least 1"),
    ({"batch_size": -5}, "batch_size is -5: must be at least 1"),
    ({"lr": "0.001"}, "lr is '0.001': must be a number (without quotes: 0.001)"),
    ({"lr": float("nan")}, "lr is nan: must be a finite number"),
    ({"lr": -1}, "lr is -1: must be at least 0"),
    ({"lr": None}, "lr is None: must be a number"),
    ({"patience": -1}, "patience is -1: must be at least 1"),
    ({"seed": None}, "seed is None: must be a whole number"),
    ({"seed": -1}, "seed is -1: must be at least 0"),
    ({"device": "gpu"}, "device is 'gpu': must be auto, cpu, cuda or cuda:N"),
    ({"device": "cuda:x"}, "device is 'cuda:x': must be auto, cpu, cuda or cuda:N"),
    ({"device": 0}, "device is 0: must be text"),
    ({"gru": "quick"}, "gru is 'quick': must be one of 'auto', 'compiled', 'plain', 'fused', 'torch'"),
    ({"hidden_size": 0}, "hidden_size is 0: must be at least 1"),
    ({"hidden_size": "30"}, "hidden_size is '30': must be a whole number"),
    ({"metric": "rankic"}, "metric is 'rankic': must be one of 'ic', 'rank_ic'"),
    ({"metric": "mse"}, "metric is 'mse': must be one of 'ic', 'rank_ic'"),
    ({"loss": "rankic"}, f"loss is 'rankic': {LOSS}"),
    ({"loss": None}, f"loss is None: {LOSS}"),
    ({"loss": {"class": "HuberLos", "module_path": "own_networks"}}, "loss.class is 'HuberLos': no such class (module "
     "'own_networks' has no attribute 'HuberLos')"),
    ({"loss": {"class": "NotALoss", "module_path": "own_networks"}}, "loss.class is 'NotALoss': must be a Loss"),
    ({"loss": {"class": "RankICLoss", "module_path": "qlib_mfgru.nn", "kwargs": {"tau": 0}}}, "loss: tau is 0: must be "
     "above 0"),
    ({"loss": {"class": "RankICLoss", "module_path": "qlib_mfgru.nn", "kwargs": {"temperature": 1}}}, "loss: "
     "RankICLoss got an unexpected keyword argument 'temperature'"),
    ({"weight_decay": -0.1}, "weight_decay is -0.1: must be at least 0"),
    ({"stop_on": "median"}, "stop_on is 'median': must be one of 'mean', 't'"),
    ({"lr_decay": 0}, "lr_decay is 0: must be above 0"),
    ({"lr_decay": 1.1}, "lr_decay is 1.1: must be at most 1"),
    ({"smooth_epochs": 0}, "smooth_epochs is 0: must be at least 1"),
    ({"average_epochs": 2.5}, "average_epochs is 2.5: must be a whole number"),
    ({"average_epochs": 11}, "average_epochs is 11: must be at most patience, 10"),
    ({"max_epochs": 4, "smooth_epochs": 3, "average_epochs": 3}, "max_epochs is 4: too few for smooth_epochs 3 and "
     "average_epochs 3, which take at least 5"),
    ({"n_epochs": 3}, "unknown setting 'n_epochs'; did you mean 'max_epochs'?"),
    ({"lr": -1, "max_epochs": 0}, "lr is -1: must be at least 0; max_epochs is 0: must be at least 1"),
]  # fmt: skip


@EVERY
@pytest.mark.parametrize(("settings", "message"), TRAINING, ids=[message[:50] for _, message in TRAINING])
def test_training_settings(build: Build, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        build(**settings)
    assert str(refused.value) == message


@EVERY
def test_an_unknown_setting_without_a_near_one(build: Build) -> None:
    with pytest.raises(
        UnknownSetting, match=r"^unknown setting 'momentum'; known are lr, lr_decay, weight_decay, max_epochs, "
    ):
        build(momentum=0.1)


OWN_TCN = {"class": "TCN", "module_path": "own_networks"}
OWN = [
    (lambda: GRUModel(15), "freq is 15: must be text"),
    (lambda: GRUModel(freq=["day", "15min"]), "freq is ['day', '15min']: must be text"),
    (lambda: GRUModel(freqs=["day"]), "unknown setting 'freqs'; did you mean 'freq'?"),
    (lambda: AttentionGRUModel(attention="softmax"), "attention is 'softmax': must be one of 'alstm', 'literal'"),
    (lambda: MixedGRUModel("day"), "freqs is 'day': must be a list"),
    (lambda: MixedGRUModel([]), "freqs is []: must not be empty"),
    (lambda: MixedGRUModel(["day", "day"]), "freqs is ['day', 'day']: must not name 'day' twice"),
    (lambda: IncrementalGRUModel("day"), "stages is 'day': must be a list"),
    (lambda: IncrementalGRUModel(stages=["day", 15]), "stages[1] is 15: must be a frequency, or a mapping with freq "
     "(or freqs), network and training"),
    (lambda: IncrementalGRUModel([{"freq": "day", "net": {}}]), "unknown setting 'stages[0].net'; did you mean "
     "'network'?"),
    (lambda: IncrementalGRUModel([{"network": OWN_TCN}]), "stages[0].freqs is missing"),
    (lambda: IncrementalGRUModel(["day", {"freq": "15min", "network": {**OWN_TCN, "class": "TCM"}}]), "stages[1]: "
     "network.class is 'TCM': no such class (module 'own_networks' has no attribute 'TCM')"),
    (lambda: NetworkModel(None), "network is None: must be a mapping with class, module_path, kwargs"),
    (lambda: NetworkModel("own_networks.TCN"), "network is 'own_networks.TCN': must be a mapping with class, "
     "module_path, kwargs"),
    (lambda: NetworkModel({**OWN_TCN, "class": "HuberLoss"}), "network.class is 'HuberLoss': must be a ScoringNet"),
    (lambda: NetworkModel({**OWN_TCN, "kwargs": {"width": 3}}), "network: TCN got an unexpected keyword argument "
     "'width'"),
    (lambda: NetworkModel({**OWN_TCN, "class": "Pinned"}, freqs=["day"]), "freqs is ['day']: Pinned takes no inputs "
     "and says itself what it reads; leave freqs out"),
    (lambda: NetworkModel(OWN_TCN, freqs=[]), "freqs is []: must not be empty"),
    (lambda: NetworkModel(OWN_TCN, hidden_size=3), "unknown setting 'hidden_size'; known are lr, lr_decay, "
     "weight_decay, max_epochs, patience, stop_on, smooth_epochs, average_epochs, batch_size, batch_by, seed, device, "
     "gru, precision, loss, metric, network, freqs"),
    (lambda: IncrementalGRUModel(stage_weight=0.5), "stage_weight is 0.5: must be one of 'fixed', 'validated'"),
    (lambda: IncrementalGRUModel(["day", {"freq": "15min", "training": 20}]), "stages[1]: training is 20: must be a "
     "mapping with lr, lr_decay, weight_decay, max_epochs, patience, stop_on, smooth_epochs, average_epochs"),
    (lambda: IncrementalGRUModel(["day", {"freq": "15min", "training": {"max_epochs": 0}}]), "stages[1]: "
     "training.max_epochs is 0: must be at least 1"),
    (lambda: IncrementalGRUModel(["day", {"freq": "15min", "training": {"seed": 1}}]), "stages[1]: unknown setting "
     "'training.seed'; known are lr, lr_decay, weight_decay, max_epochs, patience, stop_on, smooth_epochs, "
     "average_epochs"),
    (lambda: IncrementalGRUModel(["day", {"freq": "15min", "training": {"max_epochs": 2}}], average_epochs=3),
     "stages[1].training: max_epochs is 2: too few for smooth_epochs 1 and average_epochs 3, which take at least 3"),
    (lambda: IncrementalGRUModel(["day", "day"]), "stages has the same branch of ['day'] twice"),
    (lambda: IncrementalGRUModel(freqs=["day"]), "unknown setting 'freqs'; known are lr, lr_decay, weight_decay, "
     "max_epochs, patience, stop_on, smooth_epochs, average_epochs, batch_size, batch_by, seed, device, gru, "
     "precision, loss, metric, hidden_size, dropout, stages, stage_weight"),
    (lambda: RecordedModel(17), "recorder_id is 17: must be text"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "message"), OWN, ids=[message[:50] for _, message in OWN])
def test_settings_of_a_models_own(build: Build, message: str) -> None:
    with pytest.raises(InputError) as refused:
        build()
    assert str(refused.value) == message


GRU = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}
LINEAR = {"class": "LinearModel", "module_path": "qlib.contrib.model.linear"}
MEMBERS: list[tuple[Any, dict[str, Any], str]] = [
    ([], {}, "members is []: must not be empty"),
    ("GRUModel", {}, "members is 'GRUModel': must be a list"),
    (GRU, {}, "members is {'class': 'GRUModel', 'module_path': 'qlib_mfgru.model'}: must be a list"),
    ([GRU, "GRUModel"], {}, "members[1] is 'GRUModel': must be a mapping with class, module_path, kwargs"),
    ([{**GRU, "kwarg": {}}], {}, "unknown setting 'members[0].kwarg'; did you mean 'kwargs'?"),
    ([{**GRU, "class": "GRUModl"}], {}, "members[0].class is 'GRUModl': no such class (module 'qlib_mfgru.model' has "
     "no attribute 'GRUModl')"),
    ([{**GRU, "class": "TrainSettings"}], {}, "members[0].class is 'TrainSettings': must be a Model"),
    ([GRU, {**GRU, "kwargs": {"lr": -1}}], {}, "members[1]: lr is -1: must be at least 0"),
    ([GRU], {"n_epochs": 3}, "members[0]: unknown setting 'n_epochs'; did you mean 'max_epochs'?"),
    ([LINEAR], {"lr": 0.1}, "unknown setting 'lr'; known are members, seed"),
    ([GRUModel()], {"lr": 0.1}, "unknown setting 'lr'; known are members"),
    ([GRUModel(), LINEAR], {"lr": 0.1}, "unknown setting 'lr'; known are members, seed"),
]  # fmt: skip


@pytest.mark.parametrize(("members", "settings", "message"), MEMBERS, ids=[row[-1][:50] for row in MEMBERS])
def test_members_of_a_mean(members: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        MeanModel(members, **settings)
    assert str(refused.value) == message


def test_members_of_other_packages() -> None:
    """Settings go to the members that are configs; a model is taken as it is."""
    linear = LinearModel()
    assert MeanModel([linear, GRU], lr=0.5).members[0] is linear


class NotTrained(IncrementalGRUModel):
    """Fails if a stage is run at all."""

    def run_stage(self, *_: Any, **__: Any) -> None:
        raise AssertionError("it trains")


@pytest.mark.parametrize(
    "model",
    [
        NotTrained(["day", "15mni"], **FAST),
        MeanModel([NotTrained(["day"], **FAST), GRUModel("15mni", **FAST)]),
    ],
    ids=["second stage", "second member"],
)
def test_a_frequency_that_the_handler_lacks_is_said_before_anything_trains(
    model: NeuralModel | MeanModel, dataset: MultiFreqDataset
) -> None:
    with pytest.raises(InputError, match=r"^the handler has no input \['15mni'\]; its inputs are \['day', '15min', "):
        model.fit(dataset)


@pytest.mark.parametrize(("device", "n_gpus"), [("cuda", 0), ("cuda:1", 1)])
def test_a_gpu_that_is_not_there(
    device: str, n_gpus: int, dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_gpus)
    with pytest.raises(InputError) as refused:
        GRUModel(**FAST | {"device": device}).fit(dataset)
    assert str(refused.value) == f"device is {device!r}: torch sees {n_gpus} GPUs here; auto takes one if there is one"
