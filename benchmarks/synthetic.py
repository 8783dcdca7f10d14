"""A synthetic provider of any size, written a block of stocks at a time: what the data-path benchmarks read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from qlib_mfgru.provider.manifest import MANIFEST
from qlib_mfgru.provider.writer import new_provider

BARS_PER_DAY = 16
_STOCKS_PER_BLOCK = 64
_FORMAT = 1  # part of the folder's name: raise it when the numbers change


@dataclass(frozen=True)
class SyntheticMarket:
    """Size and seed of a synthetic market; the same ones give the same files.

    Attributes
    ----------
    stocks, days : int
    suspended : float
        Share of stocks with a stretch of 3 to 15 days without bars.
    late : float
        Share of stocks listed within the first fifth of the calendar.
    seed : int
    """

    stocks: int = 300
    days: int = 500
    suspended: float = 0.3
    late: float = 0.1
    seed: int = 0

    @property
    def codes(self) -> list[str]:
        """``SH600000``, ``SH600001``, ..."""
        return [f"SH{600000 + i}" for i in range(self.stocks)]

    @property
    def calendar(self) -> pd.DatetimeIndex:
        """Weekdays from 2018-01-02 on."""
        return pd.bdate_range("2018-01-02", periods=self.days)

    def make(self, workdir: Path) -> Path:
        """Path of the provider below `workdir`, made there if there is none yet."""
        target = workdir / f"provider-{_FORMAT}-{self.stocks}x{self.days}-{self.seed}"
        if not target.exists():
            self._write(target)
        return target

    def _write(self, target: Path) -> None:
        days = self.calendar
        with new_provider(target, days, {"15min": days}) as writer:
            writer.write_instruments("all", ((code, days[0], days[-1]) for code in self.codes))
            for code, first, bars in tqdm(self._draw(), total=self.stocks, desc="synthetic provider", unit="stock"):
                writer.write_features(code, "15min", first * BARS_PER_DAY, _flat(bars))
                writer.write_features(code, "day", first, _flat(_daily(bars)))
            writer.write_text(MANIFEST, json.dumps({"made_by": "benchmarks/synthetic.py"}))

    def _draw(self) -> Iterator[tuple[str, int, dict[str, np.ndarray]]]:
        """Yield code, day of listing and bars, each of shape (days listed, 16), float32; NaN where suspended."""
        for start in range(0, self.stocks, _STOCKS_PER_BLOCK):
            codes = self.codes[start : start + _STOCKS_PER_BLOCK]
            random = np.random.default_rng([self.seed, start])
            shape = (len(codes), self.days, BARS_PER_DAY)
            block = _prices_and_volumes(random, shape)
            for row, code in enumerate(codes):
                bars = {field: values[row] for field, values in block.items()}
                if random.random() < self.suspended:
                    gap = int(random.integers(0, self.days))
                    for values in bars.values():
                        values[gap : gap + int(random.integers(3, 16))] = np.nan
                first = int(random.integers(1, max(2, self.days // 5))) if random.random() < self.late else 0
                yield code, first, {field: values[first:] for field, values in bars.items()}


def _prices_and_volumes(random: np.random.Generator, shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Log random walks of 0.4 % a bar around 5 to 50 yuan, volumes of a log-normal, all float32 of `shape`."""
    moves = random.standard_normal(shape, dtype=np.float32) * np.float32(0.004)
    level = np.log(random.uniform(5, 50, (shape[0], 1))).astype(np.float32)
    close = np.exp(level + moves.reshape(shape[0], -1).cumsum(axis=1)).reshape(shape)
    open_ = close * np.exp(-moves)
    width = np.abs(random.standard_normal(shape, dtype=np.float32)) * np.float32(0.002)
    high, low = np.maximum(open_, close) * (1 + width), np.minimum(open_, close) * (1 - width)
    volume = np.exp(random.standard_normal(shape, dtype=np.float32) * np.float32(0.8) + np.float32(11))
    return {"open": open_, "high": high, "low": low, "close": close, "vwap": (open_ + close) / 2, "volume": volume}


def _daily(bars: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Daily bars of 15-minute ones: first, max, min, last, volume-weighted mean, sum."""
    volume = bars["volume"].sum(axis=1)
    vwap = (bars["vwap"] * bars["volume"]).sum(axis=1) / volume
    high, low = bars["high"].max(axis=1), bars["low"].min(axis=1)
    return {
        "open": bars["open"][:, 0],
        "high": high,
        "low": low,
        "close": bars["close"][:, -1],
        "vwap": vwap,
        "volume": volume,
    }


def _flat(bars: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {field: values.ravel() for field, values in bars.items()}
