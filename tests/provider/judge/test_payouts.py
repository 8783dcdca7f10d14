"""Ex-dates of the factor against the prices of the whole market."""

from __future__ import annotations

import numpy as np
import pytest
from judged import make_series

from qlib_mfgru.provider.judge import StockSeries
from qlib_mfgru.provider.judge.market.payouts import Payouts

N_DAYS, EX_DATE = 250, 100


def stock(number: int, change: np.ndarray, payout: float = 0.1) -> StockSeries:
    """A stock that pays out once, on `EX_DATE`, and whose factor moves by `change`, a logarithm, on each day."""
    moves = np.random.default_rng(number).normal(0, 0.015, N_DAYS)
    moves[EX_DATE] -= payout
    close, nothing = 10 * np.exp(np.cumsum(moves)), np.full(N_DAYS, np.nan)
    return make_series(
        code=f"SH{600000 + number}", days=np.datetime64("2025-03-03") + np.arange(N_DAYS),
        prices=dict.fromkeys(("open", "high", "low", "close"), close), factor=np.exp(np.cumsum(change)),
        volume=np.full(N_DAYS, 100.0), amount=nothing, vwap=nothing, prev_close=nothing, limit_up=nothing,
        limit_down=nothing, market_cap=nothing, spiked=np.zeros(N_DAYS, bool), apart=np.ones(N_DAYS, bool), bars=None,
    )  # fmt: skip


def judged(day: int, size: float, payout: float = 0.1, n_stocks: int = 8) -> Payouts:
    """Stocks in two parts, as of two processes, whose factors move by `size` on a day."""
    parts = Payouts(), Payouts()
    for number in range(n_stocks):
        change = np.zeros(N_DAYS)
        change[day] = size
        parts[number % 2].add(stock(number, change, payout))
    parts[0].add_all(parts[1])
    return parts[0]


@pytest.mark.parametrize("payout", [0.1, 0.02, 0.004])
def test_a_factor_that_rises_as_the_price_falls_is_that_of_the_prices(payout: float) -> None:
    assert judged(EX_DATE, payout, payout).fault == ""


@pytest.mark.parametrize(
    ("day", "size", "fault"),
    [
        (EX_DATE, -0.1, "8 times, does not go with the prices: it falls where prices do"),
        (EX_DATE + 1, 0.1, "all ex-dates are a day late"),
        (EX_DATE - 1, 0.1, "all ex-dates are a day early"),
        (EX_DATE + 30, 0.1, "prices do not fall on its ex-dates"),
    ],
)
def test_a_factor_of_another_kind_is_a_fault_of_the_market(day: int, size: float, fault: str) -> None:
    assert fault in judged(day, size).fault


def test_three_stocks_are_no_market() -> None:
    assert judged(EX_DATE, -0.1, n_stocks=3).fault == ""
    assert judged(EX_DATE, -0.1, n_stocks=4).fault


def test_years_without_any_event_are_counted() -> None:
    assert judged(EX_DATE, 0.0).years_without == 8 * (N_DAYS - 1) // 244
    assert judged(EX_DATE, 0.0, n_stocks=4).years_without == 0, "four years may be chance"
    assert judged(EX_DATE, 0.1).years_without == 0
