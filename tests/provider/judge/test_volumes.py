"""Volumes that jump with their unit."""

from __future__ import annotations

import numpy as np
import pytest
from judged import N, at, make_series, with_prices

from qlib_mfgru.provider.judge import judge
from qlib_mfgru.provider.judge.moves.volumes import VOLUME_JUMP, VOLUME_SPIKE


def test_a_volume_a_hundred_times_the_last_is_a_jump() -> None:
    for times, found in ((100.0, [3, 4]), (20.0, []), (1000.0, [])):
        stock = make_series(volume=at(100.0, 3, 100.0 * times), bars=None)
        (jump,) = [finding for finding in judge(stock) if finding.kind is VOLUME_JUMP]
        assert np.flatnonzero(jump.faulty).tolist() == found


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


@pytest.mark.parametrize(("high", "found"), [(10.1, [3, 4]), (10.0, [])])
def test_a_day_at_one_price_and_the_day_after_are_no_jumps(high: float, found: list[int]) -> None:
    """All shares at limit-down, as on 2020-02-03, and back to their volumes on the day after."""
    stock = make_series(
        volume=at(1e5, 3, 1e3), prices=with_prices(high=at(10.1, 3, high), low=at(9.9, 3, 10.0)), bars=None
    )
    (jump,) = [finding for finding in judge(stock) if finding.kind is VOLUME_JUMP]
    assert np.flatnonzero(jump.faulty).tolist() == found
