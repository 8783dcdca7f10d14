"""Recorders as qrun leaves them, made of the shipped YAMLs on a small market, several in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from shipped import QRUN, load
from started import done

INPUTS = {"day": {"days": 10, "scale": "last"}, "15min": {"days": 2, "scale": "mean"}}
FAST = {"hidden_size": 4, "max_epochs": 2}
ROLLING: dict[str, Any] = {**FAST, "retrain": "1M", "seeds": [0, 1], "n_jobs": 1}


def config(yaml: str, provider: Path, work: Path, test: tuple[str, Any], **model: Any) -> dict[str, Any]:
    """A shipped YAML, as it trains in a second; its experiment is called as the YAML, ``demo_gru`` of demo/gru."""
    content = load(yaml.replace("_", "/", 1))
    content["qlib_init"]["provider_uri"] = str(provider)
    content["experiment_name"] = yaml
    task = content["task"]
    task["model"]["kwargs"] = {**task["model"]["kwargs"], **model}
    data = task["dataset"]["kwargs"]
    data["handler"]["kwargs"] |= {"cache_dir": str(work / "panels"), "inputs": INPUTS}
    data["segments"] = {"train": ["2020-01-01", "2020-08-31"], "test": list(test)}
    task["record"] = [record for record in task["record"] if record["class"] == "SignalRecord"]
    return content


def qruns(work: Path, *configs: dict[str, Any]) -> None:
    """Run them one after the other in `work`, whose store is ``mlruns.db``."""
    files = []
    for number, content in enumerate(configs):
        with (work / f"{number}.yaml").open("w") as file:
            YAML(typ="safe", pure=True).dump(content, file)
        files.append(f"{number}.yaml")
    done(QRUN, *files, folder=work, MFGRU_UNITS=str(work / "units"))
