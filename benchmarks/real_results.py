"""What the scores of `real_data.py` come to: factor tests, how alike the factors are, portfolios around three indices.

    python benchmarks/real_results.py [--out runs/real_data --seed 0 --json FILE]

As the records of ``workflow_configs/astock/*.yaml`` make them, of the models with one seed each; the Huatai report's
rows stand beside, and portfolios of the same scores given to other stocks at random, since a sample's portfolios differ
from the index whatever the scores are. Scores that OUT lacks are trained first.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import qlib
from real_data import MODELS, load_config, predict
from record import add_options, keep, plain, spanned
from tqdm.auto import tqdm

from qlib_mfgru.factor import FactorTestSettings, run_factor_test
from qlib_mfgru.factor.correlate import correlate
from qlib_mfgru.factor.results import tables as factor_tables
from qlib_mfgru.portfolio import IndexEnhancementSettings, run_index_enhancement
from qlib_mfgru.portfolio.results import tables as portfolio_tables
from qlib_mfgru.report.published import published

POOL = "all"
INDICES = ("csi300", "csi500", "csi1000")  # the sample has no list of CNI2000's members
HELD = "incremental"
"""The model whose scores the portfolios hold."""
LIMIT, DRAWS = 0.3, 10
"""Turnover limit of the portfolios of scores at random, and how many there are of each index."""


def settings_of(config: dict[str, Any], record: str) -> dict[str, Any]:
    """Settings of a record of a YAML."""
    records = {each["class"]: each["kwargs"] for each in config["task"]["record"]}
    return dict(records[record])


def factor_tests(scores: dict[str, pd.Series]) -> dict[str, Any]:
    """Figures 15 and 24 of the Huatai report for the pool: ours and its own by model, and the test dates."""
    rows = []
    for name, score in scores.items():
        settings = settings_of(load_config(name), "FactorTestRecord") | {"pools": [POOL]}
        test = run_factor_test(score, FactorTestSettings.of(**settings), name)
        rows.append(factor_tables.summary(test).merge(factor_tables.statistics(test), on="pool"))
    ours, theirs = pd.concat(rows), published("factor_tests")
    print(ours.to_string())
    return {
        **spanned(test.dates, "date"),
        "ours": plain(ours.drop(columns=["pool", "figure"]), "model"),
        "report": plain(theirs[theirs["pool"] == POOL.upper()].drop(columns="pool"), "model"),
    }


def correlation(scores: dict[str, pd.Series]) -> dict[str, Any]:
    """Figure 33 of the Huatai report for the pool: a row of correlations by model."""
    matrix = correlate(scores, FactorTestSettings.of(pools=[POOL])).matrix
    print(matrix.to_string())
    return plain(matrix.rename_axis("model").reset_index(), "model")


def shuffled(scores: pd.Series, seed: int) -> pd.Series:
    """The same scores, those of each stock given to another: as persistent, and without any information."""
    stocks = scores.index.unique("instrument")
    others = np.random.default_rng(seed).permutation(stocks)
    return scores.rename(dict(zip(stocks, others, strict=True)), level="instrument").sort_index()


def at_random(settings: dict[str, Any], scores: pd.Series) -> dict[str, float]:
    """Annual excess of an index's portfolios of `shuffled` scores: mean and standard deviation over the draws."""
    of_one = IndexEnhancementSettings.of(**settings | {"turnover_limits": [LIMIT]})
    runs = [run_index_enhancement(shuffled(scores, seed), of_one) for seed in tqdm(range(DRAWS), "at random")]
    excess = pd.Series([portfolio_tables.performance(run)["annual_excess"].iloc[0] for run in runs])
    return {"draws": DRAWS, "annual_excess_mean": excess.mean(), "annual_excess_std": excess.std()}


def portfolios(index: str, scores: pd.Series) -> dict[str, Any]:
    """The portfolios of an index: ours and the Huatai report's by turnover limit, the index itself as ``benchmark``."""
    settings = settings_of(load_config(f"enhance_{index}"), "IndexEnhancementRecord")
    result = run_index_enhancement(scores, IndexEnhancementSettings.of(**settings), HELD)
    ours = portfolio_tables.performance(result).merge(portfolio_tables.statistics(result), how="left")
    theirs = published("enhancement_performance")
    print(ours.to_string())
    return {
        **spanned(result.days, "day"),
        "ours": plain(ours.drop(columns=["index", "figure"]), "turnover_limit"),
        "report": plain(theirs[theirs["index"] == index.upper()].drop(columns="index"), "turnover_limit"),
        "at_random": at_random(settings, scores),
    }


def main() -> None:
    """Take the scores, training what is missing, and print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/real_data"))
    parser.add_argument("--seed", type=int, default=0)
    add_options(parser)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    qlib.init(**load_config("gru")["qlib_init"])
    datasets: dict[str, Any] = {}
    scores = {name: predict(name, arguments.seed, arguments.out, datasets) for name in MODELS}
    figures = {
        "factor_tests": factor_tests(scores),
        "correlation": correlation(scores),
        "portfolios": {index: portfolios(index, scores[HELD]) for index in INDICES},
    }
    keep(arguments.json, figures)


if __name__ == "__main__":
    main()
