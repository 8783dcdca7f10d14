"""Training and validation dates: literal splits, and no label that two sides share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.data.split import split
from qlib_mfgru.rolling.identity import training_identity

Make = Callable[..., MultiFreqDataset]


def shared(train: np.ndarray, valid: np.ndarray, horizon: int) -> set[int]:
    """Days that labels of both depend on: t + 1 .. t + horizon for date t, and a date that validates itself."""
    trained = {int(t + ahead) for t in train for ahead in range(1, horizon + 1)}
    return trained & {int(t + ahead) for t in valid for ahead in range(horizon + 1)}


def test_one_block_is_the_last_part() -> None:
    """Of 20 dates 4 validate; a label of 3 days must end before the first of them."""
    train, valid, gap = split(np.arange(100, 120), valid_ratio=0.2, n_blocks=1, horizon=3)
    assert train.tolist() == list(range(100, 113))
    assert valid.tolist() == [116, 117, 118, 119]
    assert gap == 3


def test_two_blocks_have_gaps_on_both_sides() -> None:
    """Halves 100 .. 109 and 110 .. 119: 108, 109 and 118, 119 validate."""
    train, valid, gap = split(np.arange(100, 120), valid_ratio=0.2, n_blocks=2, horizon=3)
    assert valid.tolist() == [108, 109, 118, 119]
    assert train.tolist() == [100, 101, 102, 103, 104, 113, 114]  # the label of 109 ends on 112, that of 114 on 117
    assert gap == 9


def test_parts_of_unequal_length_and_a_coarse_grid() -> None:
    """Seven dates in parts of 3, 2, 2; with half of each (rounded) for validation."""
    train, valid, gap = split(np.arange(0, 70, 10), valid_ratio=0.5, n_blocks=3, horizon=9)
    assert valid.tolist() == [20, 40, 60]
    assert train.tolist() == [0, 10, 30, 50]
    assert gap == 0


@pytest.mark.parametrize("n_blocks", [1, 2, 3, 5])
@pytest.mark.parametrize("horizon", [1, 4, 11])
@pytest.mark.parametrize("step", [1, 2, 5])
def test_no_day_is_in_labels_of_both_sides(n_blocks: int, horizon: int, step: int) -> None:
    days = np.arange(0, 400, step)
    train, valid, gap = split(days, 0.2, n_blocks, horizon)
    assert len(train) + len(valid) + gap == len(days)
    assert len(train) > 0
    assert not shared(train, valid, horizon)


def test_a_gap_on_one_side_alone_is_caught() -> None:
    """As it is enough before the last block: after an earlier one validation's labels reach into training."""
    days = np.arange(0, 400, 5)
    _, valid, _ = split(days, 0.2, n_blocks=2, horizon=11)
    rest = np.setdiff1d(days, valid)
    leaking = np.array([t for t in rest if not any(t < v <= t + 11 for v in valid)])
    assert shared(leaking, valid, horizon=11)
    ahead = valid[valid > 200]
    assert not shared(leaking[leaking > 220], ahead, horizon=11)


def test_validation_has_as_many_blocks(make_dataset: Make) -> None:
    """The 14 dates of `test_segments_in_literal_dates` as two parts of 7, with a label of four days."""
    dataset = make_dataset(valid_blocks=2)
    train, valid = ([f"{date:%m-%d}" for date in dataset.samples(name).dates] for name in ("train", "valid"))
    assert valid == ["03-06", "03-26"]
    assert train == ["02-19", "02-21", "02-23", "02-27", "03-14", "03-18"]
    horizon = dataset.handler.horizon
    apart = np.abs(dataset.sample_days("train")[:, None] - dataset.sample_days("valid")).min()
    assert apart > horizon == 4
    assert dataset.params["valid"] == "last 20% of 2 parts of train"


def test_a_unit_knows_the_blocks_that_it_was_trained_with(make_dataset: Make) -> None:
    one, two = (make_dataset(valid_blocks=blocks) for blocks in (1, 2))
    assert training_identity(one, [("day",)]) != training_identity(two, [("day",)])
