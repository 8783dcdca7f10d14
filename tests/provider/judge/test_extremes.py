"""Rules on highs and lows: limits, days against bars, bars against those beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judged import DAYS, SLOTS, N, at, faulty, make_bars, make_series, with_prices

from qlib_mfgru.provider.judge import StockSeries, is_bar_spike
from qlib_mfgru.provider.judge.extremes import bars as lone
from qlib_mfgru.provider.judge.extremes import limits, spans

SHAPE = (N - 2, SLOTS)
RISING = 10.0 * 1.02 ** np.arange(N)
"""Closes 2 % up a day, without an ex-date."""


def day_prices(name: str, place: int, value: float) -> dict[str, Any]:
    base = make_series().prices
    return {"prices": {**base, name: at(base[name], place, value)}}


def bar_prices(**changed: np.ndarray | float) -> dict[str, Any]:
    return {"prices": {**make_bars().prices, **{name: np.full(SHAPE, value) for name, value in changed.items()}}}


def bar_high(place: tuple[int, int], value: float) -> np.ndarray:
    return at(np.full(SHAPE, 10.1), place, value)


@pytest.mark.parametrize(
    ("name", "fits", "fails"), [("high", 11.005, 11.01), ("low", 8.995, 8.99)]
)  # fmt: skip
def test_a_high_or_low_beyond_the_limits(name: str, fits: float, fails: float) -> None:
    assert limits.SPAN_LIMITS.text not in faulty(make_series(bars=None, **day_prices(name, 1, fits)))
    finding = faulty(make_series(bars=None, **day_prices(name, 1, fails)))[limits.SPAN_LIMITS.text]
    assert finding.days[finding.faulty].tolist() == [DAYS[1].item()]


def test_a_close_beyond_the_limits_is_said_once() -> None:
    found = faulty(make_series(bars=None, prices=with_prices(high=11.5, close=at(10.0, 1, 11.5))))
    assert found["closes outside the limits, given or derived"].count == 1
    assert found[limits.SPAN_LIMITS.text].count == N - 1


def rising(ratio: float, **changed: Any) -> StockSeries:
    """Closes and limits that rise by 2 % a day; the limits `ratio` from the close before, which is rounded."""
    close = np.round(RISING, 2)
    before = np.append(np.nan, close[:-1])
    content = {
        "prices": dict.fromkeys(("open", "high", "low", "close"), close), "amount": np.full(N, np.nan), "bars": None,
        "limit_up": np.round(before * (1 + ratio), 2), "limit_down": np.round(before * (1 - ratio), 2),
    }  # fmt: skip
    return make_series(**content | changed)


@pytest.mark.parametrize(
    ("board", "ratio", "n_faulty"),
    [("main", 0.1, 0), ("main", 0.05, 0), ("main", 0.2, N - 1), ("star", 0.2, 0), ("star", 0.1, N - 1),
     ("bse", 0.3, 0), ("other", 0.2, 0), (None, 0.2, 0)],
)  # fmt: skip
def test_limits_are_a_ratio_that_the_board_knows(board: str | None, ratio: float, n_faulty: int) -> None:
    finding = faulty(rising(ratio, board=board)).get(limits.LIMITS_OFF.text)
    assert (finding.count if finding else 0) == n_faulty


def test_limits_of_the_first_day_of_a_share() -> None:
    stock = rising(0.44, limit_down=np.full(N, np.nan))
    assert limits.LIMITS_OFF.text not in faulty(stock)


def test_limits_that_are_scaled_or_a_day_late_are_told() -> None:
    stock = rising(0.1)
    for up, down in (
        (stock.limit_up * 1.2, stock.limit_down * 1.2),
        (np.append(np.nan, stock.limit_up[:-1]), np.append(np.nan, stock.limit_down[:-1])),
    ):
        finding = faulty(rising(0.1, limit_up=up, limit_down=down))[limits.LIMITS_OFF.text]
        assert finding.count == finding.n_judged >= N - 2
    some = faulty(rising(0.1, limit_up=at(stock.limit_up, [1, 2], 12.9)))
    assert limits.LIMITS_OFF.text not in some


def test_the_reference_of_limits_falls_on_an_ex_date_with_the_factor_or_the_previous_close() -> None:
    close = np.array([10.0, 10.0, 10.0, 5.0, 5.0, 5.0])
    before = np.array([np.nan, 10.0, 10.0, 5.0, 5.0, 5.0])
    whole: dict[str, Any] = {"limit_up": before * 1.1, "limit_down": before * 0.9}
    whole["prices"] = dict.fromkeys(("open", "high", "low", "close"), close)
    factor = np.array([1.0, 1, 1, 2, 2, 2])
    assert limits.LIMITS_OFF.text not in faulty(rising(0.1, **whole, factor=factor))
    every_day = np.array([9.0, 8, 7, 6, 5, 4])
    whole = {"limit_up": every_day * 1.1, "limit_down": every_day * 0.9}
    assert limits.LIMITS_OFF.text in faulty(rising(0.1, **whole))
    assert limits.LIMITS_OFF.text not in faulty(rising(0.1, **whole, prev_close=every_day))


@pytest.mark.parametrize(
    ("kind", "fits", "fails"),
    [
        # the day's [9.9, 10.1], to 0.1 % and a cent
        (spans.BARS_BEYOND, {"high": 10.12}, {"high": 10.121}),
        (spans.BARS_BEYOND, {"low": 9.881}, {"low": 9.879}),
        # the bars' span to 0.5 % and a cent
        (spans.DAY_BEYOND, {"high": 10.04}, {"high": 10.03}),
        (spans.DAY_BEYOND, {"low": 9.959}, {"low": 9.961}),
    ],
)
def test_days_and_bars_have_the_same_span(kind: Any, fits: dict[str, float], fails: dict[str, float]) -> None:
    assert kind.text not in faulty(make_series(bars=make_bars(**bar_prices(**fits))))
    assert faulty(make_series(bars=make_bars(**bar_prices(**fails))))[kind.text].count == N - 2
    half = {name: at(make_bars().prices[name], [0, 1], value) for name, value in fails.items()}
    assert kind.text not in faulty(make_series(bars=make_bars(prices={**make_bars().prices, **half})))


def test_a_day_may_reach_beyond_bars_that_are_not_whole() -> None:
    prices = {name: values.copy() for name, values in bar_prices(high=10.03)["prices"].items()}
    for values in prices.values():
        values[2, 1] = np.nan
    finding = faulty(make_series(bars=make_bars(prices=prices)))[spans.DAY_BEYOND.text]
    assert (finding.count, finding.n_judged) == (N - 3, N - 3)


def spiked(times: float, columns: tuple[str, ...], place: int, bound: float) -> list[int]:
    prices = {"open": np.full(8, 10.0), "high": np.full(8, 10.1), "low": np.full(8, 9.9), "close": np.full(8, 10.0)}
    for name in columns:
        prices[name][place] *= times
    return np.flatnonzero(is_bar_spike(prices, np.full(8, bound))).tolist()


OHLC = ("open", "high", "low", "close")
MAIN, FREE = 2 * np.log(1.11), np.log(3.0)


@pytest.mark.parametrize(
    ("times", "columns", "bound", "found"),
    [(1.13, OHLC, MAIN, []), (1.14, OHLC, MAIN, [4]), (1 / 1.14, OHLC, MAIN, [4]), (1.27, OHLC, FREE, []),
     (1.3, OHLC, FREE, [4]), (1.23, ("high",), MAIN, []), (1.24, ("high",), MAIN, [4]), (2.9, ("high",), FREE, []),
     (1 / 1.24, ("low",), MAIN, [4])],
)  # fmt: skip
def test_a_bar_that_is_gone_in_the_next_one(
    times: float, columns: tuple[str, ...], bound: float, found: list[int]
) -> None:
    assert spiked(times, columns, 4, bound) == found
    assert spiked(times, columns, 0, bound) == spiked(times, columns, 7, bound) == []


@pytest.mark.parametrize(
    ("n_bars", "times", "bound", "found"),
    [(2, 1.2, MAIN, [3, 4]), (4, 1.2, MAIN, [3, 4, 5, 6]), (5, 1.2, MAIN, []), (2, 1.1, MAIN, []),
     (2, 1.5, FREE, []), (2, 1.8, FREE, [3, 4])],
)  # fmt: skip
def test_bars_in_a_row_that_are_gone_together(n_bars: int, times: float, bound: float, found: list[int]) -> None:
    scale = at(1.0, list(range(3, 3 + n_bars)), times, 10)
    prices = {"open": 10.0 * scale, "high": 10.1 * scale, "low": 9.9 * scale, "close": 10.0 * scale}
    assert np.flatnonzero(is_bar_spike(prices, np.full(10, bound))).tolist() == found


@pytest.mark.parametrize("place", [0, 7])
def test_a_bar_at_the_end_that_a_limit_does_not_allow(place: int) -> None:
    assert spiked(1.3, OHLC, place, MAIN) == [place]
    assert spiked(10.0, OHLC, place, FREE) == []


def test_a_bar_at_the_end_that_lies_apart_is_noted() -> None:
    for times, found in ((1.15, [[0, 0]]), (1.1, [])):
        prices = {name: at(values, (0, 0), values[0, 0] * times) for name, values in make_bars().prices.items()}
        finding = faulty(make_series(bars=make_bars(prices=prices))).get(lone.END_BAR.text)
        assert (np.argwhere(finding.faulty).tolist() if finding else []) == found


@pytest.mark.parametrize(("times", "apart", "n_found"), [(21.0, False, 1), (19.0, False, 0), (21.0, True, 0)])
def test_a_burst_of_volume_without_a_daily_row_is_noted(times: float, apart: bool, n_found: int) -> None:
    bars = make_bars(volume=at(make_bars().volume, (1, 2), 25 * times))
    finding = faulty(make_series(bars=bars, apart=np.full(N, apart))).get(lone.VOLUME_BURST.text)
    assert (finding.count if finding else 0) == n_found


def test_bars_are_held_against_those_of_the_days_beside_them() -> None:
    prices = {name: at(values, (1, 0), values[1, 0] * 1.3) for name, values in make_bars().prices.items()}
    finding = faulty(make_series(bars=make_bars(prices=prices), apart=np.zeros(N, dtype=bool)))[lone.BAR_SPIKE.text]
    assert np.argwhere(finding.faulty).tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("fits", "fails"), [({"high": 10.31}, {"high": 10.311}), ({"low": 9.70}, {"low": 9.698})]
)  # fmt: skip
def test_wicks_of_most_bars(fits: dict[str, float], fails: dict[str, float]) -> None:
    alone = np.zeros(N, dtype=bool)
    assert lone.WICKS.text not in faulty(make_series(bars=make_bars(**bar_prices(**fits)), apart=alone))
    assert faulty(make_series(bars=make_bars(**bar_prices(**fails)), apart=alone))[lone.WICKS.text].count == 16
    assert lone.WICKS.text not in faulty(make_series(bars=make_bars(prices={
        **make_bars().prices, "high": bar_high((1, 2), 10.9)}), apart=alone))  # fmt: skip
