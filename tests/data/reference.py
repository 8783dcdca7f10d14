"""The report's tensors and label, computed slowly: float64 numpy loops over the files, nothing of the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FIELDS = ("open", "high", "low", "close", "vwap", "volume")
Field = tuple[str, str, str]
"""Name, kind (price, quantity, level) and scale (own, none)."""
SIX: tuple[Field, ...] = tuple((name, "quantity" if name == "volume" else "price", "own") for name in FIELDS)


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
    provider: Path,
    code: str,
    date: pd.Timestamp,
    freq: str,
    n_days: int,
    scale: str,
    min_traded: float = 0.8,
    fields: Sequence[Field] = SIX,
) -> np.ndarray | None:
    """Scaled window (n_steps, n_fields) of one stock, NaN where a series is missing; None if it has no sample."""
    stamps = calendar(provider, freq)
    days = sorted(set(stamps.normalize()))
    if date not in days or days.index(date) < n_days - 1:
        return None
    names = {"close", "volume", *(name for name, _, _ in fields)}
    raw = {name: series(provider, code, name, freq, len(stamps)) for name in names}
    rows, traded_days, last = [], set(), dict.fromkeys(names, np.nan)
    for step, stamp in enumerate(stamps):
        if stamp.normalize() > date:
            break
        last |= {name: raw[name][step] for name in names if np.isfinite(raw[name][step])}
        if np.isfinite(raw["close"][step]) and raw["volume"][step] > 0:
            traded_days.add(stamp.normalize())
        instead = [{"price": last["close"], "quantity": 0.0, "level": last[name]}[kind] for name, kind, _ in fields]
        row = [raw[name][step] for name, _, _ in fields]
        rows.append([value if np.isfinite(value) else other for value, other in zip(row, instead, strict=True)])
    used = days[days.index(date) - n_days + 1 : days.index(date) + 1]
    if date not in traded_days or min(traded_days) > used[0]:
        return None
    if sum(day in traded_days for day in used) < min_traded * n_days:
        return None
    steps = len(stamps) // len(days) * n_days
    values = np.array(rows[-steps:])
    for column, (_, _, by) in enumerate(fields):
        one = values[:, column].copy()
        denominator = 1.0 if by == "none" else sum(one) / len(one) if scale == "mean" else one[-1]
        values[:, column] = one / denominator if denominator > 0 and np.isfinite(one).all() else np.nan
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
    """Codes with a sample on the date, and per frequency their tensor (n_stocks, n_steps, n_fields)."""
    stamp = pd.Timestamp(date)
    windows: dict[str, dict[str, np.ndarray]] = {}
    for code in sorted(codes):
        parts = {
            freq: window(provider, code, stamp, freq, spec["days"], spec["scale"], fields=spec.get("fields", SIX))
            for freq, spec in inputs.items()
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
