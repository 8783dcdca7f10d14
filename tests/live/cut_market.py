"""A provider as it was some days ago, and one whose later bars are poisoned: what an evening's update starts from."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.folders import Sums


def calendar(provider: Path, freq: str = "day") -> pd.DatetimeIndex:
    lines = (provider / "calendars" / f"{freq}.txt").read_text().split("\n")
    return pd.DatetimeIndex([line for line in lines if line])


def cut(provider: Path, target: Path, n_days: int, freqs: tuple[str, ...] = ("day", "15min")) -> Path:
    """A copy without the last `n_days` days, of the given frequencies."""
    shutil.copytree(provider, target)
    last = calendar(provider)[-n_days - 1]
    for freq in freqs:
        _cut_bars(target, freq, last)
    if "day" in freqs:
        for file in (target / "instruments").glob("*.txt"):
            rows = [line.split("\t") for line in file.read_text().split("\n") if line]
            file.write_text("".join("\t".join(row) + "\n" for row in _cut_spans(rows, last)))
    Sums.of(target).write(target)
    return target


def _cut_bars(target: Path, freq: str, last: pd.Timestamp) -> None:
    file = target / "calendars" / f"{freq}.txt"
    kept = [line for line in file.read_text().split("\n") if line and pd.Timestamp(line).normalize() <= last]
    file.write_text("".join(f"{line}\n" for line in kept))
    for series in target.glob(f"features/*/*.{freq}.bin"):
        raw = np.fromfile(series, "<f4")
        raw[: 1 + max(0, len(kept) - int(raw[0]))].tofile(series)


def _cut_spans(rows: list[list[str]], last: pd.Timestamp) -> list[list[str]]:
    known = [(code, first, end) for code, first, end in rows if pd.Timestamp(first) <= last]
    return [[code, first, min(end, f"{last:%Y-%m-%d}{end[10:]}")] for code, first, end in known]


def poison(provider: Path, after: pd.Timestamp) -> None:
    """Multiply every value that is stored after a day by a number of its own."""
    random = np.random.default_rng(0)
    for freq in ("day", "15min"):
        n_known = int((calendar(provider, freq).normalize() <= after).sum())
        for series in provider.glob(f"features/*/*.{freq}.bin"):
            raw = np.fromfile(series, "<f4")
            later = raw[1 + max(0, n_known - int(raw[0])) :]
            later *= random.uniform(0.2, 5, len(later)).astype(np.float32)
            raw.tofile(series)
    Sums.of(provider).write(provider)


def blank(provider: Path, freq: str, day: pd.Timestamp, bars: slice = slice(None), keep: int = 0) -> None:
    """Take bars of one day from all stocks but the first few."""
    places = np.flatnonzero(calendar(provider, freq).normalize() == day)[bars]
    for folder in sorted((provider / "features").iterdir())[keep:]:
        for series in folder.glob(f"*.{freq}.bin"):
            raw = np.fromfile(series, "<f4")
            inside = places - int(raw[0])
            raw[1 + inside[(inside >= 0) & (inside < len(raw) - 1)]] = np.nan
            raw.tofile(series)
    Sums.of(provider).write(provider)
