"""Excess and information ratio against the turnover limit, before and after costs: whether more turnover pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from qlib_mfgru.portfolio.results.lines import subject_of
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement
from qlib_mfgru.report import measures, style
from qlib_mfgru.report.words import label

_MEASURES = ("annual_excess", "information_ratio")
_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "net": ("of_net", {"linestyle": "-", "marker": "o"}),
    "gross": ("of_gross", {"linestyle": "--", "marker": "o", "fillstyle": "none"}),
}
"""What is kept of a portfolio -> words and look of its line."""


def by_limit(result: IndexEnhancement) -> pd.DataFrame:
    """Annual excess and information ratio, ascending by turnover limit.

    Returns
    -------
    DataFrame
        Index ``turnover_limit``; columns (``net`` or ``gross`` of costs, measure).
    """
    year, rows = result.session.days_per_year, {}
    for run in result.runs:
        returns = {"net": run.returns, "gross": run.report["return"]}
        of_run = {kind: measures.of_excess(series, run.benchmark, year) for kind, series in returns.items()}
        rows[run.limit] = {(kind, name): of_run[kind][name] for kind in _KINDS for name in _MEASURES}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("turnover_limit").sort_index()


def against_limits(results: Sequence[IndexEnhancement]) -> Figure:
    """Annual excess and information ratio of each index against the turnover limit, net and gross of costs.

    Parameters
    ----------
    results : sequence of IndexEnhancement
        At least one, each of another index.
    """
    indices = ", ".join(result.index for result in results)
    sources = ", ".join(dict.fromkeys(result.source for result in results))
    title, names = label("against_limit", index=indices), [label(name) for name in _MEASURES]
    figure, axes = style.panels(title, names, subject_of(results), style.sourced(sources), legend=True)
    for result, look in zip(results, style.series(len(results)), strict=True):
        table = by_limit(result)
        for kind, (said, line) in _KINDS.items():
            for ax, name in zip(axes, _MEASURES, strict=True):
                words = label(said, name=result.index)
                ax.plot(table.index, table[kind, name], color=look["color"], label=words, markersize=5, **line)
    _finish(axes)
    style.place_legend(figure, *axes[0].get_legend_handles_labels())
    return figure


def _finish(axes: Sequence[Axes]) -> None:
    for ax in axes:
        ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        ax.set_xlabel(label("turnover_limit"))
    style.percent_axis(axes[0], None)
