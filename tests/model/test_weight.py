"""The weight of a stage's score, chosen on validation by the one-standard-error rule."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tiny_world import DAYS, FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.data.samples import SampleTable
from qlib_mfgru.model import IncrementalGRUModel
from qlib_mfgru.model.training import StageData, StageResult, TrainingError, train_stage, validate
from qlib_mfgru.model.training.weight import GRID, choose_weight
from qlib_mfgru.nn import Features, IncrementalNet, ScoringNet
from qlib_mfgru.nn.weighted import WeightedNet

BOTH = ("day", "15min")


class Told(ScoringNet):
    """Answers what it is told, date by date."""

    def __init__(self, table: SampleTable, scores: torch.Tensor) -> None:
        super().__init__()
        self.freqs = ("day",)
        self.dates = iter([scores[rows] for rows in table.rows_by_date()])
        self.weight = torch.nn.Parameter(torch.zeros(1))  # says where the network is

    def forward(self, features: Features) -> torch.Tensor:
        return next(self.dates)


@pytest.fixture(scope="module")
def valid(dataset: MultiFreqDataset) -> SampleTable:
    return dataset.samples("valid", ["day"])


def noise(table: SampleTable, seed: int) -> torch.Tensor:
    return torch.randn(len(table), generator=torch.Generator().manual_seed(seed))


def chosen(table: SampleTable, scores: torch.Tensor, base: torch.Tensor) -> tuple[float, float, float]:
    net = WeightedNet(Told(table, scores))
    weight, metric = choose_weight(net, table, base, "ic")
    return weight, metric, float(net.weight)


def reference(table: SampleTable, scores: torch.Tensor, base: torch.Tensor) -> tuple[float, float]:
    """The rule in numpy, from the largest weight down."""
    s, b, y = scores.double().numpy(), base.double().numpy(), table.labels.double().numpy()
    ics = {w: [np.corrcoef((b + w * s)[r], y[r])[0, 1] for r in table.rows_by_date()] for w in GRID}
    best = max(ics, key=lambda w: np.mean(ics[w]))
    weight = best
    for w in GRID[::-1]:
        lost = np.subtract(ics[best], ics[w])
        if w <= best and lost.mean() <= lost.std(ddof=1) / np.sqrt(len(lost)):
            weight = w
    return weight, float(np.mean(ics[weight]))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("signal", [0.0, 0.2, 1.0])
def test_the_rule_against_numpy(valid: SampleTable, seed: int, signal: float) -> None:
    base = noise(valid, seed) + 0.2 * valid.labels
    scores = noise(valid, seed + 100) + signal * valid.labels
    weight, metric, of_net = chosen(valid, scores, base)
    expected, ic = reference(valid, scores, base)
    assert weight == expected
    assert of_net == pytest.approx(expected)
    assert metric == pytest.approx(ic, abs=1e-5)


def test_a_score_without_signal_gets_zero_and_the_metric_of_the_base(valid: SampleTable) -> None:
    weight, metric, _ = chosen(valid, noise(valid, 1), valid.labels + 0.1 * noise(valid, 2))
    assert weight == 0
    only_base = np.mean([
        np.corrcoef((valid.labels + 0.1 * noise(valid, 2))[r], valid.labels[r])[0, 1] for r in valid.rows_by_date()
    ])  # fmt: skip
    assert metric == pytest.approx(only_base, abs=1e-6)


def test_a_score_that_is_the_label_counts_in_full_beside_noise(valid: SampleTable) -> None:
    assert chosen(valid, valid.labels, noise(valid, 3))[0] == 1


# In a model.


class Based(IncrementalGRUModel):
    """Its second stage adds to minus the label, which anything improves, or to the label, which nothing does."""

    sign = -1.0

    def run_stage(self, net: ScoringNet, data: StageData, stage: int, title: str) -> StageResult:
        if stage == 2:
            train, valid = (self.sign * table.labels for table in (data.train, data.valid))
            data = StageData(data.train, data.valid, train, valid)
        return super().run_stage(net, data, stage, title)


def fitted(dataset: MultiFreqDataset, kind: type[IncrementalGRUModel] = Based, **settings: Any) -> IncrementalGRUModel:
    model = kind(**FAST | settings)
    model.fit(dataset)
    return model


def net_of(model: IncrementalGRUModel) -> IncrementalNet:
    assert isinstance(model.net, IncrementalNet)
    return model.net


def test_the_weight_is_the_networks_and_the_recorded_metric_is_that_of_the_weighted_sum(
    dataset: MultiFreqDataset,
) -> None:
    model = fitted(dataset, stage_weight="validated")
    result, branch = model.trained[1], net_of(model).branch_list()[1]
    assert isinstance(branch, WeightedNet)
    assert result.weight == pytest.approx(float(branch.weight))
    assert result.weight > 0
    table = dataset.samples("valid", BOTH)
    assert model.validation["ic"] == result.best == pytest.approx(validate(branch, table, -table.labels), abs=1e-6)


def test_the_first_stage_has_no_weight(dataset: MultiFreqDataset) -> None:
    model = fitted(dataset, stage_weight="validated")
    assert [isinstance(branch, WeightedNet) for branch in net_of(model).branch_list()] == [False, True]
    assert model.trained[0].weight == 1


def test_a_stage_at_weight_zero_is_kept_at_zero_and_says_why(dataset: MultiFreqDataset) -> None:
    class Perfect(Based):
        sign = 1.0

    model = fitted(dataset, Perfect, stage_weight="validated")
    result = model.trained[1]
    assert (result.weight, result.kept) == (0, False)
    assert result.best == result.base == pytest.approx(1)
    assert net_of(model).kept.tolist() == [True, False]
    assert str(result) == (
        f"stage 2: 15min: kept at zero, since its validation IC (epoch {result.epoch}) is at no weight more than one "
        "standard error above that of the branches before it, 1.0000"
    )


def test_one_validation_date_is_refused_before_the_second_stage_trains(
    make_dataset: Callable[..., MultiFreqDataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no standard error of it, which a fixed weight does without."""
    dataset = make_dataset(segments={"train": (DAYS[0], DAYS[120]), "valid": (DAYS[125], DAYS[126])})
    trained: list[int] = []

    def counted(*arguments: Any) -> None:
        trained.append(arguments[-1])
        train_stage(*arguments)

    monkeypatch.setattr("qlib_mfgru.model.base.train_stage", counted)
    with pytest.raises(TrainingError) as refused:
        IncrementalGRUModel(**FAST, stage_weight="validated").fit(dataset)
    assert str(refused.value) == (
        "validation: one date has no standard error; use more validation dates, or stage_weight: fixed"
    )
    assert trained == [1]
    IncrementalGRUModel(**FAST).fit(dataset)
    assert trained == [1, 1, 2]


