"""What is said to be behind volumes, amounts and prices that are off by 100 or a power of ten."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judged import SLOTS, N, make_bars, make_series

from qlib_mfgru.provider.judge import StockSeries, Verdict, judge
from qlib_mfgru.provider.judge.kinds import Stated

PLAIN = Stated("shares", "yuan")
UNITS = {"shares": 1.0, "lots": 100.0, "ten_thousand": 1e4, "yuan": 1.0, "thousand": 1e3}
AMBIGUOUS = {
    (Stated("ten_thousand", "yuan"), "shares"): "amount: ten_thousand",
    (Stated("shares", "ten_thousand"), "ten_thousand"): "amount: yuan",
}
"""Where the other unit explains amount / volume as well, the amount is blamed."""
SHAPE = (N - 2, SLOTS)
DAY = "days whose amount / volume lies outside [low, high]"
BARS = "bars whose amount / volume lies outside [low, high]"
VOLUME, AMOUNT = (
    f"days whose bars' {name} differs from the daily one by more than 5 %" for name in ("volume", "amount")
)
CLOSE = "days whose last bar's close differs from the daily one by more than 1 %"


def causes(*stocks: StockSeries) -> dict[str, str]:
    verdict = Verdict(1.0)
    for place, stock in enumerate(stocks):
        stock = make_series(**{**vars(stock), "code": f"SH60000{place}"})
        verdict.add(stock, judge(stock))
    return {str(each["kind"]): str(each["cause"]) for each in verdict.as_list()}


def scaled(stated: Stated | None, volume: float = 1.0, amount: float = 1.0, price: float = 1.0) -> StockSeries:
    """A stock of 7 yuan whose daily numbers are so many times the right ones, without bars."""
    right = 7.0 * price
    return make_series(
        prices=dict.fromkeys(("open", "high", "low", "close"), np.full(N, right)), volume=np.full(N, 1e6 * volume),
        amount=np.full(N, 7e6 * amount), limit_up=np.full(N, right * 1.1), limit_down=np.full(N, right * 0.9),
        factor=np.ones(N), bars=None, stated=stated,
    )  # fmt: skip


@pytest.mark.parametrize("stated_volume", ["shares", "lots", "ten_thousand"])
@pytest.mark.parametrize("stated_amount", ["yuan", "thousand", "ten_thousand"])
@pytest.mark.parametrize("wrong", ["volume", "amount"])
def test_every_unit_that_was_stated_for_another(stated_volume: str, stated_amount: str, wrong: str) -> None:
    stated = Stated(stated_volume, stated_amount)
    for true in ("shares", "lots", "ten_thousand") if wrong == "volume" else ("yuan", "thousand", "ten_thousand"):
        if (said := getattr(stated, wrong)) == true:
            continue
        cause = causes(scaled(stated, **{wrong: UNITS[said] / UNITS[true]}))[DAY]
        assert cause.endswith(f"write daily: {{{AMBIGUOUS.get((stated, true), f'{wrong}: {true}')}}}")


@pytest.mark.parametrize(
    ("stated", "wrong", "cause"),
    [
        (PLAIN, {"price": 100.0}, "the prices are 100 times too large, in fen: mend them"),
        (Stated("lots", "yuan"), {"price": 100.0}, "the prices are 100 times too large, in fen: mend them"),
        (None, {"price": 100.0}, "the prices are 100 times too large, in fen: mend them"),
        (PLAIN, {"price": 1000.0}, "the prices are 1000 times too large: mend them"),
        (PLAIN, {"price": 0.01}, "the prices are 100 times too small: mend them"),
        (PLAIN, {"volume": 0.1}, "amount / volume is 10 times the price, which no unit of the mapping explains"),
        (PLAIN, {"volume": 1e-3}, "amount / volume is 1000 times the price, which no unit of the mapping explains"),
        (PLAIN, {"amount": 0.1}, "the volume is in lots and the amount in thousands"),
        (PLAIN, {"volume": 1e-4}, "the volume is in ten thousands: write daily: {volume: ten_thousand}"),
        (None, {"volume": 1e-2}, "the volume is in lots of 100: write daily: {volume: lots}"),
    ],
)
def test_prices_and_what_no_unit_explains(stated: Stated | None, wrong: dict[str, float], cause: str) -> None:
    assert causes(scaled(stated, **wrong))[DAY].startswith(cause)


def test_a_share_of_many_yuan_does_not_hide_the_unit_of_the_others() -> None:
    stated = Stated("lots", "yuan")
    dear = make_series(
        prices=dict.fromkeys(("open", "high", "low", "close"), np.full(N, 1700.0)), volume=np.full(N, 1e8),
        amount=np.full(N, 1.7e9), limit_up=np.full(N, 1870.0), limit_down=np.full(N, 1530.0), bars=None, stated=stated,
    )  # fmt: skip
    found = causes(dear, *[scaled(stated, volume=100.0)] * 9)[DAY]
    assert found == "the volume is in shares, not in lots: write daily: {volume: shares}"


def against_bars(name: str, times: float, stated: Stated = PLAIN) -> dict[str, str]:
    """Causes where the bars' numbers are so many times those of the day."""
    unknown: dict[str, Any] = {"amount": np.full(N, np.nan)} if name == "volume" else {}
    base = getattr(make_series(), name)
    return causes(make_series(**unknown | {name: base / times, "stated": stated}))


@pytest.mark.parametrize(
    ("name", "times", "advice"),
    [
        ("volume", 1e2, "write daily: {volume: lots} if"), ("volume", 1e4, "write daily: {volume: ten_thousand} if"),
        ("amount", 1e3, "write daily: {amount: thousand} if"), ("volume", 1e3, "look at volume and amount of bars"),
        ("amount", 1e4, "write daily: {amount: ten_thousand} if"),
        ("volume", 1e-2, "look at volume and amount of bars"),
    ],
)  # fmt: skip
def test_bars_and_days_in_other_units(name: str, times: float, advice: str) -> None:
    cause = against_bars(name, times)[VOLUME if name == "volume" else AMOUNT]
    assert cause.startswith("bars and days are in different units")
    assert advice in cause


def test_lots_that_were_stated_are_taken_back() -> None:
    assert "write daily: {volume: shares} if" in against_bars("volume", 1e-2, Stated("lots", "yuan"))[VOLUME]


@pytest.mark.parametrize(("times", "cause"), [
    (100.0, "prices of bars are 100 times the others, in fen"),
    (0.01, "prices of days are 100 times the others, in fen"),
    (0.1, "prices of days are 10 times the others"),
])  # fmt: skip
def test_bars_and_days_in_other_prices(times: float, cause: str) -> None:
    prices = {name: values * times for name, values in make_bars().prices.items()}
    assert causes(make_series(bars=make_bars(prices=prices)))[CLOSE].startswith(cause)


def test_bars_in_another_unit_say_so_of_bars() -> None:
    bars = make_bars(volume=np.full(SHAPE, 25e-4), stated=PLAIN)
    found = causes(make_series(bars=bars, stated=PLAIN))
    assert found[BARS] == "the volume is in ten thousands: write bars: {volume: ten_thousand}"
