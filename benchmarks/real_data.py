"""All models on real bars, with several seeds, beside stock qlib: the table of docs/real_data.md.

    python benchmarks/real_data.py --out runs/real_data [--seeds 0 1 2] [--models gru incremental ...]

Reads the YAMLs ``workflow_configs/astock/*.yaml`` as qrun does, trains each with every seed and keeps its prediction
in OUT; what is already there is not trained again. The table compares all of them on the stocks and dates that all
of them score. The provider is the YAMLs' (``MFGRU_ASTOCK_PROVIDER``), made by ``mfgru ingest``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import qlib
from qlib.cli.run import render_template
from qlib.utils import init_instance_by_config
from qlib.utils.data import update_config
from ruamel.yaml import YAML

from qlib_mfgru.model.mean import mean_of_scores

CONFIGS = Path(__file__).parent.parent / "workflow_configs/astock"
MODELS = ("gru", "attention", "mixed", "incremental", "daily", "mean", "lightgbm")
BLOCK = 10  # trading days: labels of dates closer than the horizon overlap


def load_config(name: str) -> dict[str, Any]:
    """The YAML of a model as qrun sees it: rendered, and merged into its base."""
    yaml = YAML(typ="safe", pure=True)
    config = yaml.load(render_template(str(CONFIGS / f"{name}.yaml")))
    base = config.pop("BASE_CONFIG_PATH", None)
    return config if base is None else update_config(yaml.load((CONFIGS / base).read_text()), config)


def predict(name: str, seed: int, folder: Path, datasets: dict[str, Any]) -> pd.Series:
    """Train one model with one seed and predict the test segment; kept in `folder`.

    The members of the mean are the daily and the 15-minute model of the same seed, which the same seed makes the
    same: they are not trained twice.
    """
    if name == "mean":
        return mean_of_scores([predict(member, seed, folder, datasets) for member in ("daily", "gru")])
    path = folder / f"{name}-{seed}.pkl"
    if not path.exists():
        task = load_config(name)["task"]
        task["model"]["kwargs"]["seed"] = seed
        key = repr(task["dataset"])
        if key not in datasets:
            datasets[key] = init_instance_by_config(task["dataset"])
        model = init_instance_by_config(task["model"])
        model.fit(datasets[key])
        model.predict(datasets[key]).rename("score").to_pickle(path.with_suffix(".partial"))
        path.with_suffix(".partial").rename(path)
    return pd.read_pickle(path)


def evaluate(scores: pd.Series, label: pd.Series) -> dict[str, float]:
    """RankIC and IC by date; the t-statistic is over means of blocks as long as the label, which do not overlap."""
    frame = pd.concat([scores, label], axis=1, keys=["score", "label"], join="inner").dropna()
    dates = frame.groupby(level="datetime")
    rank_ic = dates.apply(lambda part: part["score"].corr(part["label"], method="spearman"))
    blocks = rank_ic.groupby(np.arange(len(rank_ic)) // BLOCK).mean()
    return {
        "RankIC": rank_ic.mean(),
        "RankICIR": rank_ic.mean() / rank_ic.std(),
        "share > 0": (rank_ic > 0).mean(),
        "t (blocks)": blocks.mean() / blocks.std() * np.sqrt(len(blocks)),
        "IC": dates.apply(lambda part: part["score"].corr(part["label"])).mean(),
    }


def compare(scores: dict[tuple[str, int], pd.Series], label: pd.Series, path: Path) -> None:
    """Print and write the table: every model's seeds, and their mean, on the samples that all of them score.

    Parameters
    ----------
    scores : dict of (model, seed) to Series
        Scores (datetime, instrument).
    label : Series
        Raw labels, on the same index.
    path : Path
        CSV file.
    """
    common = pd.concat(scores, axis=1, join="inner").index.intersection(label.dropna().index)
    rows: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(name for name, _ in scores):
        members = {seed: score.loc[common] for (model, seed), score in scores.items() if model == name}
        rows[name] = {f"seed {seed}": evaluate(member, label)["RankIC"] for seed, member in members.items()}
        mean = evaluate(mean_of_scores(list(members.values())), label)
        rows[name] |= {f"mean: {key}": value for key, value in mean.items()}
    table = pd.DataFrame(rows).T
    table.to_csv(path)
    dates = common.get_level_values("datetime")
    print(f"{len(common)} samples, {dates.nunique()} dates {dates.min():%Y-%m-%d} .. {dates.max():%Y-%m-%d}")
    print(table.round(4).to_string())


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/real_data"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    qlib.init(**load_config("gru")["qlib_init"])
    datasets: dict[str, Any] = {}
    scores = {
        (name, seed): predict(name, seed, arguments.out, datasets)
        for name in arguments.models
        for seed in arguments.seeds
    }
    reference = init_instance_by_config(load_config("gru")["task"]["dataset"])
    label = reference.prepare("test", col_set="label", data_key="raw").iloc[:, 0]
    compare(scores, label, arguments.out / "table.csv")


if __name__ == "__main__":
    main()
