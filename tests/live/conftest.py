"""Fixtures of what happens every evening: a market, the same as it was twelve days before, and recorders on that."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import torch
from cut_market import calendar, cut
from recorded_runs import FAST, ROLLING, config, qruns

from qlib_mfgru.demo import make_demo_market

HELD_BACK = 12


class Market(NamedTuple):
    """Providers in a folder: whole, and cut; the folder's ``mlruns.db`` holds a recorder of each of `YAMLS`."""

    work: Path
    whole: Path
    cut: Path

    @property
    def days(self) -> pd.DatetimeIndex:
        """Of the whole one; the last twelve are held back from the cut one."""
        return calendar(self.whole)


YAMLS = {"demo_gru": FAST, "demo_incremental": FAST, "demo_mean": FAST, "demo_rolling_incremental": ROLLING}


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Networks this small lose more to threads than they gain."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    work = tmp_path_factory.mktemp("evenings")
    make_demo_market(work / "whole", 40, 200, intraday_days=150, seed=0)
    cut(work / "whole", work / "cut", HELD_BACK)
    test = ("2020-09-01", None)
    qruns(work, *(config(yaml, work / "cut", work, test, **kwargs) for yaml, kwargs in YAMLS.items()))
    return Market(work, work / "whole", work / "cut")
