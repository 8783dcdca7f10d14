"""Tables of a factor test, in the report's columns and beside the report's figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.factor.ic import ICStatistics
from qlib_mfgru.factor.study import FactorTest, PoolTest
from qlib_mfgru.report import measures as performance
from qlib_mfgru.report.published import published

SUMMARY_COLUMNS = tuple(published("factor_tests").columns)
"""Columns of the report's figures 15 and 24. In a table of ours `figure` is empty."""


def summary(test: FactorTest, model: str) -> pd.DataFrame:
    """The report's table of this run: a row a pool, `SUMMARY_COLUMNS`."""
    rows = []
    for pool, result in test.pools.items():
        ic, top = ICStatistics.of(result.rank_ic), _layer(result, _top(result))
        values = (ic.mean, ic.std, ic.ir, ic.positive_share)
        measures = (top["annual_excess"], top["information_ratio"], top["monthly_win_rate"], top["turnover"])
        rows.append((pool.upper(), model, *values, *measures, pd.NA))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def comparison(summary: pd.DataFrame, test: FactorTest) -> pd.DataFrame:
    """The report's models and this run beside each other, pool by pool; pools that the report lacks stand alone."""
    report = published("factor_tests")
    ours = summary.assign(source="this run", n_dates=[len(_used(result)) for result in test.pools.values()])
    theirs = report[report["pool"].isin(summary["pool"])].assign(source="report")
    both = pd.concat([theirs, ours], ignore_index=True)
    both["pool"] = pd.Categorical(both["pool"], list(summary["pool"]), ordered=True)
    both["n_dates"] = both["n_dates"].astype("Int64")
    ordered = both.sort_values("pool", kind="stable")
    return ordered[["source", *SUMMARY_COLUMNS, "n_dates"]].reset_index(drop=True)


def statistics(test: FactorTest) -> pd.DataFrame:
    """What else is known of each pool: a row a pool."""
    return pd.DataFrame([{"pool": pool.upper(), **_statistics(result)} for pool, result in test.pools.items()])


def _statistics(result: PoolTest) -> dict[str, Any]:
    rank, linear = ICStatistics.of(result.rank_ic), ICStatistics.of(result.ic)
    return {
        "rank_ic_t": rank.t_statistic,
        "ic_mean": linear.mean,
        "ic_std": linear.std,
        "icir": linear.ir,
        "ic_t": linear.t_statistic,
        "rank_autocorrelation": float(result.autocorrelation.mean()),
        "long_short_return": performance.annual_return(long_short(result)),
        "long_short_sharpe": performance.sharpe(long_short(result)),
        "n_dates": len(_used(result)),
        "n_dates_too_small": len(result.counts) - len(_used(result)),
        "mean_stocks": float(_used(result)["kept"].mean()),
    }


def layers(test: FactorTest) -> pd.DataFrame:
    """All measures of all layers, from 1 (lowest factors) to the TOP layer, then long-short: a row each."""
    rows = []
    for pool, result in test.pools.items():
        rows += [{"pool": pool.upper(), "layer": layer, **_layer(result, layer)} for layer in result.layers]
        spread = long_short(result)
        alone = {name: function(spread) for name, function in performance.OF_RETURNS.items()}
        traded = result.turnover[[1, _top(result)]].mean().sum()
        rows.append({"pool": pool.upper(), "layer": "long_short", **alone, "turnover": traded})
    return pd.DataFrame(rows)


def long_short(result: PoolTest) -> pd.Series:
    """Daily return of one unit in the TOP layer and minus one in layer 1: gross leverage 2 on one unit of capital."""
    return result.returns[_top(result)] - result.returns[1]


def exclusions(test: FactorTest) -> pd.DataFrame:
    """Stocks a test date, by reason: means over all test dates, a row a pool."""
    means = {pool.upper(): result.counts.mean() for pool, result in test.pools.items()}
    return pd.DataFrame(means).T.rename_axis("pool").reset_index()


def decay(test: FactorTest) -> pd.DataFrame:
    """Mean RankIC by horizon in trading days: a row a pool."""
    means = {pool.upper(): result.decay.mean() for pool, result in test.pools.items()}
    return pd.DataFrame(means).T.rename_axis("pool").reset_index()


def metrics(test: FactorTest, model: str) -> dict[str, float]:
    """Scalars for a recorder, ``<pool>.<statistic>``, those that are known."""
    tables = [summary(test, model).drop(columns=["model", "figure"]), statistics(test)]
    found: dict[str, float] = {}
    for table in tables:
        for row in table.to_dict("records"):
            pool = row.pop("pool")
            found |= {f"{pool}.{name}": float(value) for name, value in row.items() if np.isfinite(value)}
    return found


def _layer(result: PoolTest, layer: int) -> dict[str, float]:
    measures = performance.measure(result.returns[layer], result.pool_returns)
    return {**measures, "turnover": float(result.turnover[layer].mean())}


def _top(result: PoolTest) -> int:
    return result.layers[-1]


def _used(result: PoolTest) -> pd.DataFrame:
    """Counts of the dates that have layers."""
    return result.counts[result.counts["kept"] >= _top(result)]
