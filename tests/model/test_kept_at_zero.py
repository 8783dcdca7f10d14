"""A stage that does not validate better than the frozen branches alone adds nothing, and says so."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from qlib.log import get_module_logger
from qlib.workflow import R
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import GRUModel, IncrementalGRUModel
from qlib_mfgru.model.training import StageData, StageResult
from qlib_mfgru.nn import IncrementalNet, ScoringNet

STAGES = ["15min", "day", "30min"]
"""On the tiny world's noise the second stage loses against the first, and the third wins."""


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def fitted(dataset: MultiFreqDataset, said: list[str]) -> IncrementalGRUModel:
    model = IncrementalGRUModel(STAGES, **FAST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(get_module_logger("mfgru"), "info", said.append)
        model.fit(dataset)
    return model


def net_of(model: IncrementalGRUModel) -> IncrementalNet:
    assert isinstance(model.net, IncrementalNet)
    return model.net


def ic_by_date(scores: Any, dataset: MultiFreqDataset, freqs: list[str]) -> float:
    """Mean over the validation dates of numpy's correlation with the label."""
    table = dataset.samples("valid", freqs)
    assert len(scores) == len(table)
    return float(np.mean([np.corrcoef(scores[r], table.labels[r])[0, 1] for r in table.rows_by_date()]))


def branch_scores(model: IncrementalGRUModel, number: int, dataset: MultiFreqDataset, freqs: list[str]) -> np.ndarray:
    table = dataset.samples("valid", freqs)
    return net_of(model).branch_list()[number](table.batch(np.arange(len(table))).features).detach().numpy()


def test_each_stage_is_measured_against_the_branches_before_it(
    fitted: IncrementalGRUModel, dataset: MultiFreqDataset
) -> None:
    """On its own samples, with the weights that were kept; a stage at zero is no part of the next one's base."""
    first, second, third = fitted.trained
    assert [result.kept for result in fitted.trained] == [True, False, True]
    assert first.base is None
    alone = {n: ic_by_date(branch_scores(fitted, 0, dataset, STAGES[:n]), dataset, STAGES[:n]) for n in (1, 2, 3)}
    assert first.best == pytest.approx(alone[1], abs=1e-6)
    assert second.base == pytest.approx(alone[2], abs=1e-6)
    assert third.base == pytest.approx(alone[3], abs=1e-6)
    both = branch_scores(fitted, 0, dataset, STAGES) + branch_scores(fitted, 2, dataset, STAGES)
    assert third.best == pytest.approx(ic_by_date(both, dataset, STAGES), abs=1e-6)
    assert second.best < second.base
    assert third.best > third.base
    assert fitted.validation == {"ic": third.best}


def test_the_prediction_is_the_sum_of_what_is_kept(fitted: IncrementalGRUModel, dataset: MultiFreqDataset) -> None:
    first, _, third = net_of(fitted).branch_list()
    table = dataset.every_day("test", STAGES)
    features = table.batch(np.arange(len(table))).features
    expected = (first(features) + third(features)).detach().numpy()
    np.testing.assert_allclose(fitted.predict(dataset).to_numpy(), expected, rtol=0, atol=1e-6)


def test_a_branch_at_zero_is_not_run(fitted: IncrementalGRUModel, dataset: MultiFreqDataset) -> None:
    ran: list[int] = []
    again = copy.deepcopy(fitted)
    for number, branch in enumerate(net_of(again).branch_list()):
        branch.register_forward_hook(lambda *_, number=number: ran.append(number))
    again.predict(dataset)
    assert set(ran) == {0, 2}


def test_with_one_stage_left_it_is_that_models_prediction_to_the_bit(dataset: MultiFreqDataset) -> None:
    incremental, daily = IncrementalGRUModel(**FAST), GRUModel("day", **FAST)
    for model in (incremental, daily):
        model.fit(dataset)
    assert [result.kept for result in incremental.trained] == [True, False]
    expected = daily.predict(dataset)
    assert incremental.predict(dataset).equals(expected)
    assert incremental.validation == {"ic": incremental.trained[1].base}
    assert len(incremental.history) == 6


def test_the_log_gives_both_numbers(fitted: IncrementalGRUModel, said: list[str]) -> None:
    first, second, third = fitted.trained
    assert [line for line in said if line.startswith("stage")] == [
        f"stage 1: 15min: best validation IC {first.best:.4f} at epoch {first.epoch}",
        f"stage 2: day: kept at zero, since its best validation IC {second.best:.4f} (epoch {second.epoch}) does not "
        f"beat that of the branches before it, {second.base:.4f}",
        f"stage 3: 30min: best validation IC {third.best:.4f} at epoch {third.epoch} (the branches before it: "
        f"{third.base:.4f})",
    ]


def test_the_recorder_says_what_is_kept(dataset: MultiFreqDataset, tiny_qlib: Any) -> None:
    with R.start(experiment_name="kept"):
        IncrementalGRUModel(STAGES, **FAST | {"max_epochs": 3}).fit(dataset)
        recorder = R.get_recorder()
    metrics = recorder.list_metrics()
    assert metrics["stage2_epoch"] == 0
    assert metrics["stage1_epoch"] > 0
    assert metrics["stage3_epoch"] > 0


def test_pickles_copies_and_state_dicts_keep_it(fitted: IncrementalGRUModel, dataset: MultiFreqDataset) -> None:
    expected = fitted.predict(dataset)
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert net_of(again).kept.tolist() == [True, False, True]
        assert again.predict(dataset).equals(expected)
    fresh = IncrementalGRUModel(STAGES, **FAST).fresh(dataset)
    fresh.load_state_dict(net_of(fitted).state_dict())
    assert fresh.kept.tolist() == [True, False, True]


class Told(IncrementalGRUModel):
    """Its second stage adds to the label, or to minus the label: nothing can beat the one, anything the other."""

    sign = 1.0

    def run_stage(self, net: ScoringNet, data: StageData, stage: int, title: str) -> StageResult:
        if stage == 2:
            bases = {
                "train_base": self.sign * 100 * data.train.labels,
                "valid_base": self.sign * 100 * data.valid.labels,
            }
            data = dataclasses.replace(data, **bases)
        return super().run_stage(net, data, stage, title)


def test_a_warm_start_from_a_branch_at_zero_learns_again(dataset: MultiFreqDataset) -> None:
    """It begins with that branch's weights, trains them, and is kept once it is better than the base."""
    before = Told(**FAST)
    before.fit(dataset)
    assert net_of(before).kept.tolist() == [True, False]
    models = {}
    for lr in (0.0, FAST["lr"]):
        models[lr] = Told(**FAST | {"lr": lr})
        models[lr].sign = -1.0
        models[lr].warm_start(before)
        models[lr].fit(dataset)
        assert net_of(models[lr]).kept.tolist() == [True, True]
    still, moved, start = (
        torch.cat([p.flatten() for p in net_of(model).branch_list()[1].parameters()])
        for model in (models[0.0], models[FAST["lr"]], before)
    )
    assert torch.equal(still, start)
    assert not torch.allclose(moved, start, atol=1e-3)


def test_an_equal_stage_is_not_better() -> None:
    assert not StageResult(2, "stage 2", "ic", epoch=1, best=0.03, base=0.03).kept
    assert StageResult(2, "stage 2", "ic", epoch=1, best=0.031, base=0.03).kept
    assert StageResult(1, "stage 1", "ic", epoch=1, best=-0.5).kept
