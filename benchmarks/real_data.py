"""All models on real bars, with several seeds, beside stock qlib: RankIC and IC, as docs/real_data.md shows them.

    python benchmarks/real_data.py [--out runs/real_data --seeds 0 1 2 --models gru incremental ... --json FILE]

Reads the YAMLs ``workflow_configs/astock/*.yaml`` as qrun does, trains each with every seed and keeps its prediction
in OUT; what is there already, of the same settings, provider and commit, is not trained again. The table compares all
of them on the stocks and dates that all of them score. The provider is the YAMLs'
(``MFGRU_ASTOCK_PROVIDER``), made by ``mfgru ingest``.
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
from record import add_options, commit, digest, keep, made_on, spanned
from ruamel.yaml import YAML

from qlib_mfgru.model.mean import mean_of_scores

CONFIGS = Path(__file__).parent.parent / "workflow_configs/astock"
MODELS = ("gru", "attention", "mixed", "incremental", "daily", "mean", "lightgbm")
BLOCK = 10  # trading days: labels of dates closer than the horizon overlap


def load_config(name: str, folder: Path = CONFIGS) -> dict[str, Any]:
    """A YAML as qrun sees it: rendered, and merged into its base."""
    yaml = YAML(typ="safe", pure=True)
    config = yaml.load(render_template(str(folder / f"{name}.yaml")))
    base = config.pop("BASE_CONFIG_PATH", None)
    return config if base is None else update_config(yaml.load((folder / base).read_text()), config)


def predict(name: str, seed: int, folder: Path, datasets: dict[str, Any]) -> pd.Series:
    """Train one model with one seed and predict the test segment; kept in `folder`.

    The members of the mean are the daily and the 15-minute model of the same seed, which the same seed makes the
    same: they are not trained twice.
    """
    if name == "mean":
        return mean_of_scores([predict(member, seed, folder, datasets) for member in ("daily", "gru")])
    config = load_config(name)
    task = config["task"]
    task["model"]["kwargs"]["seed"] = seed
    path = folder / f"{name}-{seed}-{digest(task, made_on(config['qlib_init']['provider_uri']), commit())}.pkl"
    if not path.exists():
        key = repr(task["dataset"])
        if key not in datasets:
            datasets[key] = init_instance_by_config(task["dataset"])
        model = init_instance_by_config(task["model"])
        model.fit(datasets[key])
        model.predict(datasets[key]).rename("score").to_pickle(path.with_suffix(".partial"))
        path.with_suffix(".partial").rename(path)
    return pd.read_pickle(path)


def evaluate(scores: pd.Series, label: pd.Series) -> dict[str, float]:
    """RankIC and IC by date; the t-statistic is over means of blocks as long as the label."""
    frame = pd.concat([scores, label], axis=1, keys=["score", "label"], join="inner").dropna()
    dates = frame.groupby(level="datetime")
    rank_ic = dates.apply(lambda part: part["score"].corr(part["label"], method="spearman"))
    blocks = rank_ic.groupby(np.arange(len(rank_ic)) // BLOCK).mean()
    return {
        "rank_ic": rank_ic.mean(),
        "rank_icir": rank_ic.mean() / rank_ic.std(),
        "share_above_0": (rank_ic > 0).mean(),
        "t_of_blocks": blocks.mean() / blocks.std() * np.sqrt(len(blocks)),
        "ic": dates.apply(lambda part: part["score"].corr(part["label"])).mean(),
    }


def compare(scores: dict[tuple[str, int], pd.Series], label: pd.Series) -> dict[str, Any]:
    """Every model's seeds, and their mean, on the samples that all of them score.

    Parameters
    ----------
    scores : dict of (model, seed) to Series
        Scores (datetime, instrument).
    label : Series
        Raw labels, on the same index.

    Returns
    -------
    dict
        How many samples and dates these are, and by model, under ``models``: the RankIC of its ``seeds``, and what
        `evaluate` says of their ``mean``.
    """
    common = pd.concat(scores, axis=1, join="inner").index.intersection(label.dropna().index)
    models: dict[str, Any] = {}
    for name in dict.fromkeys(name for name, _ in scores):
        members = {seed: score.loc[common] for (model, seed), score in scores.items() if model == name}
        models[name] = {
            "seeds": {str(seed): evaluate(member, label)["rank_ic"] for seed, member in members.items()},
            "mean": evaluate(mean_of_scores(list(members.values())), label),
        }
    dates = common.get_level_values("datetime")
    return {
        "samples": len(common),
        **spanned(dates.unique().sort_values(), "date"),
        "models": models,
    }


def show(figures: dict[str, Any]) -> None:
    """Print what `compare` gives."""
    print("{samples} samples, {dates} dates {first_date} .. {last_date}".format(**figures))
    rows = {
        name: {f"seed {seed}": value for seed, value in model["seeds"].items()} | model["mean"]
        for name, model in figures["models"].items()
    }
    print(pd.DataFrame(rows).T.round(4).to_string())


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/real_data"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    add_options(parser)
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
    figures = compare(scores, label)
    show(figures)
    keep(arguments.json, figures)


if __name__ == "__main__":
    main()
