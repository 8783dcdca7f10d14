"""Tables of an index enhancement, in the report's columns and beside the report's figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru import performance as measures
from qlib_mfgru.portfolio.exposures import limits
from qlib_mfgru.portfolio.result import IndexEnhancement, PortfolioRun
from qlib_mfgru.report.published import published

PERFORMANCE_COLUMNS = tuple(published("enhancement_performance").columns)
"""Columns of the report's figures 36, 40, 44 and 48. In a table of ours `figure` is empty."""

BENCHMARK = "benchmark"
"""What stands for the index in the column `turnover_limit`."""

RELAXED = "relaxed."
"""Beginning of the columns of `PortfolioRun.rebalances` that say what gave way."""


def performance(result: IndexEnhancement) -> pd.DataFrame:
    """The report's table of this run: a row a turnover limit, then the index; `PERFORMANCE_COLUMNS`."""
    rows = [
        {"turnover_limit": run.limit, **measures.measure(run.returns, run.benchmark), "turnover": mean_turnover(run)}
        for run in result.runs
    ]
    alone = {name: function(result.runs[0].benchmark) for name, function in measures.OF_RETURNS.items()}
    return _in_columns([*rows, {"turnover_limit": BENCHMARK, **alone}], result, list(PERFORMANCE_COLUMNS))


def yearly(result: IndexEnhancement) -> pd.DataFrame:
    """Returns by calendar year in the columns of the report's figures 37, 41, 45 and 49, for the run's own years."""
    series = {run.limit: run.returns for run in result.runs} | {BENCHMARK: result.runs[0].benchmark}
    rows = []
    for limit, returns in series.items():
        by_year = measures.yearly_returns(returns)
        rows.append({"turnover_limit": limit, **{str(year): value for year, value in by_year.items()}})
    years = [name for name in rows[0] if name != "turnover_limit"]
    return _in_columns(rows, result, ["index", "turnover_limit", *years, "figure"])


def comparison(result: IndexEnhancement) -> pd.DataFrame:
    """The report's rows of the index and this run's; an index that the report lacks stands alone."""
    report, ours = published("enhancement_performance"), performance(result)
    theirs = report[report["index"] == result.settings.index.upper()].assign(source="report")
    first, last = result.runs[0].report.index[[0, -1]]
    ours = ours.assign(source="this run", first_day=f"{first:%Y-%m-%d}", last_day=f"{last:%Y-%m-%d}")
    both = pd.concat([theirs, ours], ignore_index=True)
    return both[["source", *PERFORMANCE_COLUMNS, "first_day", "last_day"]]


def statistics(result: IndexEnhancement) -> pd.DataFrame:
    """How each portfolio was made: costs, names, rebalances and what gave way, orders: a row a turnover limit."""
    return pd.DataFrame([{"turnover_limit": run.limit, **_statistics(run)} for run in result.runs])


def _statistics(run: PortfolioRun) -> dict[str, Any]:
    log = run.rebalances
    relaxed = {name: int((log[name] > 0).sum()) for name in log.columns if name.startswith(RELAXED)}
    return {
        "cost_drag": measures.cost_drag(run.report["return"], run.report["cost"]),
        "names": run.exposures["names"].mean(),
        "cash": run.exposures["cash"].mean(),
        "active_share": run.exposures["active_share"].mean(),
        "rebalances": len(log),
        "failed": int((log["status"] == "failed").sum()),
        "relaxed": int((log["status"] == "relaxed").sum()),
        **{name: count for name, count in relaxed.items() if count},
        "orders": int(log["orders"].sum()),
        "unfilled": int(log["unfilled"].sum()),
        "unfilled_value": log["unfilled_value"].mean(),
        "index_covered_least": log["index_covered"].min(),
    }


def exposures(result: IndexEnhancement) -> pd.DataFrame:
    """Realised exposures at the closes beside their limits: a row a turnover limit and exposure.

    They may pass a limit: it binds at the rebalance, at the prices of the close before; prices move afterwards.
    """
    rows = []
    for run in result.runs:
        for name, limit in limits(result.settings).items():
            values = run.exposures[name]
            worst = values.min() if name == "constituent_weight" else values.iloc[int(values.abs().argmax())]
            row = {"turnover_limit": run.limit, "exposure": name, "limit": limit, "mean": values.mean(), "worst": worst}
            rows.append(row)
    return pd.DataFrame(rows, columns=["turnover_limit", "exposure", "limit", "mean", "worst"])


def mean_turnover(run: PortfolioRun) -> float:
    """Mean two-sided turnover a rebalance, as a share of the account; the first purchase is left out."""
    dealt = run.report["turnover"].reindex(run.rebalances.index)
    return float(dealt.iloc[1:].mean())


def metrics(result: IndexEnhancement) -> dict[str, float]:
    """Scalars for a recorder, ``<limit>.<measure>``, those that are known."""
    table = performance(result).drop(columns=["index", "figure"]).set_index("turnover_limit")
    values = {f"{limit}.{name}": value for limit, row in table.iterrows() for name, value in row.items()}
    counts = statistics(result).set_index("turnover_limit")[["failed", "relaxed", "cost_drag"]]
    values |= {f"{limit}.{name}": value for limit, row in counts.iterrows() for name, value in row.items()}
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}


def _in_columns(rows: list[dict[str, Any]], result: IndexEnhancement, columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows).assign(index=result.settings.index.upper()).reindex(columns=columns)
