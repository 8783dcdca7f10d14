"""``PlaySettings``: how large a play is; and the two files of settings that a fund writes once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from qlib_mfgru.settings import Count, Positive, Seed, Settings

EXPERIMENT = "live_demo"
TRAINING = """\
qlib_init:
  provider_uri: {provider}
  region: cn
  kernels: 1
  exp_manager:
    class: ExperimentStore
    module_path: qlib_mfgru.report.store
    kwargs: {{uri: {store}, default_exp_name: {experiment}}}
experiment_name: {experiment}
task:
  model:
    class: GRUModel
    module_path: qlib_mfgru.model
    kwargs: {{hidden_size: 8, batch_size: 500, lr: 0.003, max_epochs: 4, seed: 0}}
  dataset:
    class: MultiFreqDataset
    module_path: qlib_mfgru.data
    kwargs:
      handler:
        class: MultiFreqHandler
        module_path: qlib_mfgru.data
        kwargs: {{instruments: all, cache_dir: {panels}}}
      segments:
        train: ["{first:%Y-%m-%d}", "{last:%Y-%m-%d}"]
        test: ["{today:%Y-%m-%d}", null]
  record:
    - class: SignalRecord
      module_path: qlib.workflow.record_temp
      kwargs: {{model: <MODEL>, dataset: <DATASET>}}
"""
ENHANCEMENT = {
    "index": "csi500",
    "index_weights": "market_cap",  # baostock has lists of members, and no weights
    "turnover_limits": [0.3],
}
"""Settings of the enhancement; all others are the Huatai report's."""
_EMBARGO = 12
"""Days between the last sample and the first prediction: no label reaches it."""


class PlaySettings(Settings):
    """The market and the weeks of a play, which are the market's last ones.

    Attributes
    ----------
    n_stocks, n_days, intraday_days, seed : int
        Of the demo market.
    n_weeks : int
    cash : float
        Yuan before the first purchase.
    """

    n_stocks: Count = 60
    n_days: Annotated[Count, Field(ge=80)] = 125
    intraday_days: Count = 100
    seed: Seed = 0
    n_weeks: Count = 3
    cash: Positive = 1e7

    def evenings(self, days: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """From the one before the first week to the one before the day on which the next week begins."""
        weeks = days.to_period("W-SUN")
        begins = [place for place in range(1, len(days)) if weeks[place] != weeks[place - 1]]
        return days[begins[-self.n_weeks - 1] - 1 : begins[-1]]

    def training(self, days: pd.DatetimeIndex, today: pd.Timestamp, work: Path) -> str:
        """A qrun YAML that trains on the days with bars before today, in the folder of the play."""
        known = days[: days.searchsorted(today, side="right")]
        return TRAINING.format(
            provider=_quoted(work / "provider"),  # quoted: a folder may be called "a, b"
            store=_quoted(f"sqlite:///{work / 'mlruns.db'}"),
            panels=_quoted(work / "panels"),
            experiment=EXPERIMENT,
            first=days[len(days) - self.intraday_days],
            last=known[-_EMBARGO],
            today=today,
        )


def _quoted(text: str | Path) -> str:
    return json.dumps(str(text), ensure_ascii=False)
