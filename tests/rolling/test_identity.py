"""Identities of a fold's data: whatever it reads changes them, and nothing that comes after it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from growing_world import CODES, DAYS, Edit, World, dataset

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.rolling.identity import prediction_identity, training_identity

STAGES = [("day",), ("day", "15min")]
TRAIN, TEST = (10, 78), (79, 88)
LAST_SAMPLE, LABEL_END = 74, 77
"""The grid is every fourth day from day 10 on; the label looks three days ahead, and the test begins on day 79."""
FIRST_WINDOW = {"day": 10 - 4, "15min": 30}
LATER = "SH600035"
"""A code between the others."""
FEW = {code: [(0, 99)] for code in CODES[:8]}
BASE = World(members={"few": FEW})

Identities = Callable[..., tuple[str, str]]


@pytest.fixture
def identities(tmp_path: Path) -> Identities:
    """Of training and of prediction, on a world of its own."""
    count = 0

    def of(world: World, stages: Any = STAGES, instruments: str = "few", **settings: Any) -> tuple[str, str]:
        nonlocal count
        count += 1
        world.use(tmp_path / str(count))
        train, test = (tuple(DAYS[list(segment)]) for segment in (TRAIN, TEST))
        data = dataset(tmp_path / "panels", train, test, instruments=instruments, **settings)
        return training_identity(data, stages), prediction_identity(data)

    return of


def test_the_dates_that_this_is_about(identities: Identities, tmp_path: Path) -> None:
    identities(BASE)
    data = dataset(tmp_path / "panels", tuple(DAYS[list(TRAIN)]), tuple(DAYS[list(TEST)]), instruments="few")
    assert [data.sample_days("valid", freqs)[-1] for freqs in STAGES] == [LAST_SAMPLE] * 2
    assert LAST_SAMPLE + data.handler.horizon == LABEL_END < TRAIN[1]


AFTER_TRAINING: dict[str, World] = {
    "a day": replace(BASE, n_days=101),
    "five days": replace(BASE, n_days=105),
    "a listing after the test": replace(BASE, spans={LATER: (89, 99)}),
    "a listing on the next day": replace(BASE, spans={LATER: (78, 99)}, members={"few": {**FEW, LATER: [(78, 99)]}}),
    "a delisting": replace(BASE, spans={CODES[2]: (0, 80)}, members={"few": {**FEW, CODES[2]: [(0, 80)]}}),
    "a member that leaves": replace(BASE, members={"few": {**FEW, CODES[2]: [(0, 78)]}}),
    "a member that comes": replace(BASE, members={"few": {**FEW, CODES[9]: [(78, 99)]}}),
    "all later values": replace(BASE, edits=tuple(
        Edit(name, LABEL_END + 1, 99, 1.5, freq, code)
        for name in ("open", "high", "low", "close", "vwap", "volume") for freq in ("day", "15min") for code in CODES
    )),
}  # fmt: skip


@pytest.mark.parametrize("name", AFTER_TRAINING)
def test_what_comes_after_the_last_label_leaves_training_as_it_is(name: str, identities: Identities) -> None:
    training, prediction = identities(BASE)
    later = identities(AFTER_TRAINING[name])
    assert later[0] == training
    assert (later[1] == prediction) == (name in ("a day", "five days", "a listing after the test"))


def test_what_is_not_read_at_all(identities: Identities) -> None:
    """Another index; a member before the first sample; a field that is no input, and one that the day's volume stands
    for; the place of the provider."""
    training = identities(BASE)
    others = {"new": {code: [(5, 60)] for code in CODES[:3]}, "few": {**FEW, CODES[9]: [(0, 9)]}}
    edits = (Edit("factor", 40, 45, 2.0), Edit("close", 0, FIRST_WINDOW["day"] - 1))
    assert identities(replace(BASE, members=others, edits=edits)) == training


def test_a_member_that_is_suspended_is_none_before_it_trades_again(identities: Identities) -> None:
    """Lists of members may end with a stock's last bar, and go on when there are more."""
    names = ("open", "high", "low", "close", "vwap", "volume")
    gone = tuple(Edit(name, 60, 92, np.nan, freq, CODES[2]) for name in names for freq in ("day", "15min"))
    before = replace(BASE, edits=gone, members={"few": {**FEW, CODES[2]: [(0, 59)]}})
    assert identities(before) == identities(replace(BASE, edits=gone)) != identities(BASE)


