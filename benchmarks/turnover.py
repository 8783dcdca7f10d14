"""What turns a model's portfolios over, and what it costs: seeds beside their ensemble, and limits of turnover.

    python benchmarks/turnover.py [STUDY.yaml] [--recorder ID] [--limits 0.1 0.2 ...] [--aversions 0 1] [--record]

Takes the scores of a study's rolling model from its store in the working folder: those of `daily` in
``workflow_configs/ashare_daily/study.yaml`` (`replication.py` and ``mfgru study`` make them, and so does this where
they are not there yet), or those of a recorder, whatever version of this package made it. The TOP layer of the
prediction and of each of its seeds is held beside the Huatai report's; then the portfolios around the study's indices
are made for every turnover limit, with and without costs in what is maximised (`cost_aversion`).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import pandas as pd
import qlib
import record
from qlib.workflow import R
from qlib.workflow.recorder import Recorder
from tqdm.auto import tqdm

from qlib_mfgru.factor import FactorTestSettings, run_factor_test
from qlib_mfgru.factor.results import tables as of_factor
from qlib_mfgru.portfolio import IndexEnhancementSettings, run_index_enhancement
from qlib_mfgru.portfolio.results import tables as of_portfolio
from qlib_mfgru.report.published import published
from qlib_mfgru.report.recorders import PREDICTION, find_recorder, load_artifact
from qlib_mfgru.study import run_study
from qlib_mfgru.study.source import StudySource

STUDY = record.ROOT / "workflow_configs/ashare_daily/study.yaml"
LIMITS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


def scores_of(recorder: Recorder, seeds: list[int]) -> dict[str, pd.Series]:
    """The prediction's scores, and those of an ensemble's members, over all folds."""
    files = {"ensemble" if seeds else "prediction": PREDICTION} | {
        f"seed {seed}": f"rolling/score_seed{seed}.pkl" for seed in seeds
    }
    advice = "train it again"
    return {name: load_artifact(recorder, file, advice)["score"] for name, file in files.items()}


def tops(scores: Mapping[str, pd.Series], pools: list[str]) -> list[dict[str, Any]]:
    """A row of the factor test's table a series and pool, with the rank correlation of the factor a week apart."""
    rows = []
    for name, series in tqdm(scores.items(), "factor tests"):
        test = run_factor_test(series, FactorTestSettings(pools=tuple(pools)), name)
        apart = of_factor.statistics(test)[["pool", "rank_autocorrelation"]]
        rows.append(of_factor.summary(test).merge(apart, on="pool"))
    return record.plain(pd.concat(rows))


def limited(scores: pd.Series, settings: Mapping[str, Any], aversions: list[float]) -> list[dict[str, Any]]:
    """Performance and statistics of an index's portfolios: a row a turnover limit and cost aversion."""
    rows = []
    for aversion in aversions:
        result = run_index_enhancement(scores, IndexEnhancementSettings.of(**settings, cost_aversion=aversion))
        table = of_portfolio.performance(result).merge(of_portfolio.statistics(result), how="left")
        rows.append(table.assign(cost_aversion=aversion))
        print(rows[-1].to_string(), flush=True)
    return record.plain(pd.concat(rows))


def main() -> None:
    """Take the scores, make all portfolios, and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=record.study_file, nargs="?", default=STUDY)
    parser.add_argument("--model", default="daily")
    parser.add_argument("--recorder", metavar="ID", help="of the model, as mlflow ui shows it")
    parser.add_argument("--limits", type=float, nargs="*", default=LIMITS, help="none: no portfolios are made")
    parser.add_argument("--aversions", type=float, nargs="+", default=[0.0, 1.0])
    record.add_options(parser)
    options = parser.parse_args()
    content = StudySource.read(options.study).content
    if options.recorder:
        qlib.init(**content["qlib_init"])
        found = options.recorder
    else:
        found = {part.name: part.recorder for part in run_study(options.study).parts}[options.model]
    scores = scores_of(find_recorder(found, R.exp_manager), content.get("seeds") or [])
    top = tops(scores, content["factor_test"]["pools"])
    limits = {
        index: limited(
            next(iter(scores.values())),
            {"index": index, **(own or {}), "turnover_limits": options.limits},
            options.aversions,
        )
        for index, own in content["enhancements"]["indices"].items()
        if options.limits
    }
    theirs = published("factor_tests")[["pool", "model", "top_turnover"]]
    record.keep(
        options.json, {"model": options.model, "top": top, "report_top": record.plain(theirs), "limits": limits}
    )


if __name__ == "__main__":
    main()
