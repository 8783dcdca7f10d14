"""The training loop: what an epoch trains on, when a stage ends, which weights are kept, and what stops it."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.data.dataset import BatchBy
from qlib_mfgru.data.samples import Batch, SampleTable
from qlib_mfgru.model import TrainSettings
from qlib_mfgru.model.training import EpochRecord, StageData, score_samples, train_stage, validate
from qlib_mfgru.model.training.callbacks import History
from qlib_mfgru.model.training.stopping import EarlyStopping
from qlib_mfgru.nn import InputShape, ScoreNet
from qlib_mfgru.threads import n_threads

FREQS = ["day", "15min"]
FROZEN = TrainSettings(batch_size=200, lr=0.0, max_epochs=1, device="cpu")
"""One epoch in which no weight moves."""


@pytest.fixture(scope="module")
def tables(dataset: MultiFreqDataset) -> StageData:
    return StageData(dataset.samples("train", FREQS), dataset.samples("valid", FREQS))


@pytest.fixture
def net() -> ScoreNet:
    torch.manual_seed(0)
    return ScoreNet({"15min": InputShape(16, 6)}, hidden_size=4)


def correlation(x: torch.Tensor, y: torch.Tensor) -> float:
    return float(np.corrcoef(x.detach().double().numpy(), y.double().numpy())[0, 1])


def record(epoch: int, valid_ic: float) -> EpochRecord:
    return EpochRecord(stage=1, epoch=epoch, metric="ic", train=0.0, valid=valid_ic, seconds=0.0)


class TestThreads:
    @pytest.fixture(autouse=True)
    def threads_are_set_back(self) -> Iterator[None]:
        before = torch.get_num_threads()
        yield
        torch.set_num_threads(before)

    def test_the_compiled_kernel_has_the_cores_to_itself(
        self, tables: StageData, net: ScoreNet, processor: str
    ) -> None:
        """In training, in validation and in prediction; torch has them back in between and afterwards."""
        seen, between = set(), set()
        net.register_forward_hook(lambda *_: seen.add((net.training, torch.get_num_threads(), n_threads())))
        torch.set_num_threads(3)
        train_stage(net, tables, FROZEN, [lambda *_: between.add(torch.get_num_threads())])
        score_samples(net, tables.valid)
        torchs = 3 if processor == "DEFAULT" else 1
        assert seen == {(True, torchs, 3), (False, torchs, 3)}
        assert between == {3}
        assert torch.get_num_threads() == 3

    def test_any_number_of_threads_trains_the_same_network(
        self, tables: StageData, net: ScoreNet, processor: str
    ) -> None:
        if processor == "DEFAULT":
            pytest.skip("torch's own sums depend on the number of threads")
        settings = FROZEN.changed(lr=0.01, max_epochs=2, batch_size=660)
        trained = []
        for threads in (1, 4):
            torch.set_num_threads(threads)
            trained.append(copy.deepcopy(net))
            train_stage(trained[-1], tables, settings, [])
        one, four = (each.state_dict() for each in trained)
        assert all(torch.equal(one[name], four[name]) for name in one)
        assert not torch.equal(one["head.weight"], net.state_dict()["head.weight"])


class TestEpoch:
    def test_every_sample_is_trained_on_once_an_epoch(self, tables: StageData, net: ScoreNet) -> None:
        seen = watch_batches(tables.train)
        settings = FROZEN.changed(max_epochs=2)
        train_stage(net, dataclasses.replace(tables, train=seen), settings, [])
        rows = [np.concatenate(seen.rows[i : i + 4]) for i in (0, 4)]
        assert len(tables.train) == 660
        assert [len(part) for part in seen.rows] == [165] * 8  # 660 samples in the fewest batches of up to 200
        for epoch in rows:
            np.testing.assert_array_equal(np.sort(epoch), np.arange(660))
        assert not np.array_equal(*rows)

    @pytest.mark.parametrize("by", ["sample", "date"])
    def test_the_seed_decides_the_order(self, tables: StageData, net: ScoreNet, by: BatchBy) -> None:
        orders = []
        for seed in (0, 0, 1):
            seen = watch_batches(tables.train)
            settings = FROZEN.changed(seed=seed, batch_by=by)
            train_stage(net, dataclasses.replace(tables, train=seen), settings, [])
            orders.append(np.concatenate(seen.rows).tolist())
        assert orders[0] == orders[1] != orders[2]

    def test_batches_of_one_date_hold_that_dates_whole_cross_section(self, tables: StageData, net: ScoreNet) -> None:
        seen = watch_batches(tables.train)
        settings = FROZEN.changed(batch_by="date")
        train_stage(net, dataclasses.replace(tables, train=seen), settings, [])
        assert [len(rows) for rows in seen.rows] == [30] * 22
        dates = [set(tables.train.sample_dates[rows]) for rows in seen.rows]
        assert all(len(date) == 1 for date in dates)
        assert len(set.union(*dates)) == 22

    def test_only_the_inputs_of_the_network_are_gathered(self, tables: StageData, net: ScoreNet) -> None:
        seen = watch_batches(tables.train)
        train_stage(net, dataclasses.replace(tables, train=seen), FROZEN, [])
        assert seen.inputs == {("15min",)}

    def test_training_ic_is_the_mean_over_batches_of_score_plus_base(self, tables: StageData, net: ScoreNet) -> None:
        data, rows = with_random_base(tables), []
        train_stage(net, data, FROZEN, [History(rows)])
        expected = [
            correlation(net.train()(batch.features) + data.train_base[batch.rows], batch.label)
            for batch in tables.train.shuffled(200, seed=0, epoch=1)
        ]
        assert rows[0]["train_ic"] == pytest.approx(np.mean(expected), abs=1e-6)

    def test_validate_is_the_mean_over_dates_of_score_plus_base(self, tables: StageData, net: ScoreNet) -> None:
        data = with_random_base(tables)
        got = validate(net, data.valid, data.valid_base)
        expected = [
            correlation(net.eval()(batch.features) + data.valid_base[batch.rows], batch.label)
            for batch in tables.valid.by_date()
        ]
        assert len(expected) == 6
        assert got == pytest.approx(np.mean(expected), abs=1e-6)
        assert got != pytest.approx(validate(net, tables.valid), abs=1e-3), "the base has no effect"

    def test_a_step_descends_on_minus_the_ic_of_score_plus_base(self, tables: StageData, net: ScoreNet) -> None:
        """Adam's first step moves every weight by lr * g / (|g| + 1e-8), g from numpy's formula of the correlation."""
        data = with_random_base(tables)
        settings = TrainSettings(batch_size=10_000, lr=1e-3, max_epochs=1, device="cpu")
        expected = copy.deepcopy(net).train()
        (batch,) = tables.train.shuffled(10_000, seed=0, epoch=1)
        total, label = expected(batch.features) + data.train_base[batch.rows], batch.label
        x, y = total - total.mean(), label - label.mean()
        (-(x * y).mean() / (x.square().mean() * y.square().mean()).sqrt()).backward()
        train_stage(net, data, settings, [])
        for (name, got), start in zip(net.named_parameters(), expected.parameters(), strict=True):
            assert start.grad is not None
            gradient = start.grad.double()
            if name.endswith(("head.bias", "norm.bias")):  # the loss cannot see a shift: rounding errors alone
                assert gradient.abs().max() < 1e-6
                continue
            step = 1e-3 * gradient / (gradient.abs() + 1e-8)
            clear = gradient.abs() > 1e-5
            assert clear.any(), name
            torch.testing.assert_close(got.double()[clear], (start.double() - step)[clear], rtol=0, atol=2e-6)

    def test_scores_of_a_table_are_in_its_order_and_in_evaluation_mode(self, tables: StageData, net: ScoreNet) -> None:
        scores = score_samples(net.train(), tables.valid)
        batch = tables.valid.batch(np.arange(len(tables.valid)))
        torch.testing.assert_close(scores, net.eval()(batch.features).detach(), rtol=0, atol=1e-6)


class TestEndOfAStage:
    def test_max_epochs(self, tables: StageData, net: ScoreNet) -> None:
        rows: list[dict[str, float]] = []
        train_stage(net, tables, FROZEN.changed(max_epochs=4), [History(rows)], stage=7)
        assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
        assert {row["stage"] for row in rows} == {7}
        assert set(rows[0]) == {"stage", "epoch", "train_ic", "valid_ic", "seconds"}

    def test_a_callback_ends_the_stage_and_all_callbacks_see_its_last_epoch(
        self, tables: StageData, net: ScoreNet
    ) -> None:
        before: list[int] = []
        after: list[int] = []
        callbacks = [
            lambda record, _: before.append(record.epoch),
            lambda record, _: record.epoch == 2,
            lambda record, _: after.append(record.epoch),
        ]
        train_stage(net, tables, FROZEN.changed(max_epochs=9), callbacks)
        assert before == after == [1, 2]

    def test_early_stopping_counts_epochs_without_a_better_ic(self, net: ScoreNet) -> None:
        stopping = EarlyStopping(patience=2)
        ics = [0.1, 0.3, 0.2, 0.3]  # the last equals the best, which is not better
        assert [stopping(record(i, value), net) for i, value in enumerate(ics, start=1)] == [False, False, False, True]
        assert (stopping.best_epoch, stopping.best) == (2, 0.3)

    def test_early_stopping_starts_to_count_again_at_a_better_ic(self, net: ScoreNet) -> None:
        stopping = EarlyStopping(patience=2)
        ics = [-0.3, -0.4, -0.2, -0.5, -0.1, -0.2, -0.2]
        verdicts = [stopping(record(i, value), net) for i, value in enumerate(ics, start=1)]
        assert verdicts == [False] * 6 + [True]

    def test_the_best_epochs_weights_and_statistics_come_back(self, net: ScoreNet) -> None:
        stopping = EarlyStopping(patience=5)
        states = []
        for epoch, value in enumerate([0.1, 0.3, 0.2], start=1):
            for tensor in net.state_dict().values():
                tensor.add_(1)
            states.append(copy.deepcopy(net.state_dict()))
            stopping(record(epoch, value), net)
        stopping.restore(net)
        assert all(torch.equal(tensor, states[1][name]) for name, tensor in net.state_dict().items())


@dataclasses.dataclass(frozen=True, eq=False)
class WatchedTable(SampleTable):
    """A table that remembers what was asked of it."""

    rows: list[np.ndarray] = dataclasses.field(default_factory=list)
    inputs: set[tuple[str, ...]] = dataclasses.field(default_factory=set)

    def batch(self, rows: np.ndarray, inputs: tuple[str, ...] | None = None) -> Batch:
        self.rows.append(rows)
        self.inputs.add(tuple(inputs or self.freqs))
        return super().batch(rows, inputs)


def watch_batches(table: SampleTable) -> WatchedTable:
    return WatchedTable(table.panels, table.freqs, table.days)


def with_random_base(data: StageData) -> StageData:
    random = torch.Generator().manual_seed(1)
    train, valid = (torch.randn(len(table), generator=random) for table in (data.train, data.valid))
    return dataclasses.replace(data, train_base=train, valid_base=valid)
