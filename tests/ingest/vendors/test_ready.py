"""Each vendor's ready mapping makes, of the market in that vendor's files, the provider that it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.ingest.mapping import load_mapping
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.ingest.report import IngestReport

from ..vendor import stored
from .layouts import LAYOUTS
from .market import CODES, Market

WITHOUT_ST = {"tdx", "qmt", "akshare"}
DAILY_ONLY = {"xbx"}
FIELDS = ("open", "high", "low", "close", "vwap", "volume", "amount")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Market.make().provider(tmp_path_factory.mktemp("market"))


def ready(vendor: str, folder: Path) -> IngestReport:
    LAYOUTS[vendor](Market.make(), folder / "in")
    return ingest(load_mapping(vendor=vendor), folder / "in", folder / "provider", quiet=True)


def same(made: Path, truth: Path, vendor: str) -> None:
    daily = ("factor", *(() if vendor in WITHOUT_ST else ("is_st", "limit_up", "limit_down")))
    for code in CODES.values():
        for name in (*FIELDS, *daily):
            pd.testing.assert_series_equal(stored(made, code, name), stored(truth, code, name), rtol=2e-6)
        for name in () if vendor in DAILY_ONLY else FIELDS:
            bars = stored(made, code, name, "15min"), stored(truth, code, name, "15min")
            pd.testing.assert_series_equal(*bars, rtol=2e-6)


@pytest.mark.parametrize("vendor", list(LAYOUTS))
def test_a_ready_mapping_makes_the_market(vendor: str, truth: Path, tmp_path: Path) -> None:
    report = ready(vendor, tmp_path)
    assert report.facts["ready mapping"] == vendor
    same(tmp_path / "provider", truth, vendor)
    assert sum(tally.count for rows in report.inputs.values() for why, tally in rows.dropped.items()
               if why != "suspended day") == 0  # fmt: skip


def test_a_provider_is_made_again(truth: Path, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("bars: {freq: 15min}\n")
    ingest(load_mapping(tmp_path / "own.yaml", vendor="qlib"), truth, tmp_path / "provider", quiet=True)
    same(tmp_path / "provider", truth, "tdx")  # without $is_st, which is not carried over
