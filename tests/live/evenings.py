"""A market of the evening, the same some weeks before, and recorders that qrun made then."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd
from experiments import start_qlib
from qlib.workflow import R
from qlib.workflow.recorder import Recorder

from live.cut_market import calendar
from live.recorded_runs import FAST, ROLLING

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
