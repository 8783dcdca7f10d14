"""Which epochs count as the best: by the mean or its t-value, smoothed over neighbours, and averaged."""

from __future__ import annotations

import copy

import pytest
import torch

from qlib_mfgru.model.training import EpochRecord, TrainingError
from qlib_mfgru.model.training.scoring import standard_error, t_value
from qlib_mfgru.model.training.stopping import EarlyStopping
from qlib_mfgru.nn import InputShape, ScoreNet


@pytest.fixture
def net() -> ScoreNet:
    torch.manual_seed(0)
    return ScoreNet({"15min": InputShape(16, 6)}, hidden_size=4)


def record(epoch: int, valid: float, t: float | None = None) -> EpochRecord:
    return EpochRecord(stage=1, epoch=epoch, metric="ic", train=0.0, valid=valid, seconds=0.0, t=t)


def run(stopping: EarlyStopping, net: ScoreNet, valids: list[float]) -> list[dict[str, torch.Tensor]]:
    """The network's state after each epoch; every epoch adds 1 to all that it holds, until the stage ends."""
    states = []
    for epoch, valid in enumerate(valids, start=1):
        for tensor in net.state_dict().values():
            tensor.add_(1)
        states.append(copy.deepcopy(net.state_dict()))
        if stopping(record(epoch, valid), net):
            break
    return states


def test_a_peak_of_one_epoch_does_not_win_when_smoothed(net: ScoreNet) -> None:
    """Means of three: .30 at 2, .27 at 3, .23 at 4, .40 at 5, .50 at 6; alone the second epoch would be the best."""
    stopping = EarlyStopping(patience=5, smooth=3)
    states = run(stopping, net, [0.1, 0.7, 0.1, 0.0, 0.6, 0.6, 0.3])
    assert stopping.best_epoch == 6
    assert stopping.best == pytest.approx(0.5)
    assert stopping.valid == 0.6
    stopping.restore(net)
    assert all(torch.equal(tensor, states[5][name]) for name, tensor in net.state_dict().items())


def test_patience_counts_from_when_the_best_mean_was_known(net: ScoreNet) -> None:
    """The mean of epochs 2 .. 4 is known after epoch 4: two more end the stage, as for a single epoch."""
    stopping = EarlyStopping(patience=2, smooth=3)
    assert len(run(stopping, net, [0.0, 0.3, 0.3, 0.3, 0.2, 0.2, 0.2])) == 6
    assert stopping.best_epoch == 3


def test_a_mean_of_an_even_number_counts_for_the_earlier_middle(net: ScoreNet) -> None:
    stopping = EarlyStopping(patience=5, smooth=2)
    run(stopping, net, [0.0, 0.4, 0.4, 0.1])
    assert stopping.best_epoch == 2


def test_no_stage_ends_before_the_first_mean(net: ScoreNet) -> None:
    stopping = EarlyStopping(patience=1, smooth=4)
    assert len(run(stopping, net, [0.4, 0.3, 0.2, 0.1, 0.0])) == 5
    assert stopping.best_epoch == 2


def test_the_mean_weights_of_the_best_epochs(net: ScoreNet) -> None:
    """Epochs 2, 4 and 5; BatchNorm's statistics are averaged as well, its count of batches is the best epoch's."""
    stopping = EarlyStopping(patience=5, average=3)
    states = run(stopping, net, [0.1, 0.5, 0.2, 0.4, 0.3])
    stopping.restore(net)
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point():
            expected = (states[1][name] + states[3][name] + states[4][name]) / 3
            torch.testing.assert_close(tensor, expected, rtol=0, atol=1e-6)
        else:
            assert name.endswith("num_batches_tracked")
            assert torch.equal(tensor, states[1][name])
    assert (stopping.best_epoch, stopping.valid) == (2, 0.5)


def test_of_equal_epochs_the_first_are_averaged(net: ScoreNet) -> None:
    stopping = EarlyStopping(patience=5, average=2)
    states = run(stopping, net, [0.3, 0.3, 0.3, 0.1])
    stopping.restore(net)
    expected = (states[0]["head.weight"] + states[1]["head.weight"]) / 2
    torch.testing.assert_close(net.head.weight.detach(), expected, rtol=0, atol=1e-6)


def test_epochs_are_compared_by_t_where_there_is_one(net: ScoreNet) -> None:
    stopping = EarlyStopping(patience=5)
    for epoch, (valid, t) in enumerate([(0.05, 1.0), (0.03, 2.0), (0.04, 1.5)], start=1):
        stopping(record(epoch, valid, t), net)
    assert (stopping.best_epoch, stopping.best, stopping.valid) == (2, 2.0, 0.03)


def test_the_record_of_an_epoch_shows_its_t() -> None:
    assert record(1, 0.05).row().keys() == {"stage", "epoch", "train_ic", "valid_ic", "seconds"}
    assert record(1, 0.05, 1.5).row() == {
        "stage": 1, "epoch": 1, "train_ic": 0.0, "valid_ic": 0.05, "valid_t": 1.5, "seconds": 0.0,
    }  # fmt: skip


def test_the_t_value_of_dates() -> None:
    """Mean 2, deviation 1 over n - 1 = 2, standard error 1 / sqrt(3)."""
    assert standard_error([1.0, 2.0, 3.0]) == pytest.approx(3**-0.5)
    assert t_value([1.0, 2.0, 3.0]) == pytest.approx(2 * 3**0.5)


def test_dates_without_a_t_value() -> None:
    with pytest.raises(TrainingError, match=r"^validation: one date has no .* validation dates, or stop_on: mean$"):
        t_value([0.1])
    with pytest.raises(TrainingError, match=r"^validation: the metric is 0.1000 on all dates, so it has no t-value$"):
        t_value([0.1, 0.1])
