"""Levels of indices that jump, and come back or stay."""

from __future__ import annotations

import numpy as np
import pytest

from qlib_mfgru.provider.index.levels import far_from_close, jumps, large_steps

DAYS = np.arange("2025-03-03", "2025-03-13", dtype="datetime64[D]")
LEVELS = 3000.0 * np.array([1.0, 1.01, 0.99, 1.02, 0.95, 0.93, 0.96, 1.0, 1.0, 1.01])


def spoiled(places: slice, factor: float) -> np.ndarray:
    levels = LEVELS.copy()
    levels[places] *= factor
    return levels


def places(levels: np.ndarray, *, limited: bool = True, days: np.ndarray = DAYS) -> tuple[list[int], list[int]]:
    found = jumps(days, levels, limited=limited)
    return np.flatnonzero(found.taken_back).tolist(), np.flatnonzero(found.lasting).tolist()


def test_levels_of_a_market_do_not_jump() -> None:
    assert places(LEVELS) == ([], [])


@pytest.mark.parametrize(
    ("where", "factor", "expected"),
    [
        (slice(4, 5), 10, ([4], [])),
        (slice(3, 7), 0.01, ([3, 4, 5, 6], [])),
        (slice(4, 5), 1.4, ([4], [])),
        (slice(4, 5), 1.2, ([], [])),
        (slice(4, None), 10, ([], [4])),
        (slice(3, None), 3, ([], [3])),
        (slice(9, None), 10, ([], [9])),
        (slice(0, 1), 10, ([], [1])),
    ],
)
def test_a_jump_is_taken_back_or_lasts(where: slice, factor: float, expected: tuple[list[int], list[int]]) -> None:
    assert places(spoiled(where, factor)) == expected


def test_two_jumps_are_told_apart() -> None:
    levels = spoiled(slice(2, 3), 10)
    levels[6:] *= 100
    assert places(levels) == ([2], [6])


def test_an_index_may_move_further_across_days_without_a_level() -> None:
    levels = LEVELS.copy()
    levels[2:6] = np.nan
    levels[6:] *= 1.5
    assert places(levels) == ([], [])
    levels[6:] *= 10
    assert places(levels) == ([], [6])


def test_markets_without_limits_may_move_further() -> None:
    doubled = spoiled(slice(5, None), 2.05)
    assert places(doubled) == ([], [5])
    assert places(doubled, limited=False) == ([], [])
    assert places(doubled, days=DAYS - 365 * 33) == ([], []), "Shanghai rose by 105 % on 1992-05-21"
    assert places(spoiled(slice(5, 6), 10), limited=False) == ([5], [])


@pytest.mark.parametrize(
    ("step", "limited", "since", "expected"),
    [
        # CSI 300's largest day is 9 %, CNI 2000's 12.4 %
        (1.124, True, "2025-03-03", []),
        (0.876, True, "2025-03-03", []),
        (1.15, True, "2025-03-03", [5]),
        (0.85, True, "2025-03-03", [5]),
        (1.15, False, "2025-03-03", []),
        (1.15, True, "1996-12-16", [5]),
        (1.15, True, "1996-12-01", []),
    ],
)
def test_a_step_that_no_broad_index_makes(step: float, limited: bool, since: str, expected: list[int]) -> None:
    levels, days = np.full(10, 3000.0), np.datetime64(since) + np.arange(10)
    levels[5:] *= step
    assert np.flatnonzero(large_steps(days, levels, limited=limited)).tolist() == expected
    levels[4] = np.nan
    assert not large_steps(days, levels, limited=limited).any(), "15 % in two days may be"


@pytest.mark.parametrize("name", ["open", "high", "low"])
@pytest.mark.parametrize(
    ("factor", "limited", "is_far"),
    [(1.21, True, False), (0.82, True, False), (1.6, True, True), (0.6, True, True), (0.1, True, True),
     (1.6, False, False), (10, False, True), (0.1, False, True), (np.nan, True, False)],
)  # fmt: skip
def test_prices_of_a_day_are_near_its_close(name: str, factor: float, limited: bool, is_far: bool) -> None:
    prices = {"close": LEVELS, name: LEVELS.copy()}
    prices[name][3] *= factor
    assert np.flatnonzero(far_from_close(DAYS, prices, limited=limited)).tolist() == ([3] if is_far else [])
