"""Tables of an index enhancement, in the columns of the Huatai report and next to its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.numerals import numeral
from qlib_mfgru.portfolio.results import untradable
from qlib_mfgru.portfolio.results.bounds import bounds
from qlib_mfgru.portfolio.results.conventions import heading, notes, printed
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement, PortfolioRun
from qlib_mfgru.report import measures
from qlib_mfgru.report.outputs import Outputs
from qlib_mfgru.report.published import beside, published
from qlib_mfgru.report.record import scalars
from qlib_mfgru.report.words import header

outputs: Outputs[IndexEnhancement] = Outputs()
"""The page has the tables with headings in the order of this file."""

PERFORMANCE_COLUMNS = tuple(published("enhancement_performance").columns)
"""Columns of the Huatai report's figures 36, 40, 44 and 48. In a table of ours `figure` is empty."""
EXPOSURE_COLUMNS = ("turnover_limit", "exposure", "least", "most", "mean", "worst", "days_beyond")
METRICS = ("annual_excess", "information_ratio", "excess_max_drawdown")
"""Measures of each portfolio that a recorder has as metrics."""
BREAKING = ("forced", "relaxed")
"""Statuses of rebalances whose targets break a constraint: see `Solution`."""
BENCHMARK = "benchmark"
"""Shown instead of the turnover limit in the index's own row."""


@outputs.table("performance.csv")
def performance(result: IndexEnhancement) -> pd.DataFrame:
    """One row per turnover limit, then the index, in the columns of the Huatai report, net of costs."""
    rows: list[dict[str, Any]] = []
    year = result.session.days_per_year
    for run in result.runs:
        of_run = measures.measure(run.returns, run.benchmark, year)
        traded = measures.turnover(run.report["turnover"], run.dates)
        rows.append({"turnover_limit": run.limit_name, **of_run, "turnover": traded})
    rows.append({"turnover_limit": BENCHMARK, **measures.of_returns(result.runs[0].benchmark, year)})
    return pd.DataFrame(rows).assign(index=result.index).reindex(columns=list(PERFORMANCE_COLUMNS))


@outputs.table("yearly.csv")
def yearly(result: IndexEnhancement) -> pd.DataFrame:
    """Compounded net return of each calendar year of the run, parts of years as they are; rows as in `performance`."""
    series = {run.limit_name: run.returns for run in result.runs} | {BENCHMARK: result.runs[0].benchmark}
    years = pd.DataFrame({name: measures.yearly_returns(returns) for name, returns in series.items()}).T
    table = years.rename(columns=str).rename_axis("turnover_limit").reset_index().assign(index=result.index)
    return table.reindex(columns=["index", "turnover_limit", *map(str, years.columns), "figure"])


@outputs.table("comparison.csv", heading=heading, notes=notes)
def comparison(result: IndexEnhancement) -> pd.DataFrame:
    """`performance` next to the Huatai report's, limit by limit, with the run's counts of rebalances.

    An index or market that the Huatai report lacks is shown alone.
    """
    counts = statistics(result)[["turnover_limit", "n_rebalances", "n_failed", "n_forced", "n_relaxed"]]
    both = _by_limit(beside(printed(result), performance(result).merge(counts, how="left")))
    whole = dict.fromkeys(counts.columns.drop("turnover_limit"), "Int64")
    return both.astype(whole)


def two_counts(_: IndexEnhancement) -> list[str]:
    """How this table counts, and how the others do."""
    of_day = header("first_day_excess")
    return [
        "The table above sets the portfolio's return from the first deal to that day's close beside the index's since "
        f'the close before; with the costs of the purchase that is "{of_day}". This table and the charts count both '
        "from the deal: of that day only the costs."
    ]


@outputs.table("since_deal.csv", heading="Excess since the first deal", notes=two_counts)
def since_deal(result: IndexEnhancement) -> pd.DataFrame:
    """Measures of the excess counted from the first deal (`PortfolioRun.since_deal`): one row per turnover limit."""
    rows = []
    for run in result.runs:
        day = run.first_deal
        of_day = measures.excess(run.returns, run.benchmark).loc[day:].iloc[0]
        first = {"turnover_limit": run.limit_name, "first_deal": f"{day:%Y-%m-%d}", "first_day_excess": of_day}
        rows.append(first | measures.of_excess(*run.since_deal(), result.session.days_per_year))
    return pd.DataFrame(rows)


def _percent_by_year(table: pd.DataFrame) -> dict[str, str]:
    return {column: ".2%" for column in table.columns if column.isdigit()}


