"""A provider of 14 stocks and 80 days with all the dirty data that the data package must survive, known by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import qlib

from qlib_mfgru.provider.manifest import MANIFEST
from qlib_mfgru.provider.writer import new_provider

DAYS = pd.bdate_range("2024-01-02", periods=80)
FIRST_BAR_DAY = 30
"""Daily bars begin 30 days before 15-minute bars."""
BARS = 16
INPUTS: dict[str, dict[str, Any]] = {"day": {"days": 10, "scale": "last"}, "15min": {"days": 5, "scale": "mean"}}
LABEL = "Ref($close, -4) / Ref($close, -1) - 1"

CODES = [f"SH{600000 + i}" for i in range(14)]
SUSPENDED = CODES[1]
"""No trade on days 50 .. 52, and prices are missing."""
LONG_SUSPENDED = CODES[2]
"""No trade on days 50 .. 56."""
LISTED_LATE = CODES[3]
"""First trade on day 45."""
DELISTED = CODES[4]
"""Last trade on day 60."""
NO_BARS = CODES[5]
"""Has daily bars only."""
HALTED = CODES[6]
"""Bars 3 .. 6 of day 55 have volume 0 and a price; bars 7 and 8 have neither."""
MEMBER = CODES[7]
"""Member of the market `few` on days 40 .. 50 and again on days 60 .. 70."""


def write_small_market(target: Path, seed: int = 0) -> Path:
    """Write the provider; the daily bar is made from the 15-minute bars, also where these are not written."""
    random = np.random.default_rng(seed)
    with new_provider(target, DAYS, {"15min": DAYS[FIRST_BAR_DAY:]}) as writer:
        for code in CODES:
            bars = make_bars(random, code)
            writer.write_features(code, "day", 0, daily(bars))
            if code != NO_BARS:
                after = {field: values[FIRST_BAR_DAY * BARS :] for field, values in bars.items()}
                writer.write_features(code, "15min", 0, after)
        writer.write_instruments("all", [(code, DAYS[0], DAYS[-1]) for code in CODES])
        others = [(code, DAYS[0], DAYS[-1]) for code in CODES[8:]]
        spans = [(MEMBER, DAYS[40], DAYS[50]), (MEMBER, DAYS[60], DAYS[70])]
        writer.write_instruments("few", spans + others)
        writer.write_text(MANIFEST, "{}")
    return target


def make_bars(random: np.random.Generator, code: str) -> dict[str, np.ndarray]:
    """15-minute bars of all days, adjusted; each of shape (80 * 16,)."""
    n = len(DAYS) * BARS
    close = 10 * np.exp(np.cumsum(0.006 * random.standard_normal(n)))
    wick = np.abs(0.003 * random.standard_normal((4, n)))
    bars = {
        "open": close * (1 + wick[0] - wick[1]),
        "high": close * (1 + wick[0] + wick[2]),
        "low": close * (1 - wick[1] - wick[3]),
        "close": close,
        "vwap": close * (1 + (wick[0] - wick[1]) / 2),
        "volume": np.exp(9 + 0.8 * random.standard_normal(n)),
    }
    dead = {SUSPENDED: (50, 53), LONG_SUSPENDED: (50, 57), LISTED_LATE: (0, 45), DELISTED: (61, 80)}
    if code in dead:
        first, last = dead[code]
        for values in bars.values():
            values[first * BARS : last * BARS] = np.nan
    if code == HALTED:
        bars["volume"][55 * BARS + 3 : 55 * BARS + 9] = 0
        for field in ("open", "high", "low", "close", "vwap"):
            bars[field][55 * BARS + 7 : 55 * BARS + 9] = np.nan
    return bars


def daily(bars: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One bar a day from the 15-minute bars, each of shape (80,)."""
    by_day = {field: pd.DataFrame(values.reshape(-1, BARS)) for field, values in bars.items()}
    volume = by_day["volume"].sum(axis=1)
    return {
        "open": by_day["open"][0].to_numpy(),
        "high": by_day["high"].max(axis=1).to_numpy(),
        "low": by_day["low"].min(axis=1).to_numpy(),
        "close": by_day["close"][BARS - 1].to_numpy(),
        "vwap": ((by_day["vwap"] * by_day["volume"]).sum(axis=1) / volume.where(volume > 0)).to_numpy(),
        "volume": volume.to_numpy(),
    }


def use(provider: Path) -> None:
    """Initialise qlib on a provider; qlib forgets what it has read of another."""
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, logging_level=30)
