"""Findings on all stocks together: a last day that is half there."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plain_provider import write_plain_provider

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.provider.check.check import check_provider
from qlib_mfgru.provider.judge.market.attendance import SPARSE_DAYS
from qlib_mfgru.provider.storage.files import ProviderFiles

SPARSE = SPARSE_DAYS.format(what="have a price")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market of 20 stocks, of which 4 trade on the last day."""
    path = tmp_path_factory.mktemp("check") / "p"
    make_demo_market(path, 20, 60, intraday_days=1, seed=0)
    files = ProviderFiles(path)
    closes = {code: files.dense(code, "close", "day") for code in files.instruments("all")}
    trading = [code for code, close in closes.items() if close[-1] > 0]
    for code in trading[4:]:
        for file in (path / "features" / code.lower()).glob("*.day.bin"):
            series = np.fromfile(file, "<f4")
            series[-1] = np.nan
            series.tofile(file)
    return path


def test_a_half_filled_last_day_is_a_warning(provider: Path) -> None:
    last = ProviderFiles(provider).calendar("day")[-1]
    rows = {row.kind: row for row in check_provider(provider, quiet=True)}
    assert (rows[SPARSE].severity, rows[SPARSE].count) == ("warning", 1)
    assert rows[SPARSE].cases == [f"{last:%Y-%m-%d}: 4"]
    since = check_provider(provider, since=pd.Timestamp(last), quiet=True)
    assert SPARSE in {row.kind for row in since}


def test_two_days_that_came_late_are_mended_by_an_update(provider: Path, tmp_path: Path) -> None:
    """As after a collection that was interrupted: no need to make the provider again."""
    shutil.copytree(provider, tmp_path / "p")
    for file in (tmp_path / "p/features").glob("*/*.day.bin"):
        series = np.fromfile(file, "<f4")
        series[-2] = series[-1]
        series.tofile(file)
    (row,) = [row for row in check_provider(tmp_path / "p", quiet=True) if row.kind == SPARSE]
    assert (row.severity, row.count) == ("error", 2)
    assert row.cause == "the vendor was late, or files are not complete: mfgru update takes in what comes late"


def test_some_stocks_say_nothing_of_the_market(provider: Path) -> None:
    code = next(iter(ProviderFiles(provider).instruments("all")))
    assert SPARSE not in {row.kind for row in check_provider(provider, stocks=[code], quiet=True)}


def test_what_is_usual_of_bars_is_what_was_before_the_first_judged_day(tmp_path: Path) -> None:
    """One of five stocks has a bar on the day before the last."""
    days, codes = pd.bdate_range("2025-03-03", periods=25), [f"SH{600000 + number}" for number in range(5)]
    row = {"open": 10.0, "high": 10.1, "low": 9.9, "close": 10.0, "volume": 400.0}
    daily, bars = pd.DataFrame(row, days), pd.DataFrame(row, days + pd.Timedelta(hours=10))
    of_bars = {code: bars if code == codes[0] else bars.drop(bars.index[-2]) for code in codes}
    spans = [f"{code}\t{days[0]:%Y-%m-%d}\t{days[-1]:%Y-%m-%d}" for code in codes]
    path = write_plain_provider(tmp_path / "p", {"day": dict.fromkeys(codes, daily), "60min": of_bars}, {"all": spans})
    rows = {row.kind: row for row in check_provider(path, since=days[-3], quiet=True)}
    found = rows[SPARSE_DAYS.format(what="have a 60min bar")]
    assert (found.severity, found.cases) == ("error", [f"{days[-2]:%Y-%m-%d}: 1"])