@outputs.table("yearly_comparison.csv", heading="Returns by calendar year", formats=_percent_by_year)
def yearly_comparison(result: IndexEnhancement) -> pd.DataFrame:
    """`yearly` next to the Huatai report's, as in `comparison`; years that one of them lacks are empty."""
    both = _by_limit(beside(printed(result, "enhancement_yearly"), yearly(result)))
    years = sorted(column for column in both.columns if column.isdigit() and both[column].notna().any())
    return both[["source", "index", "turnover_limit", *years, *both.columns.intersection(["figure"])]]


def incidents(result: IndexEnhancement) -> list[str]:
    """What did not go as planned, in words: one line per turnover limit."""
    counts = statistics(result).to_dict("records")
    return [_incidents(run, row) for run, row in zip(result.runs, counts, strict=True)]


@outputs.table("statistics.csv", heading="Costs, holdings, rebalances and orders", notes=incidents)
def statistics(result: IndexEnhancement) -> pd.DataFrame:
    """What else is known of each portfolio: one row per turnover limit."""
    year = result.session.days_per_year
    return pd.DataFrame([{"turnover_limit": run.limit_name, **_statistics(run, year)} for run in result.runs])


@outputs.table(
    "exposures.csv", heading="Realised exposures and their limits", empty="No constraint limits an exposure."
)
def exposures(result: IndexEnhancement) -> pd.DataFrame:
    """Realised exposures and their limits: one row per turnover limit and exposure.

    ``least`` and ``most`` are the limits; ``worst`` is the day's value that keeps the least distance to them, or lies
    furthest beyond; ``days_beyond`` the share of days that lie beyond.
    """
    rows = []
    for run in result.runs:
        for name, bound in bounds(result.settings).items():
            held = run.exposures[name]
            limits = {side: limit if np.isfinite(limit) else np.nan for side, limit in vars(bound).items()}
            days = {"mean": float(held.mean()), "worst": bound.worst(held), "days_beyond": bound.beyond(held)}
            rows.append({"turnover_limit": run.limit_name, "exposure": name, **limits, **days})
    return pd.DataFrame(rows, columns=list(EXPOSURE_COLUMNS))


@outputs.table("relaxed.csv")
def relaxed(result: IndexEnhancement) -> pd.DataFrame:
    """How often and by how much at most each constraint was broken: one row per turnover limit and constraint.

    ``n_forced`` and ``n_relaxed`` count rebalances by their status.
    """
    rows = []
    for run in result.runs:
        log = run.rebalances
        for column in log.columns[log.columns.str.startswith("relaxed.")]:
            broken = log[column].fillna(0.0)
            row = {"turnover_limit": run.limit_name, "constraint": column.removeprefix("relaxed.")}
            counts = {f"n_{status}": int((broken[log["status"] == status] > 0).sum()) for status in BREAKING}
            rows.append(row | counts | {"largest": float(broken.max())})
    return pd.DataFrame(rows, columns=["turnover_limit", "constraint", *(f"n_{s}" for s in BREAKING), "largest"])


def contradictions(result: IndexEnhancement) -> list[str]:
    """Stocks of which no weight meets all limits on it, a line for each portfolio that met any."""
    lines = []
    for run in result.runs:
        limit = numeral(run.limit, "g%")
        times = run.rebalances["contradicted"].str.split().explode().value_counts().sort_index()
        stocks = ", ".join(f"{stock} ({n})" for stock, n in times.sort_values(ascending=False, kind="stable").items())
        lines += (
            [
                f"Turnover limit {limit}, rebalances at which no weight of a stock meets all limits on it, "
                f"such as an ST stock of the index: {stocks}."
            ]
            if stocks
            else []
        )
    return lines


@outputs.table(
    heading="Constraints that were broken",
    formats={"largest": ".2g"},
    notes=contradictions,
    empty="No constraint was broken.",
)
def gave_way(result: IndexEnhancement) -> pd.DataFrame:
    """Rows of `relaxed` that count something."""
    return relaxed(result).query("n_forced + n_relaxed > 0")


outputs.table("untradable.csv")(untradable.by_rebalance)
outputs.table(
    heading="Stocks that could not be traded and forced constraints to be broken",
    formats={"largest": ".2g"},
    notes=untradable.left_out,
    empty="No stock forced a constraint to be broken.",
)(untradable.most_often)


def hole_effect(result: IndexEnhancement) -> list[str]:
    """What days without a level do to the figures; nothing to say where there are none."""
    if not len(result.index_holes):
        return []
    days = len(result.runs[0].benchmark)
    return [
        f"On {len(result.index_holes):,} of {days:,} days the index has no level and returns 0; the next day with one "
        "takes the whole return. Compounded returns are right; tracking error, information ratio, Sharpe and drawdowns "
        "are not those of the index's real days."
    ]


