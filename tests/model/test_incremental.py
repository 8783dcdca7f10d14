"""The incremental model: stages in order, each on its own samples, with the branches before it frozen."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from tiny_world import DAYS, FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import GRUModel, IncrementalGRUModel
from qlib_mfgru.model.training import StageData, StageResult
from qlib_mfgru.nn import IncrementalNet, Inputs, ScoringNet

N_DAY_TRAIN, N_JOINT_TRAIN = 49 * 30, 22 * 30
"""Training samples where daily windows alone are needed, and where 15-minute windows are needed too."""
N_DAY_VALID, N_JOINT_VALID = 12 * 30, 6 * 30


class SpiedModel(IncrementalGRUModel):
    """Remembers the data of every stage, the branches' state around it, and counts their forward passes."""

    def build(self, inputs: Inputs) -> IncrementalNet:
        net = super().build(inputs)
        self.stages: list[StageData] = []
        self.states: list[list[dict[str, torch.Tensor]]] = []
        self.passes: list[Counter[tuple[int, bool]]] = [Counter()]
        for number, branch in enumerate(net.branch_list()):
            branch.register_forward_hook(lambda module, *_, number=number: self.count(number, module.training))
        self.whole = net
        return net

    def count(self, branch: int, training: bool) -> None:
        self.passes[-1][branch, training] += 1

    def run_stage(self, net: ScoringNet, data: StageData, stage: int, title: str) -> StageResult:
        self.stages.append(data)
        self.passes.append(Counter())
        before = [copy.deepcopy(branch.state_dict()) for branch in self.whole.branch_list()]
        result = super().run_stage(net, data, stage, title)
        after = [copy.deepcopy(branch.state_dict()) for branch in self.whole.branch_list()]
        self.states.append([before, after])
        self.passes.append(Counter())
        return result


@pytest.fixture(scope="module")
def spied(dataset: MultiFreqDataset) -> SpiedModel:
    model = SpiedModel(**FAST)
    model.fit(dataset)
    return model


def moved(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_stage_one_trains_on_the_whole_daily_history(spied: SpiedModel) -> None:
    first = spied.stages[0]
    assert (len(first.train), len(first.valid)) == (N_DAY_TRAIN, N_DAY_VALID)
    assert first.train.dates[0] == DAYS[4]
    assert first.train_base is first.valid_base is None


def test_stage_two_trains_where_both_frequencies_exist(spied: SpiedModel) -> None:
    second = spied.stages[1]
    assert (len(second.train), len(second.valid)) == (N_JOINT_TRAIN, N_JOINT_VALID)
    assert second.train.dates[0] == DAYS[70]
    assert second.train.freqs == ("day", "15min")


def test_a_stage_moves_its_own_branch_and_no_other(spied: SpiedModel) -> None:
    """Bit for bit: parameters, BatchNorm's running statistics, its counter."""
    (before, after), (before_2, after_2) = spied.states
    everything = set(before[0])
    assert {"encoders.0.norm.running_mean", "encoders.0.norm.num_batches_tracked"} < everything
    assert moved(before[0], after[0]) == everything
    assert moved(before[1], after[1]) == set()
    assert moved(before_2[0], after_2[0]) == set()
    assert moved(before_2[1], after_2[1]) == everything


def test_nothing_moves_between_and_after_the_stages(spied: SpiedModel) -> None:
    assert isinstance(spied.net, IncrementalNet)
    final = [branch.state_dict() for branch in spied.net.branch_list()]
    assert moved(spied.states[0][1][0], final[0]) == set()
    assert moved(spied.states[1][1][1], final[1]) == set()


def test_the_frozen_prediction_is_computed_once_in_evaluation_mode(spied: SpiedModel) -> None:
    """22 training and 6 validation dates, one pass each, before stage 2; then never again."""
    _, stage_1, between, stage_2, after = spied.passes
    assert between == {(0, False): 22 + 6}
    assert {branch for branch, _ in stage_1} == {0}
    assert {branch for branch, _ in stage_2} == {1}
    assert stage_2[1, True] == 3 * 4  # three epochs of four batches
    assert stage_2[1, False] == 3 * 6  # and six validation dates
    assert after == {}


def test_the_base_of_stage_two_is_the_daily_branchs_score(spied: SpiedModel) -> None:
    """In evaluation mode, with the weights of stage 1's best epoch, row by row of the joint samples."""
    assert isinstance(spied.net, IncrementalNet)
    daily = spied.net.branch_list()[0].eval()
    for table, base in ((spied.stages[1].train, spied.stages[1].train_base), (spied.stages[1].valid, None)):
        expected = daily(table.batch(np.arange(len(table))).features).detach()
        got = spied.stages[1].valid_base if base is None else base
        assert got is not None
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-6)


def test_stage_one_is_the_daily_only_model(spied: SpiedModel, dataset: MultiFreqDataset) -> None:
    """Same seed, same samples, same first weights: what the incremental model adds to is the daily-only baseline."""
    daily = GRUModel(freq="day", **FAST)
    daily.fit(dataset)
    assert isinstance(spied.net, IncrementalNet)
    assert daily.net is not None
    assert moved(daily.net.state_dict(), spied.net.branch_list()[0].state_dict()) == set()


def test_three_stages(dataset: MultiFreqDataset) -> None:
    model = SpiedModel(stages=["day", "15min", "30min"], **FAST)
    model.fit(dataset)
    assert [row["stage"] for row in model.history] == [1] * 3 + [2] * 3 + [3] * 3
    assert [data.train.freqs for data in model.stages] == [("day",), ("day", "15min"), ("day", "15min", "30min")]
    for stage, (before, after) in enumerate(model.states):
        assert [bool(moved(*pair)) for pair in zip(before, after, strict=True)] == [i == stage for i in range(3)]
    assert isinstance(model.net, IncrementalNet)
    last = model.stages[2]
    features = last.train.batch(np.arange(len(last.train))).features
    assert last.train_base is not None
    expected = sum(branch(features).detach() for branch in model.net.kept_branches(2))
    torch.testing.assert_close(last.train_base, expected, rtol=0, atol=1e-6)
    assert model.predict(dataset).notna().all()


def test_the_order_of_the_stages_is_the_users(dataset: MultiFreqDataset) -> None:
    model = SpiedModel(stages=["15min", "day"], **FAST)
    model.fit(dataset)
    assert [len(data.train) for data in model.stages] == [N_JOINT_TRAIN, N_JOINT_TRAIN]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_stage_two_learns_what_the_frozen_branch_leaves(dataset: MultiFreqDataset, sign: float) -> None:
    """A stub that answers the label makes the total right from the first batch; one that denies it, wrong."""

    class Stubbed(IncrementalGRUModel):
        def run_stage(self, net: ScoringNet, data: StageData, stage: int, title: str) -> StageResult:
            if stage == 2:
                tables: dict[str, Any] = {"train": data.train, "valid": data.valid}
                bases = {f"{name}_base": sign * 100 * table.labels for name, table in tables.items()}
                data = StageData(**tables, **bases)
            return super().run_stage(net, data, stage, title)

    model = Stubbed(**FAST)
    model.fit(dataset)
    rows = [row for row in model.history if row["stage"] == 2]
    assert all(sign * row["train_ic"] > 0.99 and sign * row["valid_ic"] > 0.99 for row in rows)
