"""Levels of indices of another day, or of another index."""

from __future__ import annotations

import numpy as np
import pytest
from test_shifts import N_DAYS, returns, stock

from qlib_mfgru.provider.judge.market.levels import (
    SAME_CAUSE,
    SAME_LEVELS,
    level_faults,
    same_levels,
    shifted_levels,
    swapped_levels,
)
from qlib_mfgru.provider.judge.market.shifts import DAYS, Shifts

ONE, OTHER = "SH000300", "SH000905"
ALWAYS = np.ones(N_DAYS, dtype=bool)


@pytest.fixture
def market() -> np.ndarray:
    """40 stocks, of which the first and the last 20 have a return of their own each; shape (n_days, n_stocks)."""
    own = np.random.default_rng(8).normal(0, 0.006, (N_DAYS, 2))
    return returns(40) + np.repeat(own, 20, axis=1)


def remembered(market: np.ndarray) -> Shifts:
    shifts = Shifts()
    for number, moves in enumerate(market.T):
        shifts.add(stock(number, moves))
    return shifts


def levels(market: np.ndarray) -> dict[str, np.ndarray]:
    return {
        code: 3000 * np.exp(np.cumsum(market[:, half].mean(axis=1)))
        for code, half in ((ONE, slice(20)), (OTHER, slice(20, 40)))
    }


def members(first: int = 20) -> dict[str, dict[str, np.ndarray]]:
    codes = [f"SH{600000 + number}" for number in range(40)]
    return {ONE: dict.fromkeys(codes[:first], ALWAYS), OTHER: dict.fromkeys(codes[20:], ALWAYS)}


@pytest.mark.parametrize(("days", "case"), [(0, []), (1, [f"{ONE} a day late"]), (-1, [f"{ONE} a day early"])])
def test_levels_of_another_day_are_named(market: np.ndarray, days: int, case: list[str]) -> None:
    given = levels(market)
    given[ONE] = np.roll(given[ONE], days)
    given[ONE][[0, -1]] = np.nan
    assert shifted_levels(given, remembered(market)) == case


def test_levels_that_are_swapped_are_named(market: np.ndarray) -> None:
    given, shifts = levels(market), remembered(market)
    assert swapped_levels(given, members(), shifts) == []
    swapped = {ONE: given[OTHER], OTHER: given[ONE]}
    assert swapped_levels(swapped, members(), shifts) == [f"{ONE} and {OTHER}"]
    assert swapped_levels(swapped, members(first=9), shifts) == [], "nine members stand for no index"
    assert swapped_levels({ONE: given[OTHER]}, members(), shifts) == []
    assert swapped_levels(dict.fromkeys(given, given[ONE]), members(), shifts) == [], "the same levels twice"


def test_means_are_those_of_the_members_of_the_day(market: np.ndarray) -> None:
    shifts, mask = remembered(market), ALWAYS.copy()
    mask[80:] = False
    mean = shifts.mean({"SH600003": ALWAYS, "SH600007": mask, "SH600099": ALWAYS}, least=1)
    stored = market.astype("f2").astype("f8")
    np.testing.assert_allclose(mean[1:80], stored[1:80, [3, 7]].mean(axis=1), atol=2e-5)
    np.testing.assert_allclose(mean[80:], stored[80:, 3], atol=2e-5)
    assert np.isnan(mean[0])
    assert np.isnan(shifts.mean(least=41)).all()


def test_levels_of_one_index_under_two_codes_are_named(market: np.ndarray) -> None:
    given = levels(market)
    twice = given | {OTHER: given[ONE] * 2}
    assert (same_levels(given), same_levels(twice)) == ([], [f"{ONE} and {OTHER}"])
    half = {ONE: given[ONE], OTHER: np.append(given[ONE][:70], given[OTHER][70:])}
    assert same_levels(half) == [], "on 69 of 159 days"
    assert same_levels({code: close[-DAYS:] for code, close in twice.items()}) == [], "one return too few"


def test_levels_that_are_none_say_nothing(market: np.ndarray) -> None:
    nothing = dict.fromkeys((ONE, OTHER), np.zeros(N_DAYS))
    assert shifted_levels(nothing, remembered(market)) == []
    assert swapped_levels(nothing, members(), remembered(market)) == []


def test_without_a_stock_levels_are_held_against_each_other_alone(market: np.ndarray) -> None:
    given = levels(market)
    twice = given | {OTHER: given[ONE] * 2}
    assert level_faults(twice, members(), Shifts()) == [(SAME_LEVELS, SAME_CAUSE, [f"{ONE} and {OTHER}"])]