BEFORE: dict[str, World] = {
    "a listing on the last label's day": replace(BASE, spans={LATER: (LABEL_END, 99)}),
    "an earlier member": replace(BASE, members={"few": {**FEW, CODES[9]: [(LABEL_END, 99)]}}),
    "a member less": replace(BASE, members={"few": {**FEW, CODES[2]: [(0, LABEL_END - 1)]}}),
    "a day without trading": replace(BASE, edits=(Edit("volume", 50, 50, 0.0),)),
    "a history that is adjusted anew": replace(BASE, edits=tuple(
        Edit(name, 0, 85, 1 / 1.1 if name == "volume" else 1.1, freq)
        for name in ("open", "high", "low", "close", "vwap", "volume") for freq in ("day", "15min")
    )),
}  # fmt: skip


@pytest.mark.parametrize("name", BEFORE)
def test_what_comes_before_it_does_not(name: str, identities: Identities) -> None:
    assert identities(BEFORE[name])[0] != identities(BASE)[0]


@pytest.mark.parametrize(("name", "freq"), [("volume", "day"), ("close", "15min")])
def test_the_first_and_the_last_day_that_count(name: str, freq: str, identities: Identities) -> None:
    """To the day, in training and in the test, whose first window begins before it."""
    first, length = FIRST_WINDOW[freq], 5 if freq == "day" else 2
    base = identities(BASE)
    days = {*range(first - 1, first + 2), 60, LAST_SAMPLE, *range(LABEL_END, LABEL_END + 2), 89, 90}
    days |= {TEST[0] - length, TEST[0] - length + 1, TEST[1], TEST[1] + 1}
    for day in days - ({first - 1} if freq == "15min" else set()):  # there is none
        edited = identities(replace(BASE, edits=(Edit(name, day, day, 1.01, freq),)))
        expected = not first <= day <= LABEL_END, not TEST[0] - length < day <= TEST[1]
        assert (edited[0] == base[0], edited[1] == base[1]) == expected, DAYS[day]


@pytest.mark.parametrize("name", ["open", "high", "low", "close", "vwap", "volume"])
def test_any_difference_before_the_last_label_counts(name: str, identities: Identities) -> None:
    """Of any stock, in any bar."""
    random = np.random.default_rng(len(name))
    base, _ = identities(BASE)
    for freq in ("day", "15min"):
        for code in random.choice(CODES, 2, replace=False):
            day = int(random.integers(FIRST_WINDOW[freq], LABEL_END + 1))
            assert identities(replace(BASE, edits=(Edit(name, day, day, 1.001, freq, str(code)),)))[0] != base


def test_a_model_that_does_not_say_what_it_reads(identities: Identities) -> None:
    """It may read the labels of all days of the training segment, of which the last ends three days after it."""
    base, _ = identities(BASE, stages=[])
    for day, same in ((TRAIN[1], False), (TRAIN[1] + 3, False), (TRAIN[1] + 4, True)):
        edited, _ = identities(replace(BASE, edits=(Edit("close", day, day),)), stages=[])
        assert (edited == base) == same, DAYS[day]


def test_training_after_the_last_block_of_validation_counts(tmp_path: Path) -> None:
    """Of five dates, two blocks are three and two, of which a fifth is one and none."""

    def training(name: str, *edits: Edit) -> str:
        replace(BASE, edits=edits).use(tmp_path / name)
        segments = {"train": tuple(DAYS[[10, 29]]), "test": tuple(DAYS[[30, 40]])}
        handler = dataset(tmp_path / "panels", **segments, instruments="few").handler
        data = MultiFreqDataset(handler, segments, sample_step=4, valid_blocks=2)
        dates = [list(data.sample_days(part, ("day",))) for part in ("train", "valid")]
        assert dates == [[10, 14, 22, 26], [18]]
        return training_identity(data, [("day",)])

    base = training("base")
    assert training("the last day of the last label", Edit("close", 29, 29)) != base
    assert training("the day after", Edit("close", 30, 30)) == base


def test_settings(identities: Identities) -> None:
    """How the calendar is bounded is none of them, as long as the dates are the same."""
    base = identities(BASE)
    assert identities(BASE, start_time=DAYS[3], end_time=DAYS[95]) == base
    assert identities(BASE, missing_vwap="typical") == base  # all stocks have theirs
    assert identities(BASE, instruments=CODES[:8]) == base
    for settings in ({"min_traded": 0.7}, {"clip": 3.0}, {"inputs": {"day": {"days": 5, "scale": "last"}}}):
        changed = identities(BASE, stages=[("day",)], **settings)
        assert changed[0] != base[0], settings
        assert changed[1] != base[1], settings
    label = identities(BASE, label="Ref($close, -4) / Ref($close, -1) - 1")
    assert label[0] != base[0]
    assert label[1] == base[1]
