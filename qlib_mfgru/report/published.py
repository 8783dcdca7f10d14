"""The figures that the Huatai report (AI 68) prints, as data: fractions, not percent; `figure` is its figure number."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files

import pandas as pd

from qlib_mfgru.provider.session import Session

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


@dataclass(frozen=True)
class Slip:
    """Where the Huatai report's prose and its tables disagree; we quote the tables.

    Attributes
    ----------
    table : str
        One of `TABLES`.
    rows : mapping of str to str
        Values of the columns of the rows that it is about.
    said : str
    """

    table: str
    rows: Mapping[str, str]
    said: str


SLIPS = (
    Slip(
        "factor_tests",
        {"pool": "ALL", "model": "mixed"},
        "The Huatai report's summary quotes 8.58 % RankIC and 30.12 % excess as the mixed model's figures for all "
        "shares; these belong to CSI1000. The row for all shares in its table (8.39 %, 30.00 %) is the one shown here.",
    ),
    Slip(
        "factor_tests",
        {"model": "incremental"},
        "Shares of positive weeks are multiples of 1/307, but of 1/306 for the incremental model (our reading of the "
        "printed digits).",
    ),
    Slip(
        "enhancement_performance",
        {"index": "CSI300"},
        "The Huatai report's summary gives 1.21 to 1.40 as the CSI300 portfolios' information ratio; that is the "
        "Calmar column. The information ratio is 1.49 to 1.66.",
    ),
    Slip(
        "enhancement_performance",
        {"index": "CSI300", "turnover_limit": "0.4"},
        "Its range of CSI300 excess returns, 8.77 % to 9.48 %, leaves out the 9.58 % of the 40 % turnover limit.",
    ),
)


def slips(table: str, shown: pd.DataFrame) -> list[str]:
    """What is to be said of the rows that the Huatai report prints where `shown` of them stand.

    Parameters
    ----------
    table : str
        One of `TABLES`.
    shown : DataFrame
        Some of its rows.
    """
    of_table = [slip for slip in SLIPS if slip.table == table]
    return [slip.said for slip in of_table if (shown[list(slip.rows)] == pd.Series(slip.rows)).all(axis=1).any()]


def published(table: str) -> pd.DataFrame:
    """One of `TABLES` as the Huatai report prints it."""
    with (files("qlib_mfgru.report") / "published" / f"{table}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)


def printed_of(table: str, key: str, names: Collection[str], session: Session) -> pd.DataFrame:
    """The rows that the Huatai report prints of a market's pools or indices; none unless it is a market of A-shares.

    Parameters
    ----------
    table : str
        One of `TABLES`.
    key : str
        Its column that names them: ``pool`` or ``index``.
    names : collection of str
        As the report writes them, e.g. ``CSI300``; those that it lacks have no rows.
    session : Session
        Of the market: other markets may have a pool ``ALL`` as well.
    """
    rows = published(table)
    return rows[rows[key].isin(names) & (session.codes == "ashare")]


def comparison_heading(printed: pd.DataFrame) -> str:
    """What a page calls the table that `beside` makes."""
    return "This run" if printed.empty else "The Huatai report and this run"


def beside(printed: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """A table of a run below the Huatai report's rows, told apart by a first column `source`.

    Parameters
    ----------
    printed : DataFrame
        As `printed_of` returns it; where it is empty the run stands alone, without the column `figure`.
    ours : DataFrame
        In the columns of the published table, further ones behind them.
    """
    both = pd.concat([printed.assign(source="report"), ours.assign(source="this run")], ignore_index=True)
    both["figure"] = both["figure"].astype("Int64")
    if printed.empty:
        both = both.drop(columns="figure")
    return both[["source", *both.columns.drop("source")]]
