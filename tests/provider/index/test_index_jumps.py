"""Levels of indices that jump, and come back or stay."""

from __future__ import annotations

import numpy as np
import pytest

from qlib_mfgru.provider.index.levels import jumps

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
