"""Levels of indices that jump, and come back or stay."""

from __future__ import annotations

import numpy as np
import pytest

from qlib_mfgru.provider.index.levels import far_from_close, jumps, large_steps, repeats, wide_days

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


def candles(**changed: np.ndarray) -> dict[str, np.ndarray]:
    """Rows of `LEVELS`: highs and lows 1 % around them."""
    return {"open": LEVELS, "high": LEVELS * 1.01, "low": LEVELS * 0.99, "close": LEVELS} | changed


def scaled(name: str, place: int | slice, factor: float) -> dict[str, np.ndarray]:
    prices = candles()
    prices[name] = prices[name].copy()
    prices[name][place] *= factor
    return prices


@pytest.mark.parametrize(
    ("name", "place", "factor", "is_far", "wide"),
    [
        ("high", 4, 1.1, False, []), ("high", 4, 1.12, False, [4]), ("high", 4, 1.24, True, [4]),
        ("low", 4, 0.7, True, [4]), ("open", 4, 1.3, True, [4]),
        ("high", slice(None), 1.09, False, list(range(10))), ("high", slice(4), 1.09, False, []),
        ("high", slice(None), 1.4, True, list(range(10))),
    ],
)  # fmt: skip
def test_a_day_spans_an_eighth_and_most_days_a_tenth(
    name: str, place: int | slice, factor: float, is_far: bool, wide: list[int]
) -> None:
    prices = scaled(name, place, factor)
    assert far_from_close(DAYS, prices, limited=True).any() == is_far
    assert np.flatnonzero(wide_days(DAYS, prices, limited=True)).tolist() == wide
    assert not wide_days(DAYS, prices, limited=False).any()


def test_levels_that_stand_still_are_no_chance_from_three_on() -> None:
    def found(places: list[int], *, alone: bool = False) -> tuple[list[int], list[int]]:
        still = {name: values.copy() for name, values in candles().items()}
        for values in still.values():
            values[places] = values[places[0]]
        single, stale = repeats({"close": still["close"]} if alone else still)
        return np.flatnonzero(single).tolist(), np.flatnonzero(stale).tolist()

    # two levels of the sample are the same, and their rows too
    assert found([1]) == ([8], [])
    assert found([2, 3]) == ([3, 8], [])
    assert found([2, 3, 4]) == ([8], [3, 4])
    assert found([1, 2, 3, 4], alone=True) == ([2, 3, 4, 8], [])
    assert found([1, 2, 3, 4, 5], alone=True) == ([8], [2, 3, 4, 5])
