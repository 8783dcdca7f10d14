"""What helps the daily GRU on the whole market: settings compared before the test of docs/replication.md begins.

    python benchmarks/choices.py [--seeds 0 1] [--only NAME ...] [--n-jobs 2] [--at-once 1] [--record]

The protocol of ``workflow_configs/ashare_daily/study.yaml`` two years earlier: retrained every half-year with what was
known by then, from 2015-01-05 to 2016-12-16, with one setting changed at a time. The study's test begins in January
2017 and is not read; neither are the validation dates of its later folds, since they lie in the test of earlier ones.
Each half-year is judged by the weekly factor test over all stocks. Units are kept (``MFGRU_UNITS``): what is trained is
not trained again. The provider is the study's (``MFGRU_ASHARE_DAILY_PROVIDER``). On a GPU ``--n-jobs 1 --at-once 8``
trains several settings side by side. The record is written anew whenever a setting is done.

The setting with the highest RankIC becomes ``workflow_configs/ashare_daily/best.yaml``, whose test is run once.
Differences to the report's settings are paired by half-year and seed, with the standard error over these pairs.
"""

from __future__ import annotations

import argparse
import copy
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import qlib
import record
import torch
from qlib.utils import init_instance_by_config

from qlib_mfgru.factor import FactorTestSettings, run_factor_test
from qlib_mfgru.report import measures
from qlib_mfgru.rolling import RollingEnsembleModel
from qlib_mfgru.rolling.folds import Fold
from qlib_mfgru.study.source import StudySource

STUDY = record.ROOT / "workflow_configs/ashare_daily/study.yaml"
SEGMENTS = {"train": ("2012-09-03", "2014-12-31"), "test": ("2015-01-05", "2016-12-16")}
"""The last week's return ends on 2016-12-26."""
LABEL_VWAP = "Ref($vwap, -11) / Ref($vwap, -1) - 1"
MEASURES = ("rank_ic", "top_excess", "top_turnover", "epochs")


@dataclass(frozen=True)
class Variant:
    """What is changed of the model, the dataset, the handler and the rolling."""

    model: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    handler: Mapping[str, Any] = field(default_factory=dict)
    rolling: Mapping[str, Any] = field(default_factory=dict)


VARIANTS = {
    "report": Variant(),
    "loss rank_ic": Variant({"loss": "rank_ic"}),
    "loss top_ic": Variant({"loss": "top_ic"}),
    "loss pairwise": Variant({"loss": "pairwise"}),
    "average_epochs 5": Variant({"average_epochs": 5}),
    "smooth_epochs 3": Variant({"smooth_epochs": 3}),
    "label vwap": Variant(handler={"label": LABEL_VWAP}),
    "label 5 days": Variant(handler={"label": "Ref($close, -6) / Ref($close, -1) - 1"}),
    "label 20 days": Variant(handler={"label": "Ref($close, -21) / Ref($close, -1) - 1"}),
    "label_neutral industry": Variant(handler={"label_neutral": "industry"}),
    "dropout 0.2": Variant({"dropout": 0.2}),
    "hidden_size 64": Variant({"hidden_size": 64}),
    "clip 10": Variant(handler={"clip": 10.0}),
    "warm_start": Variant(rolling={"warm_start": True}),
    "rank_ic, neutral": Variant({"loss": "rank_ic"}, handler={"label_neutral": "industry"}),
    "rank_ic, dropout": Variant({"loss": "rank_ic", "dropout": 0.2}),
    "rank_ic, neutral, vwap": Variant({"loss": "rank_ic"}, handler={"label": LABEL_VWAP, "label_neutral": "industry"}),
    "rank_ic, neutral, dropout": Variant({"loss": "rank_ic", "dropout": 0.2}, handler={"label_neutral": "industry"}),
    "lr_decay 0.95": Variant({"lr_decay": 0.95}),
    "lr 0.003, lr_decay 0.9": Variant({"lr": 3e-3, "lr_decay": 0.9}),
    "batch_size 1000": Variant({"batch_size": 1000}),
    "batch_size 20000": Variant({"batch_size": 20_000}),
    "sample_step 2": Variant(dataset={"sample_step": 2}),
    "sample_step 1": Variant(dataset={"sample_step": 1}),
}
REFERENCE = "report"
"""The one that the others are held against."""


