"""Plots of an index enhancement, a line for each turnover limit (figures 35, 39, 43, 47 of the Huatai report)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qlib_mfgru.portfolio.results.exposure_plot import exposures
from qlib_mfgru.portfolio.results.limit_plot import against_limits
from qlib_mfgru.portfolio.results.lines import lines, same, subject
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement, PortfolioRun
from qlib_mfgru.report import marks, style
from qlib_mfgru.report.measures import drawdown, excess, net_value, rebalance_turnover
from qlib_mfgru.report.outputs import Outputs
from qlib_mfgru.report.significance import COVERED, Band, compounded
from qlib_mfgru.report.words import label

outputs: Outputs[IndexEnhancement] = Outputs()

_STATUS = {"forced": ("tab:green", "s"), "relaxed": (style.ORANGE, "o"), "failed": ("tab:red", "X")}
"""Colour and marker for rebalances that did not go as planned."""
_MOST_BESIDE = 4
"""Limits in a row of a legend."""


@outputs.plot("net_value.png")
def net_values(result: IndexEnhancement) -> Figure:
    """Net value of the portfolios, net of costs, and of the index, above the excess; from the first deal on."""
    title = label("net_value", index=result.index)
    figure, (above, below) = _panels(result, title, ["", ""], ratios=(3.4, 2.0))
    _draw(above, net_value(result.runs[0].since_deal()[1]), {"color": "black", "linewidth": 1.3}, result.index)
    for line in lines(result):
        (net, index), words = line.run.since_deal(), label("portfolio_of", limits=line.limits)
        _draw(above, net_value(net), line.look, words)
        _draw(below, net_value(excess(net, index)) - 1, line.look, words, start=0.0)
    above.set_ylabel(label("net_value_axis"))
    below.set_ylabel(label("excess_axis"))
    below.axhline(0, color=style.GREY, linewidth=0.8)
    style.percent_axis(below, None)
    _mark_deal(above, result)
    _mark_deal(below, result, named=False)
    style.date_axis(below)
    style.legend_below(below, above.get_legend_handles_labels()[0])
    return figure


@outputs.plot("excess.png")
def cumulative_excess(result: IndexEnhancement) -> Figure:
    """Compounded daily difference to the index, net of costs, from the first deal on."""
    figure, (ax,) = _panels(result, label("excess", index=result.index), [""])
    for line in lines(result):
        difference = excess(*line.run.since_deal())
        value = net_value(difference) - 1
        band = Band.around(difference, lambda drawn: compounded(drawn) - 1)
        marks.shade(ax, band.begun(value.index[0], 0.0), line.look["color"])
        _draw(ax, value, line.look, label("since", name=line.limits, value=value.iloc[-1]), start=0.0)
    title = f"{label('since_deal')}\n{label('bands', covered=COVERED)}"
    return _finish(figure, ax, result, label("excess_axis"), title)


@outputs.plot("drawdown.png")
def excess_drawdown(result: IndexEnhancement) -> Figure:
    """Loss of the compounded daily difference from its peak, from the first deal on."""
    figure, (ax,) = _panels(result, label("drawdown", index=result.index), [""])
    for line in lines(result):
        loss = -drawdown(excess(*line.run.since_deal()))
        _draw(ax, loss, line.look, label("at_most", name=line.limits, value=-loss.min()), start=0.0)
    return _finish(figure, ax, result, label("drawdown_axis"), label("turnover_limit"))


outputs.plot("exposures.png")(exposures)


@outputs.plot("turnover.png")
def turnover(result: IndexEnhancement) -> Figure:
    """Two-sided turnover of each rebalance and its limit, one panel per limit; the first purchase is left out."""
    title = label("portfolio_turnover", index=result.index)
    names = [label("limit_of", limit=run.limit) for run in result.runs]
    figure, axes = style.panels(title, names, subject(result), style.sourced(result.source, *same(result)))
    for ax, run in zip(axes, result.runs, strict=True):
        series = rebalance_turnover(run.report["turnover"], run.dates)
        words = label("executed", mean=series.mean())
        ax.plot(series.index, series, color=style.BLUE, linewidth=1.0, label=words)
        ax.axhline(run.limit, color="black", linestyle="--", linewidth=1.0, label=label("limit"))
        _mark_incidents(ax, run, series)
        ax.set_ylim(bottom=-0.03 * max(run.limit, 0.1))  # markers at 0 stay whole
        ax.set_ylabel(label("of_account"))
        style.percent_axis(ax)
        style.date_axis(ax)
        style.leave_room_above(ax, 0.05)  # the limit is often the highest of all
        style.legend_below(ax, ax.get_legend_handles_labels()[0])
    return figure


@outputs.plot("turnover_limits.png")
def excess_against_limits(result: IndexEnhancement) -> Figure:
    """Annual excess and information ratio against the turnover limit, net and gross of costs."""
    return against_limits([result])


def _mark_incidents(ax: Axes, run: PortfolioRun, turnovers: pd.Series) -> None:
    for status, (color, marker) in _STATUS.items():
        of_status = run.rebalances["status"] == status
        marked = turnovers[of_status].dropna()  # the first purchase may be one of them
        words = label(status, n=int(of_status.sum()))
        ax.plot(marked.index, marked, marker, color=color, markersize=5, zorder=3, label=words)


def _panels(result: IndexEnhancement, title: str, names: list[str], **layout: Any) -> tuple[Figure, list[Axes]]:
    """Panels of curves that are counted from the first deal, with a note that says so."""
    run = result.runs[0]
    day = run.first_deal
    cost, gap = run.report["cost"].loc[day:].iloc[0], excess(run.returns, run.benchmark).loc[day:].iloc[0]
    note = label("from_deal", day=day, cost=cost, gap=gap)
    source = style.sourced(result.source, *same(result), note)
    return style.panels(title, names, f"{subject(result)} · {label('net')}", source, **layout)


def _draw(ax: Axes, values: pd.Series, look: dict[str, Any], words: str, start: float = 1.0) -> None:
    """A curve from its start at the deal, before that day's costs."""
    ax.plot([values.index[0], *values.index], [start, *values], label=words, **look)


def _finish(figure: Figure, ax: Axes, result: IndexEnhancement, unit: str, legend: str) -> Figure:
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    _mark_deal(ax, result)
    ax.set_ylabel(unit)
    style.percent_axis(ax, None)
    style.date_axis(ax)
    style.legend_below(ax, ax.get_legend_handles_labels()[0], _MOST_BESIDE, legend)
    return figure


def _mark_deal(ax: Axes, result: IndexEnhancement, named: bool = True) -> None:
    """A dotted line on the first dealt day, which is named above the panel."""
    day = result.runs[0].first_deal
    ax.axvline(float(np.asarray(ax.convert_xunits(day))), color=style.GREY, linestyle=":", linewidth=1.2)
    if named:
        place: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "xytext": (0, 3), "textcoords": "offset points"}
        ax.annotate(label("deal", day=day), (day, 1.0), color=style.DARK, fontsize="x-small", **place)
