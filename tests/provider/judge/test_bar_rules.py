"""Rules on bars, and on bars and days together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judged import DAYS, SLOTS, N, at, faulty, make_bars, make_series

from qlib_mfgru.provider.judge import bars as rules
from qlib_mfgru.provider.judge import sums

SHAPE = (N - 2, SLOTS)


def grid(value: float, place: tuple[int, int], other: float) -> np.ndarray:
    return at(np.full(SHAPE, value), place, other)


def prices(**changed: np.ndarray) -> dict[str, Any]:
    return {"prices": {**make_bars().prices, **changed}}


@pytest.mark.parametrize(
    ("kind", "fits", "fails"),
    [
        (rules.BAR_PRICE, {"amount": grid(250, (1, 2), 252.7)}, {"amount": grid(250, (1, 2), 252.8)}),
        (rules.BAR_VWAP, {"vwap": grid(10, (1, 2), 10.11)}, {"vwap": grid(10, (1, 2), 10.12)}),
        (rules.BAR_AMOUNT, {"vwap": grid(10, (1, 2), 9.9), "amount": grid(250, (1, 2), 259)},
         {"vwap": grid(10, (1, 2), 9.9), "amount": grid(250, (1, 2), 261)}),
        (rules.BAR_RANGE, prices(open=grid(10, (1, 2), 9.891)), prices(open=grid(10, (1, 2), 9.889))),
        (rules.BAR_NO_PRICE, prices(open=grid(10, (1, 2), 9.9)), prices(open=grid(10, (1, 2), np.nan))),
        (rules.BAR_LARGE, {"amount": grid(250, (1, 2), 3.4e38)}, {"amount": grid(250, (1, 2), 3.5e38)}),
        (sums.VOLUME_SUM, {"volume": grid(25, (1, 2), 29.9)}, {"volume": grid(25, (1, 2), 30.1)}),
        (sums.AMOUNT_SUM, {"amount": grid(250, (1, 2), 299)}, {"amount": grid(250, (1, 2), 301)}),
        (rules.LAST_CLOSE, prices(close=grid(10, (1, 3), 9.91)), prices(close=grid(10, (1, 3), 9.89))),
        (rules.FIRST_OPEN, prices(open=grid(10, (1, 0), 10.09)), prices(open=grid(10, (1, 0), 10.11))),
        (rules.DAY_SPAN, prices(high=grid(10.1, (1, 2), 10.2)), prices(high=grid(10.1, (1, 2), 10.21))),
        (rules.FEW_BARS, {}, prices(close=grid(10, (1, 2), np.nan))),
    ],
)  # fmt: skip
def test_a_rule_on_both_sides_of_its_limit(kind: Any, fits: dict[str, Any], fails: dict[str, Any]) -> None:
    assert kind.text not in faulty(make_series(bars=make_bars(**fits)))
    finding = faulty(make_series(bars=make_bars(**fails)))[kind.text]
    assert finding.count == 1
    # the bars begin on the third day of the stock
    assert finding.days[finding.faulty_days].tolist() == [DAYS[3].item()]


def test_the_last_bar_that_is_there_closes_the_day() -> None:
    gone = prices(close=grid(10, (1, 3), np.nan))
    assert rules.LAST_CLOSE.text not in faulty(make_series(bars=make_bars(**gone)))


def test_days_made_of_the_bars_are_not_compared_with_them() -> None:
    spoilt = make_bars(volume=np.full(SHAPE, 2500.0))
    assert sums.VOLUME_SUM.text in faulty(make_series(bars=spoilt))
    assert sums.VOLUME_SUM.text not in faulty(make_series(bars=spoilt, apart=np.zeros(N, dtype=bool)))


def test_a_day_without_trade_in_the_bars_is_not_compared() -> None:
    dead = np.full(SHAPE, 25.0)
    dead[1] = np.nan
    assert sums.VOLUME_SUM.text not in faulty(make_series(bars=make_bars(volume=dead)))


def test_volumes_rounded_to_lots_are_no_fault() -> None:
    """250 shares for 2,500 yuan are written as 3 lots: a price of 8.33."""
    volume, amount = np.full(SHAPE, 300.0), np.full(SHAPE, 2500.0)
    found = faulty(
        make_series(bars=make_bars(volume=volume, amount=amount, volume_step=100.0), apart=np.zeros(N, bool))
    )
    assert {text: finding.count for text, finding in found.items()} == {rules.BAR_ROUNDED.text: 16}
    found = faulty(make_series(bars=make_bars(volume=volume, amount=amount), apart=np.zeros(N, bool)))
    assert list(found) == [rules.BAR_PRICE.text]
    found = faulty(
        make_series(bars=make_bars(volume=volume * 100, amount=amount, volume_step=1e2), apart=np.zeros(N, bool))
    )
    assert list(found) == [rules.BAR_PRICE.text]


def test_a_daily_close_that_is_another_bars_is_systematic() -> None:
    """Values a bar late, of closes that differ by cents."""
    close = np.array([[9.97, 9.98, 10.0, 10.02]] * (N - 2))
    found = faulty(make_series(bars=make_bars(**prices(close=close))))
    assert found[rules.ANOTHER_CLOSE.text].count == N - 2
    close[:2] = [9.97, 9.98, 9.99, 10.0]
    assert rules.ANOTHER_CLOSE.text not in faulty(make_series(bars=make_bars(**prices(close=close))))
