"""Prices far beyond any limit."""

from __future__ import annotations

import numpy as np
import pytest
from judged import DAYS, N, at, faulty, make_series, with_prices

from qlib_mfgru.provider.judge import Moves, is_spike, judge
from qlib_mfgru.provider.judge.moves.spikes import SPIKE, WILD_DAY

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


def day(place: int, open_: float, high: float, low: float, close: float, after: float) -> dict[str, np.ndarray]:
    """Prices of 10, of one other day, and of `after` on those that follow."""
    given = {name: at(10.0, list(range(place + 1, MANY)), after, MANY) for name in ("open", "high", "low", "close")}
    for name, value in zip(("open", "high", "low", "close"), (open_, high, low, close), strict=True):
        given[name][place] = value
    return given


@pytest.mark.parametrize(
    ("board", "given"),
    [
        # a fall and a rise that stay, a pump, and a day that goes three times up before it opens far lower
        (None, day(8, 10.0, 10.0, 1.5, 2.0, 2.0)),
        (None, day(8, 10.0, 60.0, 10.0, 60.0, 55.0)),
        (None, day(8, 12.0, 90.0, 12.0, 13.0, 12.0)),
        (None, day(8, 10.0, 40.0, 10.0, 40.0, 11.0)),
        # a new share's first day
        ("star", day(0, 30.0, 120.0, 29.0, 120.0, 118.0)),
        ("main", day(0, 120.0, 121.0, 35.0, 35.0, 36.0)),
        # limit-up to limit-down, and back
        ("star", day(8, 12.0, 12.0, 8.0, 8.0, 8.0)),
        ("chinext", day(8, 8.0, 12.0, 8.0, 12.0, 12.0)),
        ("bse", day(8, 13.0, 13.0, 7.0, 7.0, 7.0)),
        ("main", day(8, 9.0, 11.0, 9.0, 11.0, 11.0)),
        # the first day of a delisting period falls at once, and opens above its close
        ("main", day(8, 5.0, 5.2, 3.0, 3.0, 2.9)),
    ],
)
def test_what_a_market_does_is_kept(board: str | None, given: dict[str, np.ndarray]) -> None:
    assert spikes(board, given) == []


def test_cents_are_far_for_a_cheap_share() -> None:
    """0.28 and 0.22 are the limits of 0.25 at 10 %, rounded up and down."""
    cheap = {name: values / 40 for name, values in day(8, 11.2, 11.2, 8.8, 8.8, 8.8).items()}
    assert spikes("main", cheap) == []


def test_after_a_day_without_trade_no_limit_is_relied_on() -> None:
    close = at(at(10.0, 8, 14.0, MANY), 7, np.nan, MANY)
    assert spikes("main", prices(close)) == []
    assert spikes("main", prices(at(10.0, 8, 14.0, MANY))) == [8]


@pytest.mark.parametrize(
    ("board", "given", "in_bars", "found"),
    [
        (None, day(8, 12.0, 90.0, 12.0, 13.0, 12.0), day(8, 12.0, 90.0, 12.0, 13.0, 12.0), []),
        (None, day(8, 12.0, 90.0, 12.0, 13.0, 12.0), day(8, 12.0, 14.0, 12.0, 13.0, 12.0), [8]),
        (None, day(8, 50.0, 50.0, 50.0, 50.0, 10.0), day(8, 50.0, 51.0, 50.0, 50.0, 10.0), []),
        (None, day(8, 50.0, 50.0, 50.0, 50.0, 10.0), day(8, 10.0, 10.0, 10.0, 10.0, 10.0), [8]),
        (None, day(8, 50.0, 50.0, 50.0, 50.0, 10.0), prices(np.full(MANY, np.nan)), [8]),
        # a limit is one for bars, too
        ("main", day(8, 14.0, 14.0, 14.0, 14.0, 10.0), day(8, 14.0, 14.0, 14.0, 14.0, 10.0), [8]),
    ],
)
def test_bars_say_whether_a_price_was_there(
    board: str | None, given: dict[str, np.ndarray], in_bars: dict[str, np.ndarray], found: list[int]
) -> None:
    moves = Moves.of(MANY_DAYS, given["close"], np.ones(MANY), board)
    assert np.flatnonzero(is_spike(MANY_DAYS, given, moves, board, lambda: in_bars)).tolist() == found


def test_a_wild_day_without_a_limit_is_noted() -> None:
    found = faulty(make_series(prices=with_prices(high=at(10.1, 3, 40.0)), board=None, bars=None))
    assert np.flatnonzero(found[WILD_DAY.text].faulty).tolist() == [3]
    assert SPIKE.text not in found


def test_the_judge_counts_what_is_left_out_already() -> None:
    spiked = np.arange(N) == 2
    stock = make_series(prices=with_prices(close=10.0), spiked=spiked, bars=None)
    (found,) = [finding for finding in judge(stock) if finding.kind.text.startswith("days with a price that is far")]
    assert found.days[found.faulty].tolist() == [DAYS[2].item()]
