"""A market of four stocks on four boards, small enough to rebalance by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import qlib
from plain_provider import write_plain_provider

MAIN, STAR, BSE, SZ = "SH600000", "SH688001", "BJ920001", "SZ000001"
RAW = {MAIN: 10.0, STAR: 130.0, BSE: 7.0, SZ: 12.34}
"""Closes on `DAY`, not adjusted."""
FACTOR = {MAIN: 2.0, STAR: 1.0, BSE: 0.5, SZ: 1.25}
WEIGHT = {MAIN: 0.4, STAR: 0.3, BSE: 0.2, SZ: 0.1}
DAYS = pd.bdate_range("2024-02-26", periods=10)
DAY = DAYS[6]
LIMITS = {
    "index": "small",
    "turnover_limits": [2.0],
    "benchmark": "SH000905",
    "risk_degree": 1.0,
    "constraints": [
        {"class": "FullInvestment", "module_path": "qlib_mfgru.portfolio"},
        {"class": "LongOnly", "module_path": "qlib_mfgru.portfolio"},
        {"class": "WeightDeviation", "module_path": "qlib_mfgru.portfolio", "kwargs": {"limit": 0.1}},
    ],
}
"""All capital is invested, a weight may differ from the index's by 0.1, and nothing else."""


def stock(code: str) -> pd.DataFrame:
    """Stored fields: prices stand still until `DAY`, at a limit 10 % away."""
    close = RAW[code] * FACTOR[code]
    fields = {
        **dict.fromkeys(("open", "high", "low", "close", "vwap"), close),
        **{"volume": 1e6, "factor": FACTOR[code], "amount": 1e7, "limit_up": 1.1 * close, "limit_down": 0.9 * close},
        **{"is_st": 0.0, "industry": 1.0, "market_cap": 1e9, "small_weight": WEIGHT[code]},
    }
    return pd.DataFrame(fields, index=DAYS)


def write(folder: Path, frames: dict[str, pd.DataFrame] | None = None) -> Path:
    """Write the market, and start qlib on it."""
    frames = frames or {code: stock(code) for code in RAW}
    last = max(frame.index[-1] for frame in frames.values())
    lines = [f"{code}\t{frame.index[0]:%Y-%m-%d}\t{frame.index[-1]:%Y-%m-%d}" for code, frame in frames.items()]
    members = [f"{code}\t{DAYS[0]:%Y-%m-%d}\t{last:%Y-%m-%d}" for code in frames]
    provider = write_plain_provider(folder, {"day": frames}, {"all": lines, "small": members})
    start(provider)
    return provider


def start(provider: Path) -> None:
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, logging_level=40)


def scores(day: pd.Timestamp = DAY, **values: float) -> pd.Series:
    """Scores of one day, by default the better the later the stock is named."""
    by_code = dict(zip(RAW, (1.0, 2.0, 3.0, 4.0), strict=True)) | values
    index = pd.MultiIndex.from_product([[day], list(by_code)], names=["datetime", "instrument"])
    return pd.Series(list(by_code.values()), index, name="score").replace(0.0, np.nan)
