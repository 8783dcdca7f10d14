"""Prices far beyond any limit, and volumes that jump with their unit."""

from __future__ import annotations

import numpy as np
import pytest
from judged import DAYS, N, at, make_series, with_prices

from qlib_mfgru.provider.judge import Moves, is_spike, judge
from qlib_mfgru.provider.judge.moves.spikes import VOLUME_JUMP, VOLUME_SPIKE

MANY = 12
MANY_DAYS = np.arange(np.datetime64("2025-03-03"), np.datetime64("2025-03-15"))


def prices(close: np.ndarray, **changed: np.ndarray) -> dict[str, np.ndarray]:
    return {name: changed.get(name, close) for name in ("open", "high", "low", "close")}


def spikes(board: str | None, given: dict[str, np.ndarray], factor: np.ndarray | float = 1.0) -> list[int]:
    moves = Moves.of(MANY_DAYS, given["close"], np.full(MANY, factor), board)
    return np.flatnonzero(is_spike(MANY_DAYS, given, moves, board)).tolist()


@pytest.mark.parametrize(
    ("board", "price", "found"),
    [
        ("main", 100.0, [8]), ("main", 0.1, [8]), ("main", 12.9, []), ("main", 13.1, [8]), ("star", 13.1, []),
        ("star", 15.0, [8]), (None, 25.0, []), (None, 31.0, [8]),
    ],
)  # fmt: skip
def test_a_close_that_is_gone_on_the_next_day(board: str | None, price: float, found: list[int]) -> None:
    assert spikes(board, prices(at(10.0, 8, price, MANY))) == found


def test_a_new_share_may_move_more_in_its_first_days() -> None:
    assert spikes("main", prices(at(10.0, 3, 14.0, MANY))) == []
    assert spikes("main", prices(at(10.0, 3, 100.0, MANY))) == [3]


def test_a_price_that_stays_is_none() -> None:
    assert spikes("main", prices(at(10.0, [8, 9, 10, 11], 100.0, MANY))) == []


def test_an_ex_date_and_its_undoing_are_none() -> None:
    factor = at(1.0, 8, 0.1, MANY)
    assert spikes("main", prices(at(10.0, 8, 100.0, MANY)), factor) == []


def test_a_high_of_another_scale_is_one() -> None:
    ten = np.full(MANY, 10.0)
    assert spikes("main", prices(ten, high=at(10.0, 8, 97.0, MANY))) == [8]
    assert spikes("main", prices(ten, high=at(10.0, 8, 12.2, MANY))) == []


def test_a_volume_a_hundred_times_the_last_is_a_jump() -> None:
    for times, found in ((100.0, [3, 4]), (20.0, []), (1000.0, [])):
        stock = make_series(volume=at(100.0, 3, 100.0 * times), bars=None)
        (jump,) = [finding for finding in judge(stock) if finding.kind is VOLUME_JUMP]
        assert np.flatnonzero(jump.faulty).tolist() == found


def test_the_judge_counts_what_is_left_out_already() -> None:
    spiked = np.arange(N) == 2
    stock = make_series(prices=with_prices(close=10.0), spiked=spiked, bars=None)
    (found,) = [finding for finding in judge(stock) if finding.kind.text.startswith("days with a price that is far")]
    assert found.days[found.faulty].tolist() == [DAYS[2].item()]


@pytest.mark.parametrize(
    ("times", "high", "found"),
    [(1000.0, 10.1, [3]), (190.0, 10.1, []), (1 / 300, 10.1, [3]), (1 / 300, 10.0, [])],
)
def test_a_volume_far_from_both_beside_it(times: float, high: float, found: list[int]) -> None:
    """A stock that stands at its limit all day may trade that little."""
    prices = with_prices(high=high, low=10.0)
    stock = make_series(volume=at(1e5, 3, 1e5 * times), amount=np.full(N, np.nan), prices=prices, bars=None)
    (jump,) = [finding for finding in judge(stock) if finding.kind is VOLUME_SPIKE]
    assert np.flatnonzero(jump.faulty).tolist() == found


def test_a_volume_that_stays_is_none() -> None:
    stock = make_series(volume=at(1e5, [3, 4, 5], 1e8), amount=np.full(N, np.nan), bars=None)
    (jump,) = [finding for finding in judge(stock) if finding.kind is VOLUME_SPIKE]
    assert jump.count == 0
