"""The figures that the Huatai report (AI 68) prints, as data: fractions, not percent; `figure` is its figure number."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

TABLES = (
    "factor_tests",
    "model_correlation",
    "enhancement_settings",
    "enhancement_performance",
    "enhancement_yearly",
)
"""factor_tests: figures 15 and 24; model_correlation: 33; enhancement_settings: 34, 38, 42, 46;
enhancement_performance: 36, 40, 44, 48; enhancement_yearly: 37, 41, 45, 49."""

PERIOD = "2017-01-04 .. 2023-04-28"
"""The Huatai report's test period."""

SLIPS: dict[str, tuple[str, ...]] = {
    "factor_tests": (
        "The Huatai report's summary quotes 8.58 % RankIC and 30.12 % excess as the mixed model's figures for all "
        "shares; these belong to CSI1000. The row for all shares in its table (8.39 %, 30.00 %) is the one shown here.",
        "Shares of positive weeks are multiples of 1/307, but of 1/306 for the incremental model (our reading of the "
        "printed digits).",
    ),
    "enhancement_performance": (
        "The Huatai report's summary gives 1.21 to 1.40 as the CSI300 portfolios' information ratio; that is the "
        "Calmar column. The information ratio is 1.49 to 1.66.",
        "Its range of CSI300 excess returns, 8.77 % to 9.48 %, leaves out the 9.58 % of the 40 % turnover limit.",
    ),
}
"""Where the Huatai report's prose and its tables disagree; we quote the tables."""


def published(table: str) -> pd.DataFrame:
    """One of `TABLES` as the Huatai report prints it."""
    with (files("qlib_mfgru.report") / "published" / f"{table}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)


def beside(ours: pd.DataFrame, table: str, key: str) -> pd.DataFrame:
    """A table of a run below the Huatai report's rows, told apart by a first column `source`.

    Parameters
    ----------
    ours : DataFrame
        In the columns of the published table, further ones behind them.
    table : str
        One of `TABLES`.
    key : str
        Column of both, e.g. ``pool``: of the report's rows those with a value of ours are shown.
    """
    printed = published(table)
    theirs = printed[printed[key].isin(ours[key])].assign(source="report")
    both = pd.concat([theirs, ours.assign(source="this run")], ignore_index=True)
    return both[["source", *both.columns.drop("source")]]
