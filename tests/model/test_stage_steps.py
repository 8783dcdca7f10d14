"""``sample_step`` per stage: each stage's own grid of dates, in literal dates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_world
from tiny_world import DAYS, FAST, INPUTS, LABEL, SEGMENTS

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel, IncrementalGRUModel
from qlib_mfgru.rolling import Fold, sample_dates
from qlib_mfgru.rolling.identity import prediction_identity, training_identity

MakeDataset = Callable[..., MultiFreqDataset]
BOTH = ("day", "15min")
PINNED = {"class": "Pinned", "module_path": "own_networks"}


@pytest.fixture(scope="module")
def stepped(make_dataset: MakeDataset) -> MultiFreqDataset:
    """Daily samples every fourth day, 15-minute ones every day."""
    return make_dataset(sample_step={"day": 4, "15min": 1})


def dates(dataset: MultiFreqDataset, segment: str, freqs: tuple[str, ...]) -> list[str]:
    return [f"{day:%m-%d}" for day in dataset.samples(segment, freqs).dates]


def test_each_stage_has_the_grid_of_its_last_frequency(stepped: MultiFreqDataset) -> None:
    """Windows of five days from 2020-01-07, minute bars from 2020-04-08; labels of three days end before 2020-07-01."""
    daily = dates(stepped, "train", ("day",)) + dates(stepped, "valid", ("day",))
    assert (daily[0], daily[1], daily[-1]) == ("01-07", "01-13", "06-23")
    joint = dates(stepped, "train", BOTH)
    assert joint[:4] == ["04-08", "04-09", "04-10", "04-13"]
    assert dates(stepped, "valid", BOTH)[-3:] == ["06-23", "06-24", "06-25"]


@pytest.mark.parametrize("freqs", [("day",), BOTH, ("15min",), ("30min",), ("15min", "day")])
def test_a_grid_is_that_of_a_plain_step(
    stepped: MultiFreqDataset, make_dataset: MakeDataset, freqs: tuple[str, ...]
) -> None:
    """With its purge, gap and split; a frequency that is left out takes 5."""
    step = {"day": 4, "15min": 1, "30min": 5}[freqs[-1]]
    plain = make_dataset(sample_step=step)
    for segment in ("train", "valid"):
        np.testing.assert_array_equal(stepped.sample_days(segment, freqs), plain.sample_days(segment, freqs))


def test_stages_train_on_their_own_grids(stepped: MultiFreqDataset, make_dataset: MakeDataset) -> None:
    """The first stage is the daily model of its step; the second sees every date of the minute history."""
    model = IncrementalGRUModel(**FAST | {"max_epochs": 1})
    model.fit(stepped)
    daily = GRUModel("day", **FAST | {"max_epochs": 1})
    daily.fit(make_dataset(sample_step=4))
    assert model.history[0]["valid_ic"] == daily.history[0]["valid_ic"]
    assert len(stepped.sample_days("train", BOTH)) > 3.5 * len(make_dataset(sample_step=4).sample_days("train", BOTH))


def test_a_later_stage_has_the_grid_of_its_own_last_frequency(dataset: MultiFreqDataset) -> None:
    stages = ["day", "15min", {"freqs": ["30min", "day"]}, {"freq": "15min", "network": PINNED}]
    freqs = IncrementalGRUModel(stages).stage_freqs(dataset)
    assert freqs == [("day",), BOTH, ("15min", "30min", "day"), ("30min", "day", "15min")]


def test_the_table_of_folds_follows_the_steps(stepped: MultiFreqDataset) -> None:
    fold = Fold(1, SEGMENTS["train"], SEGMENTS["test"])
    rows = sample_dates([fold], stepped, [("day",), BOTH]).set_index("inputs")
    for freqs in (("day",), BOTH):
        row = rows.loc["+".join(freqs)]
        assert row["train_n"] == len(stepped.sample_days("train", freqs))
        assert row["valid_last"] == DAYS[stepped.sample_days("valid", freqs)[-1]]


def test_the_steps_are_part_of_a_units_key(stepped: MultiFreqDataset, make_dataset: MakeDataset) -> None:
    stages = [("day",), BOTH]
    identity = training_identity(stepped, stages)
    assert identity == training_identity(make_dataset(sample_step={"15min": 1, "day": 4}), stages)
    assert identity != training_identity(make_dataset(sample_step={"day": 4, "15min": 2}), stages)
    assert identity != training_identity(make_dataset(sample_step=4), stages)
    assert prediction_identity(stepped) == prediction_identity(make_dataset(sample_step=4))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"day": 0}, "sample_step.day is 0: must be at least 1"),
        ({"day": 2.5}, "sample_step.day is 2.5: must be a whole number"),
        ({}, "sample_step is {}: must not be empty"),
        ("5", "sample_step is '5': must be a whole number"),
        ({"5min": 3}, "sample_step: the handler has no input ['5min']; its inputs are ['day', '15min', '30min']"),
    ],
)
def test_refused(tiny_qlib: Path, panel_cache: Path, step: object, message: str) -> None:
    handler = MultiFreqHandler(inputs=INPUTS, label=LABEL, cache_dir=panel_cache)
    with pytest.raises(InputError) as refused:
        MultiFreqDataset(handler, tiny_world.SEGMENTS, sample_step=step)  # type: ignore[arg-type]
    assert str(refused.value) == message
