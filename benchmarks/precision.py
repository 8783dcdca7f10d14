"""How far normalised windows are from the same in float64: largest differences over all dates of a provider.

    python benchmarks/precision.py PROVIDER [PROVIDER ... --every 5 --json FILE]

Windows are the report's, of every stock with a sample; raw values are the panel's float32 ones for both. The compiled
kernels and the numpy path are each compared with the same two steps in float64.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import qlib
import torch
from record import add_options, keep
from tqdm.auto import tqdm

from qlib_mfgru import native
from qlib_mfgru.data import FIELDS, MultiFreqHandler
from qlib_mfgru.data.normalize import RESOLUTION
from qlib_mfgru.data.window import WindowSource


def exact(raw: np.ndarray, scale: str) -> np.ndarray:
    """The report's two steps in float64, (n_steps, 6, n_stocks); series without a scale are 0."""
    windows = raw.astype(np.float64)
    denominator = windows.mean(axis=0) if scale == "mean" else windows[-1]
    scaled = windows / np.where(denominator > 0, denominator, np.nan)
    mean, std = np.nanmean(scaled, axis=2, keepdims=True), np.nanstd(scaled, axis=2, keepdims=True)
    return np.nan_to_num((scaled - mean) / np.where(std > RESOLUTION * np.maximum(np.abs(mean), 1), std, np.nan))


def ours(source: WindowSource, day: int, stocks: np.ndarray) -> np.ndarray:
    """Normalised windows of one date by the package."""
    moments = source.moments(day, stocks)
    days, columns = np.full(len(stocks), day), np.zeros(len(stocks), dtype=np.int64)
    return source.samples(days, stocks, moments, columns)


def differences(source: WindowSource, every: int) -> pd.DataFrame:
    """Largest difference of each path (row) and field (column) over every so many dates."""
    capability = torch.backends.cpu.get_cpu_capability()
    paths = {"numpy": "DEFAULT"} if native.library() is None else {"compiled": capability, "numpy": "DEFAULT"}
    worst = pd.DataFrame(0.0, index=list(paths), columns=list(FIELDS))
    complete = source.exists(0.8)
    for day in tqdm(np.flatnonzero(complete.any(axis=1))[::every], source.panel.freq, leave=False):
        stocks = np.flatnonzero(complete[day])
        expected = exact(source.panel.gather(np.full(len(stocks), day), stocks, source.spec.days), source.spec.scale)
        for path, build in paths.items():
            with patch.object(torch.backends.cpu, "get_cpu_capability", lambda build=build: build):
                error = np.abs(ours(source, int(day), stocks) - expected).max(axis=(0, 2))
            worst.loc[path] = np.maximum(worst.loc[path], error)
    return worst


def measured(provider: str, every: int) -> dict[str, dict[str, float]]:
    """Print the differences of a provider, an input at a time; the largest of each path by frequency."""
    qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=30)
    largest = {}
    for freq, windows in MultiFreqHandler().panels.windows.items():
        worst = differences(windows.source, every)
        print(f"{provider}, {freq}: largest difference from float64\n{worst.to_string(float_format='{:.1e}'.format)}")
        largest[freq] = worst.max(axis=1).to_dict()
    return largest


def main() -> None:
    """Measure and print, a provider at a time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("providers", nargs="+", metavar="PROVIDER")
    parser.add_argument("--every", type=int, default=5, help="take every so many dates")
    add_options(parser)
    options = parser.parse_args()
    figures: dict[str, Any] = {Path(each).name: measured(each, options.every) for each in options.providers}
    keep(options.json, figures)


if __name__ == "__main__":
    main()
