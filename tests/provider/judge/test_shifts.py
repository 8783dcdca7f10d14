"""Stocks whose dates are shifted, found by the market's returns of the day before and after."""

from __future__ import annotations

import numpy as np
import pytest
from judged import make_series

from qlib_mfgru.provider.judge import StockSeries, Verdict, judge
from qlib_mfgru.provider.judge.market.shifts import Shifts

N_DAYS = 160


def returns(n_stocks: int, n_days: int = N_DAYS) -> np.ndarray:
    """Daily returns that go with a market's, of a correlation of about 0.6; shape (n_days, n_stocks)."""
    generator = np.random.default_rng(3)
    return generator.normal(0, 0.012, (n_days, 1)) + generator.normal(0, 0.016, (n_days, n_stocks))


def stock(number: int, moves: np.ndarray) -> StockSeries:
    n = len(moves)
    close, nothing = 10 * np.exp(np.cumsum(moves)), np.full(n, np.nan)
    return make_series(
        code=f"SH{600000 + number}", days=np.datetime64("2025-03-03") + np.arange(n),
        prices=dict.fromkeys(("open", "high", "low", "close"), close), factor=np.ones(n),
        volume=np.where(np.isnan(close), np.nan, 100.0), amount=nothing, vwap=nothing, prev_close=nothing,
        limit_up=nothing, limit_down=nothing, market_cap=nothing, spiked=np.zeros(n, bool), apart=np.ones(n, bool),
        bars=None,
    )  # fmt: skip


def found(market: np.ndarray) -> dict[str, str]:
    """How each stock that is judged is shifted, in two parts as of two processes."""
    parts = Shifts(), Shifts()
    for number, moves in enumerate(market.T):
        parts[number % 2].add(stock(number, moves))
    parts[0].add_all(parts[1])
    return dict(parts[0].judged())


def test_stocks_that_go_with_the_market_are_not_shifted() -> None:
    assert set(found(returns(40)).values()) == {""}


@pytest.mark.parametrize(("days", "word"), [(-1, "early"), (1, "late")])
def test_shifted_stocks_are_named(days: int, word: str) -> None:
    market = returns(40)
    for number in (0, 7):
        market[:, number] = np.roll(market[:, number], days)
    cases = {code: case for code, case in found(market).items() if case}
    assert cases == {code: f"{code} a day {word}" for code in ("SH600000", "SH600007")}


def test_two_days_are_no_shift_by_one() -> None:
    market = returns(40)
    market[:, 0] = np.roll(market[:, 0], 2)
    assert set(found(market).values()) == {""}


@pytest.mark.parametrize(
    ("n_stocks", "n_days", "n_judged"),
    [(31, 123, 31), (30, 123, 0), (31, 122, 0)],
)
def test_few_days_and_few_stocks_are_not_judged(n_stocks: int, n_days: int, n_judged: int) -> None:
    """The first day has no return, and neither end a market on both sides."""
    assert len(found(returns(n_stocks, n_days))) == n_judged


def test_correlations_are_those_of_numpy_with_the_mean_of_the_others() -> None:
    """At the threshold: the stock is shifted with the market's weight just above it, and not below."""
    market = returns(40)
    noise, ahead = market[:, 0].copy(), np.roll(market[:, 1:].mean(axis=1), -1)
    expected = {}
    for share in np.linspace(0, 1, 11):
        market[:, 0] = own = share * ahead + (1 - share) * noise
        others = market[:, 1:].mean(axis=1)
        # from the third day on, since the first has no return
        before, same, after = (
            np.corrcoef(own[2:-1], others[2 + lag : len(others) - 1 + lag])[0, 1] for lag in (-1, 0, 1)
        )
        expected[share] = max(before, after) >= 0.3 and max(before, after) - same >= 0.25
        assert (found(market)["SH600000"] == "SH600000 a day early") == expected[share]
    assert set(expected.values()) == {True, False}


def test_a_verdict_watches_the_stocks_that_it_keeps() -> None:
    market, verdict = returns(40), Verdict(0.01)
    market[:, 3] = np.roll(market[:, 3], -1)
    for number, moves in enumerate(market.T):
        series = stock(number, np.clip(moves, -0.09, 0.09))
        assert verdict.add(series, judge(series))
    assert [case for _, case in verdict.shifts.judged() if case] == ["SH600003 a day early"]
