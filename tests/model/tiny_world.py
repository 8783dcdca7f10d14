"""A provider of 30 stocks and 160 days, and short windows over it: enough to train a network in a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.provider.manifest import MANIFEST
from qlib_mfgru.provider.writer import new_provider

N_STOCKS = 30
DAYS = pd.bdate_range("2020-01-01", periods=160)
BARS_PER_DAY = {"day": 1, "15min": 16, "30min": 8}
N_INTRADAY_DAYS = 90
"""The last so many days have intraday bars."""

INPUTS: dict[str, dict[str, Any]] = {
    "day": {"days": 5, "scale": "last"},
    "15min": {"days": 1, "scale": "mean"},
    "30min": {"days": 2, "scale": "mean"},
}
LABEL = "Ref($close, -3) / Ref($close, -1) - 1"
SEGMENTS = {"train": (DAYS[0], DAYS[129]), "test": (DAYS[130], DAYS[159])}
FAST: dict[str, Any] = {"hidden_size": 4, "batch_size": 200, "lr": 5e-3, "max_epochs": 3, "device": "cpu"}
"""Settings of a model whose training takes a moment."""


def write_provider(target: Path, seed: int = 0) -> Path:
    """Random walks at three frequencies (which need not agree) in qlib's format."""
    random = np.random.default_rng(seed)
    intraday = DAYS[-N_INTRADAY_DAYS:]
    spans = [(f"SH{600000 + i}", DAYS[0], DAYS[-1]) for i in range(N_STOCKS)]
    with new_provider(target, DAYS, {"15min": intraday, "30min": intraday}) as writer:
        for code, _, _ in spans:
            for freq, bars in BARS_PER_DAY.items():
                n = len(DAYS) if freq == "day" else len(intraday) * bars
                writer.write_features(code, freq, 0, random_bars(random, n))
        writer.write_instruments("all", spans)
        writer.write_text(MANIFEST, "{}")
    return target


def random_bars(random: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    close = 10 * np.exp(np.cumsum(0.02 * random.standard_normal(n)))
    spread = np.abs(0.01 * random.standard_normal((3, n)))
    return {
        "open": close * (1 + spread[0] - spread[1]),
        "high": close * (1 + spread[0] + spread[2]),
        "low": close * (1 - spread[1] - spread[2]),
        "close": close,
        "vwap": close * (1 + (spread[0] - spread[1]) / 2),
        "volume": np.exp(10 + 0.5 * random.standard_normal(n)),
        "factor": np.ones(n),
    }


def dataset(
    cache: Path,
    label: str = LABEL,
    segments: dict[str, Sequence[Any]] | None = None,
    instruments: Any = "all",
    sample_step: int | dict[str, int] = 2,
    inputs: Mapping[str, Any] = INPUTS,
    clip: float | None = None,
) -> MultiFreqDataset:
    """A dataset over the initialised provider."""
    handler = MultiFreqHandler(instruments=instruments, inputs=inputs, label=label, clip=clip, cache_dir=cache)
    return MultiFreqDataset(handler, segments or SEGMENTS, sample_step=sample_step)
