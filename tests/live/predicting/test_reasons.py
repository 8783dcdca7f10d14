"""Why stocks have no score: each reason made in a provider, and counted."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from live.evenings import Market
from live.recorded_runs import INPUTS
from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.folders import Sums
from qlib_mfgru.live import predict
from qlib_mfgru.live.predicting.reasons import reasons

Rows = slice | list[int]


def without(provider: Path, code: str, freq: str, days: Rows) -> None:
    """Take a stock's bars of some days, counted from the calendar's last day backwards."""
    for series in provider.glob(f"features/{code.lower()}/*.{freq}.bin"):
        raw = np.fromfile(series, "<f4")
        n_bars = 16 if freq == "15min" else 1
        by_day = raw[1:].reshape(-1, n_bars)[::-1]
        by_day[days] = np.nan
        raw.tofile(series)


@pytest.fixture
def provider(market: Market, tmp_path: Path) -> Path:
    """Windows are of 10 days, of which 8 must be traded, and of 2 days of 15-minute bars."""
    target = tmp_path / "provider"
    shutil.copytree(market.whole, target)
    for freq in ("day", "15min"):
        without(target, "SH600000", freq, slice(0, 1))  # the last day alone
        without(target, "SH600001", freq, slice(9, None))  # traded on the last nine days only
        without(target, "SH600002", freq, slice(0, None))
    without(target, "SH600003", "15min", slice(0, 1))
    without(target, "SH600004", "day", [2, 4, 6])
    without(target, "SH600005", "day", [2, 4])
    Sums.of(target).write(target)
    return target


EXPECTED = {
    "SH600000": "suspended",
    "SH600001": "newly listed, within 10 days at day",
    "SH600002": "newly listed: no trade yet",
    "SH600003": "no 15min bars on the day",
    "SH600004": "too few of 10 days traded at day",
    "SH600005": "scored",
}


def test_each_reason(provider: Path, market: Market) -> None:
    newest = predict("demo_incremental", provider=str(provider), store=f"sqlite:///{market.store}")
    assert {code: newest.reasons[code] for code in EXPECTED} == EXPECTED
    scored = set(newest.scores.index.get_level_values("instrument"))
    assert scored == set(newest.reasons.index[newest.reasons == "scored"])
    assert newest.counts.sum() == len(newest.reasons)
    assert newest.counts.index[0] == "scored"
    for reason in set(EXPECTED.values()) - {"scored"}:
        assert f"\n  1 {reason}" in f"{newest}\n" or newest.counts[reason] > 1


def test_members_of_a_market(market: Market) -> None:
    market.use(market.whole)
    codes, day = ["SH600006", "SH600007"], market.days[-1]
    handler = MultiFreqHandler(codes, inputs=INPUTS, end_time=day, cache_dir=market.work / "panels")
    section = handler.cross_section(day)
    found = reasons(handler, ["day", "15min"], day, section.instruments)
    assert set(found.index[found == "no member of the model's market"]) == set(found.index) - set(codes)
    assert set(found[codes]) == {"scored"}
    left_out = reasons(handler, ["day", "15min"], day, section.instruments[:1])
    assert left_out["SH600007"] == "left out by the model"


def test_delisted_stocks_are_not_counted(market: Market, tmp_path: Path) -> None:
    provider = tmp_path / "delisted"
    shutil.copytree(market.whole, provider)
    file = provider / "instruments" / "all.txt"
    lines = file.read_text().splitlines()
    ended = [
        line if not line.startswith("SH600000\t") else "SH600000\t2020-01-02\t2020-10-20 15:00:00" for line in lines
    ]
    file.write_text("\n".join(ended) + "\n")
    Sums.of(provider).write(provider)
    newest = predict("demo_incremental", provider=str(provider), store=f"sqlite:///{market.store}")
    assert "SH600000" not in newest.reasons.index
