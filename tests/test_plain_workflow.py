"""The workflow of docs/data.md on a plain qlib provider, whose `all` lists an index: qrun runs it as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import yaml
from plain_market import CODES, DAYS, write_plain_market
from shipped import CONFIGS, qrun


def test_the_docs_workflow_runs_without_an_ingest(tmp_path: Path) -> None:
    _, section = (CONFIGS.parent / "docs/data.md").read_text().split("## On a plain qlib provider")
    config = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)[0])
    config["qlib_init"]["provider_uri"] = str(write_plain_market(tmp_path / "cn_data", with_index=True))
    task = config["task"]
    task["model"]["kwargs"] |= {"hidden_size": 4, "max_epochs": 1}
    data = task["dataset"]["kwargs"]
    data["handler"]["kwargs"] |= {
        "inputs": {"day": {"days": 5, "scale": "last"}},
        "cache_dir": str(tmp_path / "panels"),
    }
    first, last = DAYS[[70, 85]].strftime("%Y-%m-%d")
    data["segments"] = {"train": [f"{DAYS[5]:%Y-%m-%d}", f"{DAYS[69]:%Y-%m-%d}"], "test": [first, last]}
    task["record"][-1]["kwargs"] |= {"n_layers": 3}
    artifacts = qrun(config, tmp_path)
    assert set(pd.read_pickle(artifacts / "pred.pkl").index.unique("instrument")) == set(CODES)
    summary = pd.read_csv(artifacts / "factor_test/summary.csv")
    assert summary["pool"].tolist() == ["CSI300", "ALL"]
