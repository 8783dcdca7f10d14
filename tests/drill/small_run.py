"""A shipped YAML made small, for ``qrun`` in a folder of its own: what it keeps in the store of experiments."""

from __future__ import annotations

from pathlib import Path

import tiny_world
from ruamel.yaml import YAML
from shipped import load

from . import work
from .ledger import only_long
from .state import Content, content
from .works import Kind

RECORDS = ("SignalRecord", "SigAnaRecord", "FactorTestRecord")
KEPT = ("pred.pkl", "label.pkl", "sig_analysis/ic.pkl", "factor_test/summary.csv", "factor_test/ic.pkl")


def write_run(folder: Path, provider: Path) -> None:
    """``small.yaml``: a daily GRU on the tiny market, three records, the store that the shipped YAMLs name."""
    config = load("demo/daily")
    config["qlib_init"]["provider_uri"] = str(provider)
    task = config["task"]
    task["model"]["kwargs"] |= tiny_world.FAST
    data = task["dataset"]["kwargs"]
    days = {"train": tiny_world.SEGMENTS["train"], "test": tiny_world.SEGMENTS["test"]}
    data["segments"] = {name: [f"{day:%Y-%m-%d}" for day in span] for name, span in days.items()}
    data["handler"]["kwargs"] |= {
        "cache_dir": str(folder / "panels"),
        "inputs": {"day": tiny_world.INPUTS["day"]},
        "label": tiny_world.LABEL,
    }
    task["record"] = [record for record in task["record"] if record["class"] in RECORDS]
    for record in task["record"]:
        if record["class"] == "FactorTestRecord":
            record["kwargs"] |= {"pools": ["all"], "n_layers": 3, "exclude": ["suspended"], "neutralize": []}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "small.new").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(config, file)
    (folder / "small.new").replace(folder / "small.yaml")  # a rival that began before reads it now


def records_of(provider: Path) -> Kind:
    """A ``qrun``; its result are the records of a finished run."""
    only_long()

    def arguments(folder: Path) -> tuple[Path]:
        write_run(folder, provider)
        return (folder,)

    return Kind("records", work.qrun, arguments, _records)


def _records(folder: Path) -> Content:
    """What any finished run kept; of several that differ, one that is not the first's."""
    made = [content(path) for path in folder.glob("mlruns/*/*/artifacts")]
    kept = [{name: run[name] for name in KEPT} for run in made if set(KEPT) <= run.keys()]
    return next((run for run in kept if run != kept[0]), kept[0]) if kept else {}
