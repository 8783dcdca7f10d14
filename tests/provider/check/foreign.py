"""A provider as other programs write it: upper-case folders, spans without times, adjusted prices, no vwap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

DAYS = pd.bdate_range("2025-03-03", periods=10)
CODES = ("SH600000", "SZ000001", "SZ300750")
MINUTES = ("09:30:00", "10:30:00", "13:00:00", "14:00:00")
"""Starts of hour bars."""


class Foreign:
    """Writes such a provider; each series can be written over, or removed.

    Raw closes are 10.0, volume 400 shares a day, 100 a bar, the factor is 2. Highs and lows differ a little by day
    and stock. With `minutes` there are bars on `bar_days`.
    """

    def __init__(self, folder: Path, *, minutes: bool = False, bar_days: Sequence[pd.Timestamp] = tuple(DAYS)) -> None:
        self.path = folder
        for name in ("calendars", "instruments", "features"):
            (folder / name).mkdir(parents=True)
        self._lines("calendars/day.txt", [f"{day:%Y-%m-%d}" for day in DAYS])
        self._lines("instruments/all.txt", [f"{code}\t2025-03-03\t2025-03-14" for code in CODES])
        for place, code in enumerate(CODES):
            self._prices(code, "day", len(DAYS), 200.0)
            for field, sign in (("high", 1), ("low", -1)):
                self.write(code, field, 20.0 + sign * (0.2 + (np.arange(len(DAYS)) + place * len(DAYS)) / 1e4))
        if minutes:
            stamps = [f"{day:%Y-%m-%d} {time}" for day in bar_days for time in MINUTES]
            self._lines("calendars/60min.txt", stamps)
            for code in CODES:
                self._prices(code, "60min", len(stamps), 50.0)

    def _prices(self, code: str, freq: str, n: int, volume: float) -> None:
        stored = {"open": 20.0, "high": 20.2, "low": 19.8, "close": 20.0, "volume": volume, "factor": 2.0}
        for field, value in stored.items():
            self.write(code, field, np.full(n, value), freq)

    def write(self, code: str, field: str, values: np.ndarray, freq: str = "day", start: int = 0) -> None:
        """Write a series."""
        folder = self.path / "features" / code
        folder.mkdir(exist_ok=True)
        np.concatenate([[start], values]).astype("<f4").tofile(folder / f"{field}.{freq}.bin")

    def change(self, code: str, field: str, places: int | slice | list[int], value: float, freq: str = "day") -> None:
        """Write other values at some places."""
        values = np.fromfile(self.file(code, field, freq), "<f4")[1:]
        values[places] = value
        self.write(code, field, values, freq)

    def file(self, code: str, field: str, freq: str = "day") -> Path:
        """Where a series is."""
        return self.path / "features" / code / f"{field}.{freq}.bin"

    def _lines(self, name: str, lines: list[str]) -> None:
        (self.path / name).write_text("\n".join(lines) + "\n")
