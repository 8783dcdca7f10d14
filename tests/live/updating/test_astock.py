"""A piece of a real market, ingested in parts and at once; only where the sample is there."""

from __future__ import annotations

import os
import shutil
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.ingest.mapping import load_mapping
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update

from .evenings import differences

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "workflow_configs/astock/mapping.yaml"
SAMPLE = Path(os.environ.get("MFGRU_ASTOCK_FILES", ROOT.parent / "shared" / "data" / "astock"))
MONTHS = ("202512", "202601", "202602", "202603")
pytestmark = pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample is not there")


def deliver(target: Path, first: str, end: str) -> Path:
    """Write rows of some stocks, and the sample's tables."""
    for folder in ("bars_15min", "members"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    for path in [*SAMPLE.glob("*.csv"), *SAMPLE.glob("members/*.txt")]:
        shutil.copy2(path, target / path.relative_to(SAMPLE))
    daily = pd.read_parquet(SAMPLE / "daily.parquet")
    symbols = daily["symbol"].unique()[::20]
    daily = daily[daily["symbol"].isin(symbols) & (daily["date"] >= "2024-08-01") & (daily["date"] < end)]
    daily.to_parquet(target / "daily.parquet", index=False)
    for month in MONTHS:
        bars = pd.read_parquet(SAMPLE / "bars_15min" / f"{month}.parquet")
        bars = bars[bars["symbol"].isin(symbols) & (bars["datetime"] >= first) & (bars["datetime"] < end)]
        if len(bars):
            bars.to_parquet(target / "bars_15min" / f"{month}{first[5:].replace('-', '')}.parquet", index=False)
    return target


def test_parts_are_the_whole(tmp_path: Path) -> None:
    mapping = load_mapping(CONFIG)
    source, edges = tmp_path / "s", ["2025-12-01", "2026-02-03", "2026-02-04", "2026-02-10", "2026-03-31"]
    ingest(mapping, deliver(source, *edges[:2]), tmp_path / "updated", quiet=True, n_jobs=1)
    for first, end in pairwise(edges[1:]):
        update(tmp_path / "updated", deliver(source, first, end), quiet=True, n_jobs=1)
    ingest(mapping, source, tmp_path / "whole", quiet=True, n_jobs=1)
    assert differences(tmp_path / "updated", tmp_path / "whole") == []
