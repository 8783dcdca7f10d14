"""Tables of an index enhancement, in the report's columns and beside the report's figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.portfolio.results.exposures import bounds
from qlib_mfgru.portfolio.results.result import IndexEnhancement, PortfolioRun
from qlib_mfgru.report import measures as measures
from qlib_mfgru.report.published import published

PERFORMANCE_COLUMNS = tuple(published("enhancement_performance").columns)
"""Columns of the report's figures 36, 40, 44 and 48. In a table of ours `figure` is empty."""
BENCHMARK = "benchmark"
"""What stands for the turnover limit in the index's own row."""


def performance(result: IndexEnhancement) -> pd.DataFrame:
    """The report's table of this run: a row a turnover limit, then the index; `PERFORMANCE_COLUMNS`, net of costs."""
    rows: list[dict[str, Any]] = []
    for run in result.runs:
        trades = {name: measure(run.report["turnover"], _dates(run)) for name, measure in measures.OF_TRADES.items()}
        rows.append({"turnover_limit": limit_name(run), **measures.measure(run.returns, run.benchmark), **trades})
    index = result.runs[0].benchmark
    alone = {name: measure(index) for name, measure in measures.OF_RETURNS.items()}
    rows.append({"turnover_limit": BENCHMARK, **alone})
    return pd.DataFrame(rows).assign(index=_index(result)).reindex(columns=list(PERFORMANCE_COLUMNS))


def yearly(result: IndexEnhancement) -> pd.DataFrame:
    """Compounded net return of each calendar year of the run, parts of years as they are; rows as in `performance`."""
    series = {limit_name(run): run.returns for run in result.runs} | {BENCHMARK: result.runs[0].benchmark}
    years = pd.DataFrame({name: measures.yearly_returns(returns) for name, returns in series.items()}).T
    table = years.rename(columns=str).rename_axis("turnover_limit").reset_index().assign(index=_index(result))
    return table.reindex(columns=["index", "turnover_limit", *map(str, years.columns), "figure"])


def comparison(result: IndexEnhancement) -> pd.DataFrame:
    """`performance` beside the report's, limit by limit, with the run's counts of rebalances.

    An index that the report lacks stands alone.
    """
    counts = statistics(result)[["turnover_limit", "n_rebalances", "n_failed", "n_relaxed"]]
    both = _beside(performance(result).merge(counts, how="left"), "enhancement_performance")
    whole = dict.fromkeys(counts.columns.drop("turnover_limit"), "Int64")
    return both.astype(whole)


def yearly_comparison(result: IndexEnhancement) -> pd.DataFrame:
    """`yearly` beside the report's, as in `comparison`; years that one of them lacks are empty."""
    both = _beside(yearly(result), "enhancement_yearly")
    years = sorted(column for column in both.columns if column.isdigit() and both[column].notna().any())
    return both[["source", "index", "turnover_limit", *years, "figure"]]


def statistics(result: IndexEnhancement) -> pd.DataFrame:
    """What else is known of each portfolio: a row a turnover limit."""
    return pd.DataFrame([{"turnover_limit": limit_name(run), **_statistics(run)} for run in result.runs])


def _statistics(run: PortfolioRun) -> dict[str, Any]:
    gross, log, held = run.report["return"], run.rebalances, run.exposures
    return {
        **{name: measure(gross, run.report["cost"]) for name, measure in measures.OF_COSTS.items()},
        "largest_turnover": float(measures.rebalance_turnover(run.report["turnover"], _dates(run)).max()),
        "mean_names": float(held["names"].mean()),
        "mean_active_share": float(held["active_share"].mean()),
        "mean_cash": float(held["cash"].mean()),
        "mean_index_covered": float(log["index_covered"].mean()),
        "n_rebalances": len(log),
        "n_failed": int((log["status"] == "failed").sum()),
        "n_relaxed": int((log["status"] == "relaxed").sum()),
        "n_orders": int(log["orders"].sum()),
        "n_unfilled": int(log["unfilled"].sum()),
        "mean_unfilled_value": float(log["unfilled_value"].mean()),
    }


def exposures(result: IndexEnhancement) -> pd.DataFrame:
    """Realised exposures beside their limits: a row a turnover limit and exposure.

    ``least`` and ``most`` are the limits; ``worst`` is the day's value that keeps the least distance to them, or lies
    furthest beyond; ``days_beyond`` the share of days that lie beyond.
    """
    rows = []
    for run in result.runs:
        for name, bound in bounds(result.settings).items():
            values = run.exposures[name]
            found = {"mean": float(values.mean()), "worst": bound.worst(values), "days_beyond": bound.beyond(values)}
            limits = {side: limit if np.isfinite(limit) else np.nan for side, limit in vars(bound).items()}
            rows.append({"turnover_limit": limit_name(run), "exposure": name, **limits, **found})
    return pd.DataFrame(rows)


def relaxed(result: IndexEnhancement) -> pd.DataFrame:
    """How often and by how much at most each constraint gave way: a row a turnover limit and constraint."""
    rows = []
    for run in result.runs:
        for column in run.rebalances.columns[run.rebalances.columns.str.startswith("relaxed.")]:
            broken = run.rebalances[column].fillna(0.0)
            found = {"n_relaxed": int((broken > 0).sum()), "largest": float(broken.max())}
            rows.append({"turnover_limit": limit_name(run), "constraint": column.removeprefix("relaxed."), **found})
    return pd.DataFrame(rows, columns=["turnover_limit", "constraint", "n_relaxed", "largest"])


def metrics(result: IndexEnhancement) -> dict[str, float]:
    """Scalars for a recorder, those that are known: ``<limit>.<measure>``, ``<limit>.<exposure>.<measure>`` and
    ``<limit>.<constraint>.<measure>``."""
    tables = (
        performance(result).drop(columns=["index", "figure"]),
        statistics(result),
        exposures(result).rename(columns={"exposure": "of"}),
        relaxed(result).rename(columns={"constraint": "of"}),
    )
    found: dict[str, float] = {}
    for table in tables:
        for row in table.to_dict("records"):
            prefix = ".".join(row.pop(name) for name in ("turnover_limit", "of") if name in row)
            found |= {f"{prefix}.{name}": float(value) for name, value in row.items() if np.isfinite(value)}
    return found


TABLES: dict[str, Callable[[IndexEnhancement], pd.DataFrame]] = {
    "performance.csv": performance,
    "yearly.csv": yearly,
    "comparison.csv": comparison,
    "yearly_comparison.csv": yearly_comparison,
    "statistics.csv": statistics,
    "exposures.csv": exposures,
    "relaxed.csv": relaxed,
}
"""File name of each table."""


def limit_name(run: PortfolioRun) -> str:
    """The turnover limit as the report's tables print it, e.g. ``0.3``."""
    return f"{run.limit:g}"


def _beside(ours: pd.DataFrame, table: str) -> pd.DataFrame:
    report = published(table)
    theirs = report[report["index"].isin(ours["index"])].assign(source="report")
    both = pd.concat([theirs, ours.assign(source="this run")], ignore_index=True)
    limits = both["turnover_limit"].replace(BENCHMARK, "inf").astype(float)
    ordered = both.loc[limits.sort_values(kind="stable").index]
    return ordered[["source", *both.columns.drop("source")]].reset_index(drop=True)


def _index(result: IndexEnhancement) -> str:
    return result.settings.index.upper()


def _dates(run: PortfolioRun) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(run.rebalances.index)
