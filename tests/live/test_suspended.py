"""A stock suspended on the last day is a member with a weight there, and nobody takes it for one that trades."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qlib

from live.updating.evenings import Evenings
from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.factor import FactorTestSettings, run_factor_test
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.portfolio import MarketSnapshot
from qlib_mfgru.provider.check.check import check_provider

SUSPENDED = "SH600519"
"""From day 50 on, with rows; the provider ends with day 89."""


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, market = tmp_path_factory.mktemp("evening"), Evenings.make(0)
    market.tables["members"]["end"] = market.days[-1]
    ingest(market.mapping(), market.write(folder / "s", 0, 90), folder / "p", quiet=True, n_jobs=1)
    return folder / "p"


@pytest.fixture(autouse=True)
def on_the_provider(provider: Path) -> None:
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, logging_level=40)


def last_day(provider: Path) -> pd.Timestamp:
    return pd.Timestamp((provider / "calendars/day.txt").read_text().split()[-1])


def test_the_portfolio_sees_a_suspended_member(provider: Path) -> None:
    for weighting in ("drifted", "market_cap"):
        view = MarketSnapshot.read("csi300", weighting).known_at(last_day(provider))
        stock = list(view.stocks).index(SUSPENDED)
        assert view.member[stock]
        assert view.suspended[stock]
        assert view.weight[stock] > 0.01
        assert np.isfinite(view.close[stock])
        assert not view.at_limit_up[stock]
        assert not view.at_limit_down[stock]


def test_no_model_and_no_factor_test_has_it(provider: Path, tmp_path: Path) -> None:
    inputs = {"day": {"days": 5, "scale": "last"}}
    handler = MultiFreqHandler(instruments="csi300", inputs=inputs, cache_dir=str(tmp_path))
    day = last_day(provider)
    section = handler.cross_section(day)
    assert SUSPENDED not in set(section.instruments)
    assert len(section.instruments) >= 3
    stocks = [line.split("\t")[0] for line in (provider / "instruments/all.txt").read_text().splitlines()]
    days = pd.DatetimeIndex((provider / "calendars/day.txt").read_text().split())[60:]
    index = pd.MultiIndex.from_product([days, stocks], names=["datetime", "instrument"])
    scores = pd.Series(np.arange(len(index), dtype=float), index, name="score")
    settings = FactorTestSettings(pools=["all"], n_layers=2, neutralize=[], exclude=["suspended"])
    counts = run_factor_test(scores, settings).pools["all"].counts
    assert (counts["suspended"] >= 1).all()


def test_the_check_finds_nothing_wrong(provider: Path) -> None:
    assert not [row for row in check_provider(provider, quiet=True) if row.severity == "error"]
