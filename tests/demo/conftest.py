"""Demo markets that the tests share, and a plain reader of provider files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.demo import make_demo_market

N_STOCKS, N_DAYS, INTRADAY_DAYS = 40, 160, 120

Reader = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("demo") / "small"
    make_demo_market(target, n_stocks=N_STOCKS, n_days=N_DAYS, intraday_days=INTRADAY_DAYS, seed=3)
    return target


@pytest.fixture(scope="session")
def default_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("demo") / "default"
    make_demo_market(target)
    return target


def read_field(provider: Path, field: str, freq: str = "day") -> pd.DataFrame:
    """A field of all stocks as float32, stamps by instruments, NaN outside a stock's listing."""
    stamps = pd.DatetimeIndex((provider / f"calendars/{freq}.txt").read_text().splitlines())
    codes = [line.split("\t")[0] for line in (provider / "instruments/all.txt").read_text().splitlines()]
    values = np.full((len(stamps), len(codes)), np.nan, dtype=np.float32)
    for column, code in enumerate(codes):
        start, *series = np.fromfile(provider / f"features/{code.lower()}/{field}.{freq}.bin", dtype="<f4")
        values[int(start) : int(start) + len(series), column] = series
    return pd.DataFrame(values, stamps, codes)


@pytest.fixture(scope="session")
def small(small_market: Path) -> Reader:
    """Read a field of the small market: ``small("close")``, ``small("close", "15min")``."""
    return lambda field, freq="day": read_field(small_market, field, freq)


@pytest.fixture(scope="session")
def default(default_market: Path) -> Reader:
    """Read a field of the default market."""
    return lambda field, freq="day": read_field(default_market, field, freq)
