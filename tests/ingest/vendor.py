"""A small vendor: raw bars of a few stocks, written the way a test wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.session import ASHARE

from .reference import check_stored

DAYS = pd.DatetimeIndex(["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06"])
STOCKS = ("600000", "000001", "300750")
CODES = ["SH600000", "SZ000001", "SZ300750"]
BARS = {"files": "bars/*", "freq": "15min", "stamps": "end"}
DAILY = {"files": "daily.csv"}
MEMBERS = {"files": "m.txt", "names": ["symbol", "start", "end"]}


def make_bars(stocks: Sequence[str] = STOCKS, days: pd.DatetimeIndex = DAYS, freq: str = "15min") -> pd.DataFrame:
    """Raw bars with prices around 10, volumes in the thousands, stamped at the bar's end."""
    generator = np.random.default_rng(7)
    stamps = ASHARE.calendar(days, freq)
    frames = []
    for stock in stocks:
        close = np.round(10 * np.exp(np.cumsum(generator.normal(0, 0.001, len(stamps)))), 2)
        open_ = np.round(close + generator.integers(-2, 3, len(stamps)) / 100, 2)
        high = np.round(np.maximum(open_, close) + 0.01, 2)
        low = np.round(np.minimum(open_, close) - 0.01, 2)
        volume = generator.integers(10, 99, len(stamps)) * 100
        columns = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
        frame = pd.DataFrame({"symbol": stock, "datetime": stamps, **columns})
        frames.append(frame.assign(amount=np.round(volume * (open_ + close) / 2, 2)))
    return pd.concat(frames, ignore_index=True)


def make_daily(bars: pd.DataFrame, factor: float | Mapping[str, float] = 2.0) -> pd.DataFrame:
    """Daily bars that the bars add up to, with a factor: one for all, or by date."""
    day = bars["datetime"].dt.normalize().rename("date")
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    daily = bars.groupby([bars["symbol"], day]).agg(how).reset_index()
    if isinstance(factor, Mapping):
        return daily.assign(factor=daily["date"].dt.strftime("%Y-%m-%d").map(factor))
    return daily.assign(factor=factor)


def write(folder: Path, bars: pd.DataFrame | None = None, daily: pd.DataFrame | None = None) -> Path:
    """Write the vendor's usual files: bars/all.parquet and daily.csv."""
    (folder / "bars").mkdir(parents=True, exist_ok=True)
    if bars is not None:
        bars.to_parquet(folder / "bars" / "all.parquet")
    if daily is not None:
        daily.to_csv(folder / "daily.csv", index=False)
    return folder


def run(source: Path, target: Path, content: Mapping[str, Any] | None = None, **sizes: int) -> IngestReport:
    """Ingest with a mapping given as a dict, bars and daily by default, and check whatever it stores."""
    mapping = IngestMapping(**(content or {"bars": BARS, "daily": DAILY}))
    report = ingest(mapping, source, target, quiet=True, **sizes)
    check_stored(target, mapping, source)
    return report


def with_inputs(**content: Any) -> dict[str, Any]:
    """A mapping with more inputs than bars and daily."""
    return {"bars": BARS, "daily": DAILY, **content}


def csv(folder: Path, name: str, rows: Sequence[Mapping[str, object]]) -> str:
    """Write a table; its name."""
    pd.DataFrame(rows).to_csv(folder / name, index=False)
    return name


def text(folder: Path, name: str, content: str) -> str:
    """Write a text file; its name."""
    (folder / name).write_text(content, encoding="utf-8")
    return name


def stored(target: Path, code: str, name: str, freq: str = "day") -> pd.Series:
    """A stored series, read byte by byte without qlib, with its stamps."""
    values = np.fromfile(target / "features" / code.lower() / f"{name}.{freq}.bin", "<f4")
    stamps = pd.to_datetime((target / "calendars" / f"{freq}.txt").read_text().split("\n")[:-1])
    start = int(values[0])
    return pd.Series(values[1:], index=stamps[start : start + len(values) - 1])


def spans(target: Path, market: str = "all") -> list[list[str]]:
    """The lines of a market's file, as code, first and last day."""
    lines = (target / "instruments" / f"{market}.txt").read_text().splitlines()
    return [[code, first, last[:10]] for code, first, last in (line.split("\t") for line in lines)]


def replaced(frame: pd.DataFrame, stock: str, stamp: str, **values: Any) -> pd.DataFrame:
    """A copy with some values of one row changed."""
    frame = frame.copy()
    time = "datetime" if "datetime" in frame else "date"
    row = (frame["symbol"] == stock) & (frame[time] == pd.Timestamp(stamp))
    assert row.sum() == 1
    for name, value in values.items():
        frame.loc[row, name] = value
    return frame


def refused(source: Path, target: Path, mapping: dict[str, object]) -> str:
    """The message of an ingest that is refused, and writes nothing."""
    with pytest.raises(InputError) as error:
        run(source, target, mapping)
    assert not target.exists()
    return str(error.value)