def tried(variant: Variant, config: Mapping[str, Any], seeds: list[int], n_jobs: int) -> pd.DataFrame:
    """Train in a process of its own, and judge: a row a seed and half-year."""
    qlib.init(**{name: value for name, value in config["qlib_init"].items() if name != "exp_manager"})
    task = copy.deepcopy(config["task"])
    task["model"]["kwargs"] |= variant.model
    task["dataset"]["kwargs"] |= {"segments": SEGMENTS, **variant.dataset}
    task["dataset"]["kwargs"]["handler"]["kwargs"] |= variant.handler
    dataset = init_instance_by_config(task["dataset"])
    model = RollingEnsembleModel(task["model"], retrain="6M", seeds=seeds, n_jobs=n_jobs, **variant.rolling)
    model.fit(dataset)
    rows = {seed: judged(scores, model.folds) for seed, scores in model.member_scores(dataset).items()}
    for seed, table in rows.items():
        table["epochs"] = [len(members[seed].history) for members in model.members]
    return pd.concat(rows, names=["seed"])


def judged(scores: pd.Series, folds: list[Fold]) -> pd.DataFrame:
    """A row a half-year: mean RankIC and turnover of the TOP layer, and its annual excess over all stocks."""
    test = run_factor_test(scores, FactorTestSettings(pools=("all",)))
    pool = test.pools["all"]
    top = pool.layers[-1]
    rows = {}
    for fold in folds:
        days = slice(*fold.test)
        excess = measures.annual_excess(
            pool.returns[top].loc[days], pool.pool_returns.loc[days], test.session.days_per_year
        )
        rows[f"{fold.test[0]:%Y-%m}"] = pool.rank_ic.loc[days].mean(), excess, pool.turnover[top].loc[days].mean()
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(MEASURES[:3]))


def compared(values: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a variant: means over half-years and seeds, differences to the first, and their standard errors."""
    reference = values[REFERENCE]
    rows = {}
    for name, table in values.items():
        lead = table - reference.loc[table.index]
        errors = lead.sem()
        rows[name] = {"pairs": len(table)} | {
            key: value
            for measure in MEASURES
            for key, value in {
                measure: table[measure].mean(),
                f"{measure}_lead": lead[measure].mean(),
                f"{measure}_error": errors[measure],
            }.items()
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--only", nargs="+", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--n-jobs", type=int, default=2, help="processes a setting")
    parser.add_argument("--at-once", type=int, default=1, help="settings side by side")
    record.add_options(parser)
    options = parser.parse_args()
    config = StudySource.read(STUDY).content
    values: dict[str, pd.DataFrame] = {}
    with ProcessPoolExecutor(options.at_once, multiprocessing.get_context("spawn")) as pool:
        names = dict.fromkeys([REFERENCE, *options.only])
        begun = {pool.submit(tried, VARIANTS[name], config, options.seeds, options.n_jobs): name for name in names}
        for done in as_completed(begun):
            values[begun[done]] = done.result()
            if REFERENCE in values:
                told({name: values[name] for name in names if name in values}, options)


def told(values: Mapping[str, pd.DataFrame], options: argparse.Namespace) -> None:
    """Print what is there so far, and record it."""
    table = compared(values)
    print(table.round(4).to_string(), flush=True)
    each = {name: rows.reset_index(names=["seed", "half_year"]).to_dict("records") for name, rows in values.items()}
    figures = {"tried": len(values) - 1, "seeds": options.seeds, "compared": table.to_dict("index"), "each": each}
    record.keep(options.json, figures, torch.cuda.get_device_name() if torch.cuda.is_available() else None)


if __name__ == "__main__":
    main()
