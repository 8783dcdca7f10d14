"""What the incremental model finds on the demo market: its factor test, and the first day of its CSI1000 portfolio.

    python benchmarks/demo_results.py [--json FILE]

As ``mfgru demo``, ``workflow_configs/demo/incremental.yaml`` and ``enhance_csi1000.yaml`` make them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import qlib
from qlib.utils import init_instance_by_config
from real_data import CONFIGS, load_config
from real_results import settings_of
from record import add_options, keep, plain, spanned

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.factor import FactorTestSettings, run_factor_test
from qlib_mfgru.factor.results import tables as factor_tables
from qlib_mfgru.portfolio import IndexEnhancementSettings, run_index_enhancement
from qlib_mfgru.portfolio.results import tables as portfolio_tables

DEMO = CONFIGS.parent / "demo"
LIMIT = 0.3


def train(config: dict[str, Any]) -> pd.Series:
    """Scores of the test segment by a YAML's model."""
    model, dataset = (init_instance_by_config(config["task"][part]) for part in ("model", "dataset"))
    model.fit(dataset)
    scores: pd.Series = model.predict(dataset)
    return scores


def factor_test(scores: pd.Series, settings: dict[str, Any]) -> dict[str, Any]:
    """Figures 15 and 24 of the Huatai report, by pool."""
    test = run_factor_test(scores, FactorTestSettings.of(**settings))
    table = factor_tables.summary(test).merge(factor_tables.statistics(test), on="pool")
    print(table.to_string())
    return {
        **spanned(test.dates, "date"),
        "pools": plain(table.drop(columns=["model", "figure"]), "pool"),
    }


def first_day(scores: pd.Series, settings: dict[str, Any]) -> dict[str, float]:
    """What the day of the first purchase does to a portfolio's excess, by both ways to count it."""
    result = run_index_enhancement(scores, IndexEnhancementSettings.of(**settings | {"turnover_limits": [LIMIT]}))
    since = portfolio_tables.since_deal(result).iloc[0]
    print(since.to_string())
    return {
        "excess": since["first_day_excess"],
        "cost": result.runs[0].report["cost"].loc[since["first_deal"]],
        "largest_drawdown": portfolio_tables.performance(result)["excess_max_drawdown"].iloc[0],
        "largest_drawdown_since_deal": since["excess_max_drawdown"],
    }


def main() -> None:
    """Make the market, train, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    options = parser.parse_args()
    config, enhancement = load_config("incremental", DEMO), load_config("enhance_csi1000", DEMO)
    with tempfile.TemporaryDirectory() as folder:
        market = Path(folder) / "market"
        make_demo_market(market)
        qlib.init(**config["qlib_init"] | {"provider_uri": str(market)})
        scores = train(config)
        figures = {
            "factor_test": factor_test(scores, settings_of(config, "FactorTestRecord")),
            "first_day": first_day(scores, settings_of(enhancement, "IndexEnhancementRecord")),
        }
    keep(options.json, figures)


if __name__ == "__main__":
    main()