def test_training_is_that_of_a_fixed_weight_to_the_bit(dataset: MultiFreqDataset) -> None:
    """What is chosen afterwards changes no epoch."""
    fixed, validated = (fitted(dataset, stage_weight=kind) for kind in ("fixed", "validated"))
    values = [[{**row, "seconds": 0} for row in model.history] for model in (fixed, validated)]
    assert values[0] == values[1]
    weighted = net_of(validated).branch_list()[1]
    assert isinstance(weighted, WeightedNet)
    plain = net_of(fixed).branch_list()[1].state_dict()
    assert all(torch.equal(tensor, plain[name]) for name, tensor in weighted.net.state_dict().items())


def test_pickles_copies_and_states_keep_the_weight(dataset: MultiFreqDataset) -> None:
    model = fitted(dataset, stage_weight="validated")
    expected = model.predict(dataset)
    state = model.state()
    assert state is not None
    restored = Based(**FAST, stage_weight="validated")
    restored.restore(state)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), restored):
        assert again.predict(dataset).equals(expected)
        assert again.trained[1].weight == model.trained[1].weight


def test_a_warm_start_trains_at_weight_one_again(dataset: MultiFreqDataset) -> None:
    """Whatever the stage's weight came to before."""
    before = fitted(dataset, stage_weight="validated")
    branch = net_of(before).branch_list()[1]
    assert isinstance(branch, WeightedNet)
    histories = []
    for weight in (0.0, 1.0):
        branch.weight.fill_(weight)
        model = Based(**FAST, stage_weight="validated")
        model.warm_start(before)
        model.fit(dataset)
        histories.append([row["valid_ic"] for row in model.history])
    assert histories[0] == histories[1]


def test_the_log_gives_the_weight() -> None:
    result = StageResult(2, "stage 2: 15min", "ic", epoch=4, best=0.05, base=0.04, weight=0.3)
    assert str(result) == (
        "stage 2: 15min: best validation IC 0.0500 at epoch 4, at weight 0.3 (the branches before it: 0.0400)"
    )
