"""Prices far beyond any limit."""

from __future__ import annotations

import numpy as np
import pytest
from judged import DAYS, N, at, make_series, with_prices

from qlib_mfgru.provider.judge import Moves, is_spike, judge

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
        ("star", 15.5, [8]), (None, 25.0, []), (None, 31.0, [8]),
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


def test_the_judge_counts_what_is_left_out_already() -> None:
    spiked = np.arange(N) == 2
    stock = make_series(prices=with_prices(close=10.0), spiked=spiked, bars=None)
    (found,) = [finding for finding in judge(stock) if finding.kind.text.startswith("days with a price that is far")]
    assert found.days[found.faulty].tolist() == [DAYS[2].item()]
