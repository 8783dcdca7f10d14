"""The report's tensors and label, computed slowly: float64 numpy loops over the files, nothing of the package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FIELDS = ("open", "high", "low", "close", "vwap", "volume")


def calendar(provider: Path, freq: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex((provider / f"calendars/{freq}.txt").read_text().strip().split("\n"))


def series(provider: Path, code: str, field: str, freq: str, length: int) -> np.ndarray:
    """A stored series on the whole calendar, NaN where nothing is stored."""
    values = np.full(length, np.nan)
    path = provider / f"features/{code.lower()}/{field}.{freq}.bin"
    if path.exists():
        stored = np.fromfile(path, "<f4").astype(np.float64)
        first = int(stored[0])
        values[first : first + len(stored) - 1] = stored[1:]
    return values


def window(
    provider: Path, code: str, date: pd.Timestamp, freq: str, n_days: int, scale: str, min_traded: float = 0.8
) -> np.ndarray | None:
    """Scaled window (n_steps, 6) of one stock, or None if it has no sample."""
    stamps = calendar(provider, freq)
    days = sorted(set(stamps.normalize()))
    if date not in days or days.index(date) < n_days - 1:
        return None
    raw = {field: series(provider, code, field, freq, len(stamps)) for field in FIELDS}
    rows, traded_days, last_close = [], set(), np.nan
    for step, stamp in enumerate(stamps):
        if stamp.normalize() > date:
            break
        close, volume = raw["close"][step], raw["volume"][step]
        if np.isfinite(close):
            last_close = close
            if volume > 0:
                traded_days.add(stamp.normalize())
        row = [raw[field][step] for field in FIELDS[:5]]
        row = [price if np.isfinite(price) else last_close for price in row]
        rows.append([*row, volume if np.isfinite(volume) else 0.0])
    used = days[days.index(date) - n_days + 1 : days.index(date) + 1]
    if date not in traded_days or min(traded_days) > used[0]:
        return None
    if sum(day in traded_days for day in used) < min_traded * n_days:
        return None
    steps = len(stamps) // len(days) * n_days
    values = np.array(rows[-steps:])
    for column in range(values.shape[1]):
        one = values[:, column].copy()
        denominator = sum(one) / len(one) if scale == "mean" else one[-1]
        values[:, column] = one / denominator if denominator > 0 else np.nan
    return values


def label(provider: Path, code: str, date: str | pd.Timestamp, first: int, last: int) -> float:
    """Return from the close `first` days after the date to that `last` days after it; NaN if one of them is missing."""
    days = calendar(provider, "day")
    at = days.get_loc(pd.Timestamp(date))
    closes = series(provider, code, "close", "day", len(days))
    if at + last >= len(days):
        return np.nan
    return closes[at + last] / closes[at + first] - 1


def cross_section(
    provider: Path, date: str | pd.Timestamp, inputs: Mapping[str, Mapping[str, Any]], codes: list[str]
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Codes with a sample on the date, and per frequency their tensor (n_stocks, n_steps, 6)."""
    stamp = pd.Timestamp(date)
    windows: dict[str, dict[str, np.ndarray]] = {}
    for code in sorted(codes):
        parts = {
            freq: window(provider, code, stamp, freq, spec["days"], spec["scale"]) for freq, spec in inputs.items()
        }
        if all(part is not None for part in parts.values()):
            windows[code] = {freq: part for freq, part in parts.items() if part is not None}
    tensors = {}
    for freq in inputs:
        stacked = np.stack([windows[code][freq] for code in windows])
        for step in range(stacked.shape[1]):
            for field in range(stacked.shape[2]):
                column = stacked[:, step, field]
                known = column[np.isfinite(column)]  # a series without a scale is missing, and 0 in the end
                mean = known.mean() if len(known) else 0.0
                deviation = np.sqrt(np.mean((known - mean) ** 2)) if len(known) else 0.0
                scored = np.zeros(len(column)) if deviation == 0 else (column - mean) / deviation
                stacked[:, step, field] = np.where(np.isfinite(column), scored, 0.0)
        tensors[freq] = stacked
    return list(windows), tensors
