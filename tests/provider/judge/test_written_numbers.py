"""Prices in fen, and volumes that are no whole shares."""

from __future__ import annotations

import numpy as np
import pytest
from judged import N, faulty, make_series

from qlib_mfgru.provider.judge import StockSeries, judge
from qlib_mfgru.provider.judge.days import BROKEN_SHARES, WHOLE_YUAN


def priced(scale: float, tick: float, **changed: object) -> StockSeries:
    """Prices between 9.9 and 10.1 yuan, written in another unit to another tick."""
    steps = {"open": 0.03, "high": 0.11, "low": -0.09, "close": 0.02}
    prices = {name: np.round((10 + step + np.arange(N) / 100) * scale / tick) * tick for name, step in steps.items()}
    unknown = np.full(N, np.nan)
    content = {"amount": unknown, "limit_up": unknown, "limit_down": unknown, "bars": None}
    return make_series(prices=prices, **(content | changed))


@pytest.mark.parametrize(
    ("scale", "tick", "board", "is_wrong"),
    [
        (1, 0.01, "main", False), (100, 1, "main", True), (1000, 10, "main", True),
        (10, 1, "main", True), (2, 1, "main", False), (100, 1, "other", False), (100, 1, None, False),
    ],
)  # fmt: skip
def test_prices_without_a_fraction_are_in_fen(scale: float, tick: float, board: str | None, is_wrong: bool) -> None:
    """Where no amount shows it; whole prices around 20 are looked at no further."""
    assert (WHOLE_YUAN.text in faulty(priced(scale, tick, board=board))) == is_wrong


def test_a_day_at_one_price_is_no_evidence() -> None:
    assert WHOLE_YUAN.text not in faulty(priced(100, 100))


@pytest.mark.parametrize(
    ("volume", "changed", "is_wrong"),
    [
        (100.0, {}, False), (100.25, {}, True), (1e6 + 0.05, {}, False), (3e6 + 0.5, {}, False),
        (100.25, {"undone": True}, False), (100.25, {"as_given": False}, False), (100.25, {"board": None}, False),
    ],
)  # fmt: skip
def test_shares_are_whole(volume: float, changed: dict[str, object], is_wrong: bool) -> None:
    """To what float32 leaves of them; volumes that were divided by a factor are not."""
    content = {"volume": np.full(N, volume), "amount": np.full(N, volume * 10), "bars": None, "as_given": True}
    found = [finding for finding in judge(make_series(**(content | changed))) if finding.kind is BROKEN_SHARES]
    assert [finding.count for finding in found if finding.count] == ([N] if is_wrong else [])
