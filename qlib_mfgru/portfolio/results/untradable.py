"""Which stocks that could not be traded forced constraints to be broken, and how often."""

from __future__ import annotations

import pandas as pd

from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement

MOST = 10
"""Rows of the page for each turnover limit; the file has all rebalances."""
_BY = ["turnover_limit", "instrument", "action", "banned_by", "constraint"]


def by_rebalance(result: IndexEnhancement) -> pd.DataFrame:
    """`PortfolioRun.untradable` of all portfolios: one row per rebalance, stock and constraint."""
    return result.stacked("untradable").reset_index()


def most_often(result: IndexEnhancement) -> pd.DataFrame:
    """The `MOST` stocks of each turnover limit that force a constraint most often, in relaxed rebalances too."""
    return _counted(result).groupby("turnover_limit", sort=False).head(MOST)


def left_out(result: IndexEnhancement) -> list[str]:
    """How many rows the page leaves to the file; nothing where it has all."""
    rows = len(_counted(result)) - len(most_often(result))
    return [f"{rows:,} more rows, of stocks that force a constraint less often, are in untradable.csv."] if rows else []


def _counted(result: IndexEnhancement) -> pd.DataFrame:
    """Rebalances by limit, stock, first ban and constraint, the most first."""
    frame = by_rebalance(result)
    frame["turnover_limit"] = frame["turnover_limit"].map("{:g}".format)
    frame["banned_by"] = frame["banned_by"].str.split().str[0]
    counted = frame.groupby(_BY).agg(n_times=("broken_by", "size"), largest=("broken_by", "max")).reset_index()
    order = {"turnover_limit": True, "n_times": False, "largest": False, **dict.fromkeys(_BY[1:], True)}
    return counted.sort_values(list(order), ascending=list(order.values()), ignore_index=True)
