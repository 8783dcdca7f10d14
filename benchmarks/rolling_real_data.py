"""Rolling retraining on real bars: the ensemble's RankIC beside its members', as docs/real_data.md shows them.

    python benchmarks/rolling_real_data.py [--out runs/rolling --models incremental daily --json FILE]

Fits ``workflow_configs/astock/rolling_*.yaml`` as qrun does. Finished units are kept in OUT/units: a killed run goes on
where it was. The table compares all models on the stocks and dates that all of them score.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import qlib
from qlib.utils import init_instance_by_config
from real_data import MODELS, compare, load_config, show
from record import add_options, keep

from qlib_mfgru.data import MultiFreqDataset


def member_scores(name: str, folder: Path) -> tuple[dict[int, pd.Series], MultiFreqDataset]:
    """Train what is missing of a rolling model; its seeds' stitched scores, and its dataset."""
    task = load_config(f"rolling_{name}")["task"]
    task["model"]["kwargs"]["units_dir"] = str(folder / "units")
    model, dataset = init_instance_by_config(task["model"]), init_instance_by_config(task["dataset"])
    model.fit(dataset)
    return model.member_scores(dataset), dataset


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/rolling"))
    choices = [name for name in MODELS if name != "lightgbm"]
    parser.add_argument("--models", nargs="+", default=["incremental", "daily"], choices=choices)
    add_options(parser)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    qlib.init(**load_config("rolling_gru")["qlib_init"])
    scores: dict[tuple[str, int], pd.Series] = {}
    for name in arguments.models:
        members, dataset = member_scores(name, arguments.out)
        scores |= {(name, seed): score for seed, score in members.items()}
    label = dataset.prepare("test", col_set="label", data_key="raw").iloc[:, 0]
    figures = compare(scores, label)
    show(figures)
    keep(arguments.json, figures)


if __name__ == "__main__":
    main()
