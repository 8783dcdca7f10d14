"""What a factor test prints and shows in a notebook."""

from __future__ import annotations

from functools import partial

from qlib_mfgru.factor.results import plots, tables
from qlib_mfgru.factor.results.conventions import titled
from qlib_mfgru.factor.study import FactorTest
from qlib_mfgru.report.show.shown import View

_COLUMNS = ["pool", "rank_ic_mean", "ic_ir", "top_annual_excess", "top_information_ratio", "top_turnover"]


def view(test: FactorTest) -> View:
    """Figures of the Huatai report's tables 15 and 24, and the curves of the layers."""
    dates = f"{len(test.dates)} dates, {test.dates[0]:%Y-%m-%d} .. {test.dates[-1]:%Y-%m-%d}"
    table = tables.summary(test)[_COLUMNS]
    return View(f"{titled(test)}, {dates}", table, partial(plots.layer_curves, test))
