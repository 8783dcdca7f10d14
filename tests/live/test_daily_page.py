"""The files that docs/daily.md shows are what its commands take."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml
from qlib.utils import init_instance_by_config

from qlib_mfgru.demo.baostock import VendorMarket
from qlib_mfgru.rolling import RollingEnsembleModel

PAGE = (Path(__file__).parents[2] / "docs/daily.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The page's listings in a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def configs() -> list[dict[str, Any]]:
    return [yaml.safe_load(block) for block in blocks("yaml")]


def test_the_training_is_a_qrun() -> None:
    training, _ = configs()
    model = init_instance_by_config(training["task"]["model"])
    assert isinstance(model, RollingEnsembleModel)
    assert (model.retrain, model.seeds) == ("6M", [0, 1, 2])
    assert training["task"]["dataset"]["kwargs"]["segments"]["test"][1] is None
    assert training["qlib_init"]["exp_manager"]["kwargs"]["default_exp_name"] == training["experiment_name"] == "fund"


def test_the_enhancement_names_weights_that_a_vendor_without_any_has() -> None:
    assert configs()[1] == {"index": "csi500", "index_weights": "market_cap", "turnover_limits": [0.3]}


def test_the_script_is_one(tmp_path: Path) -> None:
    (script,) = (block for block in blocks("bash") if block.startswith("#!/bin/bash"))
    file = tmp_path / "evening.sh"
    file.write_text(script)
    assert subprocess.run(["bash", "-n", file], capture_output=True, text=True).stderr == ""
    assert [line.split()[1] for line in script.splitlines() if line.startswith("mfgru")] == [
        "collect",
        "update",
        "check",
        "predict",
    ]


def test_the_served_market_has_the_days_of_the_page() -> None:
    (until,) = re.findall(r"demo.baostock --until (\S+)`", PAGE)
    assert until in VendorMarket.of(n_stocks=20, n_days=250, intraday_days=20).days
