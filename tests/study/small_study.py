"""A study that runs in seconds: two networks of two epochs on a small demo market, their tests, one portfolio."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

FAST = {"hidden_size": 4, "max_epochs": 2, "batch_size": 500, "seed": 0, "device": "cpu"}
INPUTS = {"day": {"days": 10, "scale": "last"}, "15min": {"days": 2, "scale": "mean"}}
PARTS = ["bars", "daily", "bars, factor test", "daily, factor test", "correlation", "daily, csi300"]


class StudyWorld(NamedTuple):
    """A folder with a provider, and with a store where studies have run."""

    work: Path

    @property
    def store(self) -> Path:
        return self.work / "mlruns.db"

    def study(self, **changes: Any) -> dict[str, Any]:
        """What stands in the study's file."""
        handler = {"instruments": "all", "inputs": INPUTS, "cache_dir": str(self.work / "panels")}
        dataset = {
            "class": "MultiFreqDataset",
            "module_path": "qlib_mfgru.data",
            "kwargs": {
                "handler": {"class": "MultiFreqHandler", "module_path": "qlib_mfgru.data", "kwargs": handler},
                "segments": {"train": ["2020-01-01", "2020-08-31"], "test": ["2020-09-01", "2020-09-30"]},
            },
        }
        return {
            "qlib_init": {
                "provider_uri": str(self.work / "provider"),
                "kernels": 1,
                "exp_manager": {
                    "class": "ExperimentStore",
                    "module_path": "qlib_mfgru.report.store",
                    "kwargs": {"uri": f"sqlite:///{self.store}", "default_exp_name": "small"},
                },
            },
            "experiment_name": "small",
            "task": {
                "model": {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": FAST},
                "dataset": dataset,
            },
            "models": {"bars": {}, "daily": {"kwargs": {"freq": "day"}}},
            "factor_test": {"pools": ["all"], "n_layers": 5},
            "correlation": {},
            "enhancements": {"models": ["daily"], "indices": ["csi300"], "turnover_limits": [0.5]},
            "page": {"out": str(self.work / "study.html")},
            **changes,
        }

    def runs(self) -> list[tuple[str, str]]:
        """Name and status of each recorder, in the order in which they began."""
        with sqlite3.connect(self.store) as store:
            return store.execute("select name, status from runs order by start_time").fetchall()

    def artifact(self, recorder: str, name: str) -> Path:
        (path,) = self.work.glob(f"mlruns/*/{recorder}/artifacts/{name}")
        return path
