"""The figures that the report prints, as data: fractions, not percent; `figure` is the report's figure number."""

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
"""The report's test period."""

SLIPS: dict[str, tuple[str, ...]] = {
    "factor_tests": (
        "The report's summary quotes 8.58 % RankIC and 30.12 % excess as the mixed model's figures for all shares; "
        "these belong to CSI1000. The table's row for all shares (8.39 %, 30.00 %) stands here.",
        "Shares of positive weeks are multiples of 1/307, but of 1/306 for the incremental model (our reading of the "
        "printed digits).",
    ),
    "enhancement_performance": (
        "The report's summary gives 1.21 to 1.40 as the CSI300 portfolios' information ratio; that is the Calmar "
        "column. The information ratio is 1.49 to 1.66.",
        "Its range of CSI300 excess returns, 8.77 % to 9.48 %, leaves out the 9.58 % of the 40 % turnover limit.",
    ),
}
"""Where the report's prose and its tables disagree; the tables are what we quote."""


def published(table: str) -> pd.DataFrame:
    """One of `TABLES` as the report prints it."""
    with (files("qlib_mfgru.report") / "published" / f"{table}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)
