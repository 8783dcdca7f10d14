"""Fixtures of what happens every evening: a market, the same as it was some weeks before, and recorders on that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from once import empty_store

from live.cut_market import cut
from live.evenings import HELD_BACK, YAMLS, Market
from live.recorded_runs import config, qruns
from qlib_mfgru.demo import make_demo_market


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Networks this small lose more to threads than they gain."""
    torch.set_num_threads(1)


@pytest.fixture
def market(recorded: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    """With the recorders, and the units, as qrun left them."""
    monkeypatch.chdir(recorded.work)
    monkeypatch.setenv("MFGRU_UNITS", str(recorded.work / "units"))
    for name in ("mlruns", "units"):
        shutil.copytree(recorded.work / name, tmp_path / name)
    yield recorded
    for name in ("mlruns", "units"):
        shutil.rmtree(recorded.work / name)
        shutil.copytree(tmp_path / name, recorded.work / name)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Market:
    work = tmp_path_factory.mktemp("evenings")
    make_demo_market(work / "whole", 40, 200, intraday_days=150, seed=0)
    cut(work / "whole", work / "cut", HELD_BACK)
    empty_store(work / "mlruns.db")
    test = ("2020-09-01", None)
    qruns(work, *(config(yaml, work / "cut", work, test, **kwargs) for yaml, kwargs in YAMLS.items()))
    return Market(work, work / "whole", work / "cut")
