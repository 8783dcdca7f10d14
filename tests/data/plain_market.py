"""Daily data as qlib's cn_data has them: adjusted, with factor and change, without vwap and amount."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from plain_provider import write_plain_provider

DAYS = pd.bdate_range("2024-01-02", periods=100)
CODES = [f"SH{600000 + i}" for i in range(20)]
WITH_VWAP = CODES[3]
"""The only stock with `$vwap`, where asked for."""


INDEX = "SH000300"


def write_plain_market(folder: Path, *, one_vwap: bool = False, with_index: bool = False) -> Path:
    """Write the provider; `with_index` lists an index among the stocks, as cn_data does."""
    random = np.random.default_rng(4)
    frames = {}
    for code in CODES:
        close = 5 * np.exp(np.cumsum(0.02 * random.standard_normal(len(DAYS))))
        wick = np.abs(0.01 * random.standard_normal((3, len(DAYS))))
        prices = {"open": close * (1 + wick[0] - wick[1]), "close": close}
        prices |= {"high": close * (1 + wick[0] + wick[2]), "low": close * (1 - wick[1] - wick[2])}
        volume = np.exp(12 + random.standard_normal(len(DAYS)))
        change = np.append(np.nan, close[1:] / close[:-1] - 1)
        frames[code] = pd.DataFrame({**prices, "volume": volume, "factor": 0.5, "change": change}, index=DAYS)
        if one_vwap and code == WITH_VWAP:
            frames[code]["vwap"] = 0.9 * close
    frames[CODES[1]].iloc[50:53] = np.nan  # suspended
    if with_index:
        frames[INDEX] = frames[CODES[0]] * 700
    lines = [f"{code}\t{DAYS[0]:%Y-%m-%d}\t{DAYS[-1]:%Y-%m-%d}" for code in frames]
    return write_plain_provider(folder, {"day": frames}, {"all": lines, "csi300": lines[:10]})
