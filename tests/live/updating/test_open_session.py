"""A session that was open before an update goes on with the market as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import qlib
from qlib.config import REG_CN
from started import done

from qlib_mfgru.data import BarPanel
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import read_daily
from qlib_mfgru.provider.index.returns import index_returns

from .evenings import Evenings

FRESH = """
import sys, qlib
from qlib_mfgru.data import BarPanel
qlib.init(provider_uri=sys.argv[1], region="cn", kernels=1, logging_level=40)
BarPanel.open("day", sys.argv[2])
"""


def test_days_that_are_appended_under_it_are_none(tmp_path: Path) -> None:
    market = Evenings.make(4)
    source, provider = tmp_path / "source", tmp_path / "provider"
    ingest(market.mapping(), market.write(source, 0, 100), provider, quiet=True, n_jobs=1)
    qlib.init(provider_uri=str(provider), region=REG_CN, kernels=1, logging_level=40)
    stocks, days = list(reader.member_spans("all", "day")), reader.calendar("day")
    (index,) = {path.name.upper() for path in (provider / "features").iterdir()} - set(stocks)
    needs = {"close": "this test"}
    before = read_daily(stocks, needs)["close"], index_returns(index, days[50], days[-1])
    bars = BarPanel.open("15min", tmp_path / "before").bars
    update(provider, market.write(source, 100, 102), quiet=True, n_jobs=1)
    assert len(ending(provider)) == 102
    assert np.array_equal(read_daily(stocks, needs)["close"], before[0], equal_nan=True)
    assert index_returns(index, days[50], days[-1]).equals(before[1])
    assert np.array_equal(BarPanel.open("15min", tmp_path / "after").bars, bars, equal_nan=True)


def test_what_it_makes_afterwards_is_for_itself_alone(tmp_path: Path) -> None:
    """Its panel has the old days: a session that knows the new ones finds its own, and keeps it."""
    market, cache = Evenings.make(4), tmp_path / "cache"
    source, provider = tmp_path / "source", tmp_path / "provider"
    ingest(market.mapping(), market.write(source, 0, 100), provider, quiet=True, n_jobs=1)

    def kept() -> set[int]:
        return {len(np.load(file)) for file in cache.glob("day-*/days.npy")}

    qlib.init(provider_uri=str(provider), region=REG_CN, kernels=1, logging_level=40)
    assert len(BarPanel.open("day", cache).days) == 100
    update(provider, market.write(source, 100, 102), quiet=True, n_jobs=1)
    assert len(BarPanel.open("day", cache).days) == 100
    done(FRESH, provider, cache, folder=tmp_path)
    assert kept() == {102}
    assert len(BarPanel.open("day", cache).days) == 100
    assert kept() == {100, 102}
    qlib.init(provider_uri=str(provider), region=REG_CN, kernels=1, logging_level=40)
    assert len(BarPanel.open("day", cache).days) == 102


def test_a_stock_that_begins_after_what_was_changed_ends_with_the_old_days_too(tmp_path: Path) -> None:
    """A row of day 102 is revised, and a stock begins on day 103; its values of the new days are cut off."""
    market, cache = Evenings.make(5), tmp_path / "cache"
    source, provider = tmp_path / "source", tmp_path / "provider"
    ingest(market.mapping(), market.write(source, 0, 105), provider, quiet=True, n_jobs=1)
    qlib.init(provider_uri=str(provider), region=REG_CN, kernels=1, logging_level=40)
    BarPanel.open("day", cache)
    market.change("daily", "600000", 102, amount=1.0001)
    update(provider, market.write(tmp_path / "again", 100, 107), revise=True, quiet=True, n_jobs=1)
    assert len(ending(provider)) == 107
    panel = BarPanel.open("day", cache)
    assert len(panel.days) == 105
    assert panel.traded[102:, panel.instruments.index("SZ300750")].tolist() == [False, True, True]
    assert np.array_equal(panel.bars, BarPanel.open("day", tmp_path / "anew").bars, equal_nan=True)


def ending(provider: Path) -> list[str]:
    return (provider / "calendars" / "day.txt").read_text().split()
