"""A synthetic market as a vendor's files: one Parquet file a month, or one CSV file a stock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from qlib_mfgru.provider.session import ASHARE

BARS_PER_DAY = 16


@dataclass(frozen=True)
class VendorMarket:
    """Size of the market; the same size gives the same files.

    Attributes
    ----------
    stocks, days : int
    """

    stocks: int
    days: int

    @property
    def calendar(self) -> pd.DatetimeIndex:
        """Weekdays from 2024-01-02 on."""
        return pd.bdate_range("2024-01-02", periods=self.days)

    @property
    def symbols(self) -> np.ndarray:
        """``600000``, ``600001``, ..."""
        return np.array([f"{600000 + number}" for number in range(self.stocks)])

    def make(self, workdir: Path, *, by_stock: bool = True) -> Path:
        """The folder with ``months/``, ``daily.parquet`` and, `by_stock`, ``stocks/``, made there if it is absent."""
        target = workdir / f"vendor-{self.stocks}x{self.days}{'' if by_stock else '-months'}"
        if not (target / "done").exists():
            for name in ("months", "stocks"):
                (target / name).mkdir(parents=True, exist_ok=True)
            self._write_months(target)
            if by_stock:
                self._write_stocks(target)
            (target / "done").touch()
        return target

    def _write_months(self, target: Path) -> None:
        last, daily = np.full(self.stocks, 10.0), []
        months = [days for _, days in pd.Series(self.calendar).groupby(self.calendar.to_period("M"))]
        for number, days in enumerate(tqdm(months, desc="vendor's months", unit="month")):
            stamps = ASHARE.calendar(pd.DatetimeIndex(days), "15min")
            bars = _draw(np.random.default_rng([0, number]), len(stamps), last)
            last = bars["close"][-1]
            table = {"symbol": np.tile(self.symbols, len(stamps)), "datetime": np.repeat(stamps, self.stocks)}
            columns = {name: values.ravel() for name, values in bars.items()}
            path = target / "months" / f"{days.iloc[0]:%Y%m}.parquet"
            pd.DataFrame(table | columns).to_parquet(path, index=False)
            daily.append(pd.DataFrame(self._days(pd.DatetimeIndex(days), bars)))
        pd.concat(daily).to_parquet(target / "daily.parquet", index=False)

    def _days(self, days: pd.DatetimeIndex, bars: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        by_day = {name: values.reshape(len(days), BARS_PER_DAY, self.stocks) for name, values in bars.items()}
        columns = {
            "open": by_day["open"][:, 0],
            "high": by_day["high"].max(axis=1),
            "low": by_day["low"].min(axis=1),
            "close": by_day["close"][:, -1],
            "volume": by_day["volume"].sum(axis=1),
            "amount": by_day["amount"].sum(axis=1).round(2),
        }
        keys = {"symbol": np.tile(self.symbols, len(days)), "date": np.repeat(days, self.stocks)}
        return keys | {name: values.ravel() for name, values in columns.items()} | {"factor": 1.0}

    def _write_stocks(self, target: Path) -> None:
        """The same bars a stock, a block of stocks at a time."""
        files = sorted((target / "months").glob("*.parquet"))
        for block in tqdm(list(_blocks(self.symbols, 500)), desc="vendor's stocks", unit="block"):
            rows = pd.concat(
                [
                    pd.read_parquet(path, filters=[("symbol", ">=", block[0]), ("symbol", "<=", block[-1])])
                    for path in files
                ]
            )
            for symbol, bars in rows.groupby("symbol", sort=False):
                bars.to_csv(target / "stocks" / f"{symbol}.csv", index=False)


def _blocks(symbols: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(symbols), size):
        yield symbols[start : start + size]


def _draw(random: np.random.Generator, n_bars: int, last: np.ndarray) -> dict[str, np.ndarray]:
    """Bars that walk on from the `last` closes; each field of shape (n_bars, n_stocks)."""
    moves = random.normal(0, 0.002, (n_bars, len(last)))
    close = np.round(last * np.exp(moves.cumsum(axis=0)), 2)
    open_ = np.vstack([last[None], close[:-1]])
    volume = random.integers(10, 99, close.shape) * 100.0
    return {
        "open": open_,
        "high": np.round(np.maximum(open_, close) + 0.01, 2),
        "low": np.round(np.minimum(open_, close) - 0.01, 2),
        "close": close,
        "volume": volume,
        "amount": np.round(volume * (open_ + close) / 2, 2),
    }
