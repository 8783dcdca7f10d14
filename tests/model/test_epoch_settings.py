"""Settings of the epochs in a fit: decay, stopping on t, averages, and what a stage has of its own."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import GRUModel, IncrementalGRUModel, TrainSettings
from qlib_mfgru.model.training import StageData, StageResult, metric_by_date, score_samples, train_stage, validate
from qlib_mfgru.model.training.adamw import AdamW
from qlib_mfgru.nn import InputShape, Loss, ScoreNet
from qlib_mfgru.rolling.spelling import spelled

STAGES = ["day", {"freq": "15min", "training": {"max_epochs": 2, "weight_decay": 0.5}}]


@pytest.fixture(scope="module")
def tables(dataset: MultiFreqDataset) -> StageData:
    return StageData(dataset.samples("train", ["15min"]), dataset.samples("valid", ["15min"]))


def daily(dataset: MultiFreqDataset, **settings: Any) -> GRUModel:
    model = GRUModel("day", **FAST | settings)
    model.fit(dataset)
    return model


def test_decay_is_taken_off_every_weight_beside_adams_step(tables: StageData) -> None:
    """After one step w' = (1 - lr * decay) * w + (Adam's step, which decay does not change)."""
    torch.manual_seed(0)
    start = ScoreNet({"15min": InputShape(16, 6)}, hidden_size=4)
    settings = TrainSettings(batch_size=10_000, lr=1e-2, max_epochs=1, device="cpu")
    plain, decayed = copy.deepcopy(start), copy.deepcopy(start)
    train_stage(plain, tables, settings, [])
    train_stage(decayed, tables, settings.changed(weight_decay=3.0), [])
    for before, adam, got in zip(*(net.parameters() for net in (start, plain, decayed)), strict=True):
        torch.testing.assert_close(got, adam - 0.03 * before, rtol=0, atol=1e-6)
        assert not torch.equal(got, adam) or not before.any()


def test_without_decay_it_is_adam_to_the_bit(tables: StageData, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    ours = ScoreNet({"15min": InputShape(16, 6)}, hidden_size=4)
    adams = copy.deepcopy(ours)
    settings = TrainSettings(batch_size=200, lr=1e-2, max_epochs=3, device="cpu")
    train_stage(ours, tables, settings, [])
    adam = "qlib_mfgru.model.training.loop.AdamW"
    monkeypatch.setattr(adam, lambda group, *_, lr: torch.optim.Adam(group[0], lr=lr))
    train_stage(adams, tables, settings, [])
    expected = adams.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in ours.state_dict().items())


class Scaled(Loss):
    """Has a weight, whose gradient is 0: decay alone could move it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))
        SCALES.append(self.scale)

    def forward(self, scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return (scores - label).square().mean() + 0 * self.scale


SCALES: list[torch.nn.Parameter] = []


def test_what_a_loss_learns_does_not_decay(tables: StageData) -> None:
    net = ScoreNet({"15min": InputShape(16, 6)}, hidden_size=4)
    loss = {"class": "Scaled", "module_path": __name__}
    settings = TrainSettings(batch_size=200, lr=1e-2, weight_decay=9.0, max_epochs=1, device="cpu", loss=loss)
    train_stage(net, tables, settings, [])
    assert SCALES[-1].item() == 1


def test_the_rate_decays_from_epoch_to_epoch(tables: StageData, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    step = AdamW.step
    monkeypatch.setattr(AdamW, "step", lambda self: (rates.append(self.lr), step(self)))
    torch.manual_seed(0)
    net = ScoreNet({"15min": InputShape(16, 6)}, hidden_size=4)
    settings = TrainSettings(batch_size=len(tables.train), lr=1e-2, lr_decay=0.5, max_epochs=4, device="cpu")
    train_stage(net, tables, settings, [])
    assert rates == [0.01, 0.005, 0.0025, 0.00125]


def test_stopping_on_t_keeps_the_epoch_of_the_largest_t(dataset: MultiFreqDataset) -> None:
    mean, t = (daily(dataset, max_epochs=8, stop_on=kind) for kind in ("mean", "t"))
    rows = t.history
    assert [row["valid_ic"] for row in rows] == [row["valid_ic"] for row in mean.history]
    assert "valid_t" not in mean.history[0]
    best = max(rows, key=lambda row: row["valid_t"])
    assert t.trained[0].epoch == best["epoch"]
    assert t.validation["ic"] == best["valid_ic"]
    table = dataset.samples("valid", ["day"])
    ics = torch.tensor(metric_by_date(score_samples(t.net, table), table)).double()
    assert best["valid_t"] == pytest.approx(float(ics.mean() / ics.std() * len(ics) ** 0.5), rel=1e-4)


def test_the_recorded_metric_is_that_of_the_averaged_network(dataset: MultiFreqDataset) -> None:
    model = daily(dataset, average_epochs=3, max_epochs=6)
    table = dataset.samples("valid", ["day"])
    assert model.net is not None
    assert model.validation["ic"] == pytest.approx(validate(model.net, table), abs=1e-6)
    best = max(row["valid_ic"] for row in model.history)
    assert abs(model.validation["ic"] - best) > 1e-6, "the average is no epoch's network"
    (result,) = model.trained
    assert str(result) == f"day: best validation IC {result.best:.4f} at epoch {result.epoch} and 2 more, averaged"


def test_the_best_epoch_alone_is_the_default(dataset: MultiFreqDataset) -> None:
    """To the bit, whether the settings are stated or not."""
    stated = {"lr_decay": 1.0, "weight_decay": 0.0, "stop_on": "mean", "smooth_epochs": 1, "average_epochs": 1}
    models = [daily(dataset, **settings) for settings in ({}, stated)]
    assert models[0].predict(dataset).equals(models[1].predict(dataset))
    assert models[0].validation["ic"] == max(row["valid_ic"] for row in models[0].history)


def test_a_stage_is_trained_by_its_own_settings(dataset: MultiFreqDataset) -> None:
    model = IncrementalGRUModel(STAGES, **FAST)
    assert [model.stage_settings(stage).max_epochs for stage in (1, 2)] == [3, 2]
    assert [model.stage_settings(stage).weight_decay for stage in (1, 2)] == [0.0, 0.5]
    assert model.stage_settings(2).lr == FAST["lr"]
    model.fit(dataset)
    assert [row["stage"] for row in model.history] == [1, 1, 1, 2, 2]


def test_the_first_stage_does_not_see_the_seconds_settings(dataset: MultiFreqDataset) -> None:
    firsts: list[StageResult] = []
    for stages in (STAGES, ["day", "15min"]):
        model = IncrementalGRUModel(stages, **FAST)
        model.fit(dataset)
        firsts.append(model.trained[0])
    assert firsts[0].best == firsts[1].best


def test_a_stages_own_settings_are_part_of_a_units_key() -> None:
    """Also where they are the defaults: they stand against the model's."""

    def key(training: dict[str, Any]) -> Any:
        stages = ["day", {"freq": "15min", "training": training}]
        config = {"class": "IncrementalGRUModel", "module_path": "qlib_mfgru.model"}
        return spelled({**config, "kwargs": {"stages": stages, "max_epochs": 20}})

    assert key({}) != key({"max_epochs": 100})
    assert key({"lr": 0.01, "patience": 3}) == key({"patience": 3, "lr": 0.01})


def test_what_a_recorder_shows_of_a_stage() -> None:
    shown = [str(stage) for stage in IncrementalGRUModel(STAGES).settings.stages]
    assert shown == ["day", "15min (max_epochs 2, weight_decay 0.5)"]
