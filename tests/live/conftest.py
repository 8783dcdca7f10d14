"""Fixtures of what happens every evening: a market, the same as it was some weeks before, and recorders on that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import torch
from cut_market import calendar, cut
from experiments import start_qlib
from qlib.workflow import R
from qlib.workflow.recorder import Recorder
from recorded_runs import FAST, ROLLING, config, qruns

from qlib_mfgru.demo import make_demo_market

HELD_BACK = 15


class Market(NamedTuple):
    """Providers in a folder: whole, and cut; the folder's ``mlruns.db`` holds a recorder of each of `YAMLS`."""

    work: Path
    whole: Path
    cut: Path

    @property
    def days(self) -> pd.DatetimeIndex:
        """Of the whole one; the last fifteen are held back from the cut one, which ends in September 2020."""
        return calendar(self.whole)

    @property
    def store(self) -> Path:
        return self.work / "mlruns.db"

    def use(self, provider: Path) -> None:
        """Initialise qlib on one of the providers, and on the store."""
        start_qlib(provider, self.store)

    def recorder(self, yaml: str) -> Recorder:
        """The recorder of a YAML, in the initialised store."""
        recorders = R.get_exp(experiment_name=yaml, create=False).list_recorders().values()
        first: Recorder = min(recorders, key=lambda recorder: recorder.start_time)
        return first


YAMLS = {"demo_gru": FAST, "demo_incremental": FAST, "demo_mean": FAST, "demo_rolling_incremental": ROLLING}


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
    test = ("2020-09-01", None)
    qruns(work, *(config(yaml, work / "cut", work, test, **kwargs) for yaml, kwargs in YAMLS.items()))
    return Market(work, work / "whole", work / "cut")