@outputs.table(
    "index_holes.csv",
    heading="Days without an index level",
    notes=hole_effect,
    empty="The index has a level on every day.",
)
def index_holes(result: IndexEnhancement) -> pd.DataFrame:
    """One row per hole in the index's levels: its first and last day, and how many trading days it has."""
    days, holes = result.runs[0].benchmark.index, result.index_holes
    place = pd.Series(days.get_indexer(holes), index=holes)
    of_hole = holes.to_series().groupby((place.diff() != 1).cumsum())
    table = of_hole.agg(first="first", last="last", days="size").reset_index(drop=True)
    return table.assign(
        **{name: table[name].dt.strftime("%Y-%m-%d") for name in ("first", "last")} if len(table) else {}
    )


@outputs.table(
    "index_changes.csv", heading="Changes of the index's members", empty="The index keeps its members on all days."
)
def index_changes(result: IndexEnhancement) -> pd.DataFrame:
    """How many members joined and left the index: one row per day on which any did."""
    changes = result.index_changes.reset_index()
    return changes.assign(day=pd.DatetimeIndex(changes["day"]).strftime("%Y-%m-%d"))


@outputs.table("rebalances.csv")
def rebalances(result: IndexEnhancement) -> pd.DataFrame:
    """The solver's log of all portfolios."""
    return result.stacked("rebalances").reset_index()


@outputs.pickle("daily.pkl")
def daily(result: IndexEnhancement) -> pd.DataFrame:
    """qlib's reports of all portfolios, one row per day."""
    return result.stacked("report")


@outputs.pickle("positions.pkl")
def positions(result: IndexEnhancement) -> pd.DataFrame:
    """What all portfolios held at each close."""
    return result.stacked("positions")


@outputs.pickle("exposures.pkl")
def daily_exposures(result: IndexEnhancement) -> pd.DataFrame:
    """Realised exposures of all portfolios, one row per day."""
    return result.stacked("exposures")


def metrics(result: IndexEnhancement) -> dict[str, float]:
    """By which runs are compared: ``<INDEX>.<limit>.<measure>`` of `METRICS` where it is known, and
    ``<INDEX>.n_failed``, ``n_forced`` and ``n_relaxed``, the rebalances of all portfolios with that status."""
    compared = scalars([performance(result)[["turnover_limit", *METRICS]]], by=["turnover_limit"])
    table = statistics(result)
    counts = {f"n_{status}": float(table[f"n_{status}"].sum()) for status in ("failed", *BREAKING)}
    return {f"{result.index}.{name}": value for name, value in (compared | counts).items()}


def _statistics(run: PortfolioRun, days_per_year: int) -> dict[str, Any]:
    gross, log, held = run.report["return"], run.rebalances, run.exposures
    return {
        "cost_drag": measures.cost_drag(gross, run.report["cost"], days_per_year),
        "largest_turnover": float(measures.rebalance_turnover(run.report["turnover"], run.dates).max()),
        "mean_names": float(held["names"].mean()),
        "mean_active_share": float(held["active_share"].mean()),
        "mean_cash": float(held["cash"].mean()),
        "mean_index_covered": float(log["index_covered"].mean()),
        "n_rebalances": len(log),
        **{f"n_{status}": int((log["status"] == status).sum()) for status in ("failed", *BREAKING)},
        "n_orders": int(log["orders"].sum()),
        "n_unfilled": int(log["unfilled"].sum()),
        "mean_unfilled_value": float(log["unfilled_value"].mean()),
    }


def _incidents(run: PortfolioRun, counts: Mapping[Any, Any]) -> str:
    reasons = run.rebalances.loc[run.rebalances["status"] == "failed", "message"].value_counts()
    limit = numeral(run.limit, "g%")
    failed = "; ".join(f"{reason}: {times}" for reason, times in reasons.items())
    return (
        f"Turnover limit {limit}: of {counts['n_rebalances']:,} rebalances, {counts['n_failed']:,} failed and "
        f"kept the holding{f' ({failed})' if failed else ''}, {counts['n_forced']:,} broke constraints only because "
        f"stocks could not be traded, and {counts['n_relaxed']:,} because no portfolio meets all; "
        f"{counts['n_unfilled']:,} of {counts['n_orders']:,} orders were not executed in full, on average "
        f"{counts['mean_unfilled_value']:.2%} of the account per rebalance."
    )


def _by_limit(rows: pd.DataFrame) -> pd.DataFrame:
    """Ascending by turnover limit, the index behind them."""
    limits = rows["turnover_limit"].replace(BENCHMARK, "inf").astype(float)
    return rows.loc[limits.sort_values(kind="stable").index].reset_index(drop=True)
