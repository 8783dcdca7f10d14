"""A stock that is consistent, to be spoilt by a test."""

from __future__ import annotations

from typing import Any

import numpy as np

from qlib_mfgru.provider.judge import BarSeries, Finding, StockSeries, judge
from qlib_mfgru.provider.judge.moves.repeats import REPEATED

DAYS = np.array(["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07", "2025-03-10"], "datetime64[D]")
N, SLOTS = len(DAYS), 4
WIDER = np.arange(N) / 5e4


def make_bars(**changed: Any) -> BarSeries:
    """Bars of the last four days: closes 10.0, volume 25, amount 250 each."""
    shape = (N - 2, SLOTS)
    prices = {"open": 10.0, "high": 10.1, "low": 9.9, "close": 10.0}
    content: dict[str, Any] = {
        "prices": {name: np.full(shape, value) for name, value in prices.items()},
        "volume": np.full(shape, 25.0),
        "amount": np.full(shape, 250.0),
        "vwap": np.full(shape, np.nan),
        "positions": np.arange(2, N),
        "has_first": np.ones(N - 2, dtype=bool),
        "has_last": np.ones(N - 2, dtype=bool),
    }
    return BarSeries(**(content | changed))


def make_series(**changed: Any) -> StockSeries:
    """Six days: closes 10.0, volume 100, amount 1000, factor 2; highs and lows differ a little by day."""
    unknown = np.full(N, np.nan)
    prices = {"open": 10.0, "high": 10.1 + WIDER, "low": 9.9 - WIDER, "close": 10.0}
    content: dict[str, Any] = {
        "code": "SH600000",
        "days": DAYS,
        "prices": {name: np.full(N, value) for name, value in prices.items()},
        "volume": np.full(N, 100.0),
        "amount": np.full(N, 1000.0),
        "vwap": unknown,
        "factor": np.full(N, 2.0),
        "limit_up": np.full(N, 11.0),
        "limit_down": np.full(N, 9.0),
        "market_cap": unknown,
        "prev_close": unknown,
        "spiked": np.zeros(N, dtype=bool),
        "apart": np.ones(N, dtype=bool),
        "lot": 100,
        "board": "main",
        "bars": make_bars(),
    }
    return StockSeries(**(content | changed))


def with_prices(**changed: np.ndarray | float) -> dict[str, np.ndarray]:
    """The daily prices, some of them changed."""
    return {
        name: np.full(N, changed[name]) if name in changed else values for name, values in make_series().prices.items()
    }


def at(values: np.ndarray | float, places: int | list[int] | tuple[int, ...], value: float, n: int = N) -> np.ndarray:
    """A copy with other values at some places; of a number, an array of it."""
    copy = np.array(values, dtype="f8") if np.ndim(values) else np.full(n, float(values))
    copy[places] = value
    return copy


def faulty(series: StockSeries) -> dict[str, Finding]:
    """Findings with a case that is one of this stock alone, by the kind in words; but not that it stands still."""
    market = ("dated", "hint", "everywhere")
    cases = [found for found in judge(series) if found.count and found.kind.role not in market]
    cases = [found for found in cases if found.kind.role not in ("chance", "tendency") or found.is_most]
    return {found.kind.text: found for found in cases if found.kind is not REPEATED}
