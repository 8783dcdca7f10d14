"""Plots of an index enhancement, a line for each turnover limit (figures 35, 39, 43, 47 of the Huatai report)."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qlib_mfgru.portfolio.results.bounds import Bound, bounds
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement, PortfolioRun
from qlib_mfgru.report import style
from qlib_mfgru.report.measures import (
    annual_excess,
    drawdown,
    excess,
    excess_max_drawdown,
    net_value,
    rebalance_turnover,
)
from qlib_mfgru.report.outputs import Outputs

outputs: Outputs[IndexEnhancement] = Outputs()

_EXPOSURES = {
    "constituent_weight": ("Weight in index members", "share of stocks"),
    "max_deviation": ("Largest deviation of a stock", "share of stocks"),
    "max_industry_exposure": ("Largest deviation of an industry", "share of stocks"),
    "active_share": ("Active share", "share of stocks"),
    "names": ("Names held", "stocks"),
}
"""Title and unit of columns of `exposures.realised`; the others are in standard deviations."""
_STATUS = {"relaxed": (style.ORANGE, "o", "constraints gave way"), "failed": ("tab:red", "X", "failed, holding kept")}
"""Colour, marker and words for rebalances that did not go as planned."""


@outputs.plot("excess.png")
def cumulative_excess(result: IndexEnhancement) -> Figure:
    """Compounded daily difference to the index, net of costs."""
    figure, ax = _one_panel(result, "cumulative excess over the index", "compounded daily difference, net of costs")
    for color, run in _coloured(result):
        value = net_value(excess(run.returns, run.benchmark)) - 1
        annual = annual_excess(run.returns, run.benchmark, result.session.days_per_year)
        label = f"{run.limit:.0%}: {annual:.1%} a year"
        ax.plot(value.index, value, color=color, linewidth=1.3, label=label)
    return _finish(figure, ax, "cumulative excess")


@outputs.plot("drawdown.png")
def excess_drawdown(result: IndexEnhancement) -> Figure:
    """Loss of the compounded daily difference from its peak."""
    figure, ax = _one_panel(result, "drawdown of the excess", "loss of the compounded daily difference from its peak")
    for color, run in _coloured(result):
        loss = -drawdown(excess(run.returns, run.benchmark))
        label = f"{run.limit:.0%}: at most {excess_max_drawdown(run.returns, run.benchmark):.1%}"
        ax.plot(loss.index, loss, color=color, linewidth=1.1, label=label)
    return _finish(figure, ax, "drawdown")


@outputs.plot("exposures.png")
def exposures(result: IndexEnhancement) -> Figure:
    """Realised exposures at each close and their limits."""
    limits = bounds(result.settings)
    names = [*limits, *(name for name in _EXPOSURES if name not in limits)]
    titles = [_EXPOSURES.get(name, (f"Exposure to {name}", ""))[0] for name in names]
    figure, axes = style.panels(f"{result.index}: realised exposures at each close", titles, legend=True)
    for ax, name in zip(axes, names, strict=True):
        for color, run in _coloured(result):
            ax.plot(run.exposures.index, run.exposures[name], color=color, linewidth=0.9, label=f"{run.limit:.0%}")
        _draw_limits(ax, limits.get(name, Bound()))
        unit = _EXPOSURES.get(name, ("", "standard deviations"))[1]
        ax.set_ylabel(unit)
        if unit.startswith("share"):
            style.percent_axis(ax, decimals=2)
        style.date_axis(ax)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="turnover limit")
    return figure


@outputs.plot("turnover.png")
def turnover(result: IndexEnhancement) -> Figure:
    """Two-sided turnover of each rebalance and its limit, one panel per limit; the first purchase is left out."""
    titles = [f"limit {run.limit:.0%}" for run in result.runs]
    figure, axes = style.panels(f"{result.index}: two-sided turnover of each rebalance", titles)
    for ax, run in zip(axes, result.runs, strict=True):
        series = rebalance_turnover(run.report["turnover"], run.dates)
        ax.plot(series.index, series, color=style.BLUE, linewidth=1.0, label=f"executed, mean {series.mean():.1%}")
        ax.axhline(run.limit, color="black", linestyle="--", linewidth=1.0, label="limit")
        _mark_incidents(ax, run, series)
        ax.set_ylim(bottom=-0.03 * max(run.limit, 0.1))  # markers at 0 stay whole
        ax.set_ylabel("buys + sells, share of the account")
        style.percent_axis(ax)
        style.date_axis(ax)
        style.leave_room_above(ax, 0.35)
        ax.legend(loc="upper right", fontsize="small", ncols=2)
    return figure


def _mark_incidents(ax: Axes, run: PortfolioRun, turnovers: pd.Series) -> None:
    for status, (color, marker, words) in _STATUS.items():
        of_status = run.rebalances["status"] == status
        marked = turnovers[of_status].dropna()  # the first purchase may be one of them
        label = f"{words}: {of_status.sum()}"
        ax.plot(marked.index, marked, marker, color=color, markersize=5, zorder=3, label=label)


def _one_panel(result: IndexEnhancement, what: str, how: str) -> tuple[Figure, Axes]:
    figure, (ax,) = style.panels(f"{result.index}: {what}", [how])
    return figure, ax


def _finish(figure: Figure, ax: Axes, unit: str) -> Figure:
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    ax.set_ylabel(unit)
    style.percent_axis(ax, decimals=1)
    style.date_axis(ax)
    ax.legend(title="turnover limit", fontsize="small")
    return figure


def _draw_limits(ax: Axes, bound: Bound) -> None:
    for limit in (bound.least, bound.most):
        if np.isfinite(limit):
            ax.axhline(limit, color="black", linestyle="--", linewidth=1.0, label="limit")


def _coloured(result: IndexEnhancement) -> list[tuple[str, PortfolioRun]]:
    return list(zip(cycle(style.SERIES), result.runs, strict=False))
