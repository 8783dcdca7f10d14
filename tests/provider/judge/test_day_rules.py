"""Rules on days, each on both sides of its tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judged import DAYS, N, at, faulty, make_series

from qlib_mfgru.provider.judge import days
from qlib_mfgru.provider.judge.extremes import limits

NAN = np.nan


def prices(name: str, place: int, value: float) -> dict[str, np.ndarray]:
    base = make_series().prices
    return {**base, name: at(base[name], place, value)}


def test_a_consistent_stock_has_no_fault() -> None:
    assert faulty(make_series()) == {}


@pytest.mark.parametrize(
    ("kind", "fits", "fails"),
    [
        (days.DAY_PRICE, {"amount": at(1000, 1, 1011)}, {"amount": at(1000, 1, 1012)}),
        (days.DAY_PRICE, {"volume": at(100, 1, 101.0)}, {"volume": at(100, 1, 10000)}),
        (days.DAY_VWAP, {"vwap": at(10, 1, 9.891)}, {"vwap": at(10, 1, 9.889)}),
        (days.DAY_AMOUNT, {"vwap": at(10.0, 1, 10.1), "amount": at(1000, 1, 1060)},
         {"vwap": at(10.0, 1, 10.1), "amount": at(1000, 1, 1061)}),
        (days.DAY_RANGE, {"prices": prices("close", 1, 10.1)}, {"prices": prices("close", 1, 10.12)}),
        (days.DAY_RANGE, {"prices": prices("low", 1, 10.0)}, {"prices": prices("low", 1, 10.2)}),
        (days.NO_PRICE, {"prices": prices("open", 1, 9.95)}, {"prices": prices("open", 1, 0.0)}),
        (days.NO_PRICE, {"volume": at(100, 1, NAN), "prices": prices("close", 1, NAN)},
         {"prices": prices("close", 1, NAN)}),
        (days.TOO_LARGE, {"factor": np.full(N, 3.0e37)}, {"factor": np.full(N, 3.2e37)}),
        (days.TOO_LARGE, {"market_cap": at(1e10, 1, 3e38)}, {"market_cap": at(1e10, 1, np.inf)}),
        (days.TINY_VOLUME, {"volume": at(100, 1, 1.0)}, {"volume": at(100, 1, 5.877e-39)}),
        (limits.LIMITS, {"limit_up": at(11, 1, 9.995)}, {"limit_up": at(11, 1, 9.99)}),
    ],
)  # fmt: skip
def test_a_rule_on_both_sides_of_its_limit(kind: Any, fits: dict[str, Any], fails: dict[str, Any]) -> None:
    assert kind.text not in faulty(make_series(bars=None, **fits))
    finding = faulty(make_series(bars=None, **fails))[kind.text]
    assert finding.faulty[1]
    if kind is not days.TOO_LARGE or "market_cap" in fails:
        assert finding.days[finding.faulty_days].tolist() == [DAYS[1].item()]


def test_a_market_without_lots_may_trade_less_than_one() -> None:
    small = make_series(bars=None, volume=np.full(N, 0.01), amount=np.full(N, 0.1), lot=None)
    assert faulty(small) == {}


def test_evidence_is_the_mean_price_by_the_close() -> None:
    finding = faulty(make_series(bars=None, volume=np.full(N, 1.0)))[days.DAY_PRICE.text]
    ratios, factor, price = finding.cases()
    assert (ratios.tolist(), factor.tolist(), price.tolist()) == ([100.0] * N, [2.0] * N, [10.0] * N)
