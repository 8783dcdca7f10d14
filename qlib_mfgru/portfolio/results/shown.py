"""What an index enhancement prints and shows in a notebook."""

from __future__ import annotations

from functools import partial

import pandas as pd

from qlib_mfgru.portfolio.results import plots, tables
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement
from qlib_mfgru.report.show.shown import View

_COLUMNS = ["turnover_limit", "annual_return", "annual_excess", "tracking_error", "information_ratio", "turnover"]


def view(result: IndexEnhancement) -> View:
    """Figures of the Huatai report's tables of performance, and the first chart."""
    days, first = pd.DatetimeIndex(result.runs[0].report.index), next(iter(plots.outputs.plots.values()))
    title = f"{result.index} enhancement with {result.model}, {days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}"
    return View(title, tables.performance(result)[_COLUMNS], partial(first, result))
