"""Plots of an index enhancement: excess as in the report's figures 35, 39, 43 and 47, and how it came about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qlib_mfgru.performance import excess, net_value
from qlib_mfgru.portfolio.exposures import limits
from qlib_mfgru.portfolio.result import IndexEnhancement
from qlib_mfgru.report import style

_WORDS = {
    "constituent_weight": "weight in index members (floor)",
    "max_deviation": "largest deviation of a stock from its index weight",
    "max_industry_exposure": "largest deviation of an industry from the index",
}


def cumulative_excess(result: IndexEnhancement) -> Figure:
    """Compounded daily difference to the index, a line a turnover limit."""
    figure, (ax,) = style.panels(
        f"Cumulative excess over {_index(result)}", ["compounded daily difference, after costs"]
    )
    for color, run in zip(style.SERIES, result.runs, strict=False):
        value = net_value(excess(run.returns, run.benchmark)) - 1
        ax.plot(value.index, value, color=color, linewidth=1.4, label=_name(run.limit))
    _finish(ax, "cumulative excess return")
    return figure


def excess_drawdown(result: IndexEnhancement) -> Figure:
    """Loss of the cumulative excess from its last peak."""
    figure, (ax,) = style.panels(f"Drawdown of the excess over {_index(result)}", ["from the last peak"])
    for color, run in zip(style.SERIES, result.runs, strict=False):
        value = net_value(excess(run.returns, run.benchmark))
        ax.plot(
            value.index, value / value.cummax().clip(lower=1.0) - 1, color=color, linewidth=1.2, label=_name(run.limit)
        )
    _finish(ax, "drawdown", "lower left")
    return figure


def exposures(result: IndexEnhancement) -> Figure:
    """Realised exposures at the closes, beside their limits."""
    bounds = limits(result.settings)
    titles = [_WORDS.get(name, f"{name.removesuffix('_exposure')} exposure, standard deviations") for name in bounds]
    figure, axes = style.panels(f"Exposures beside {_index(result)}, at each day's close", titles)
    for ax, (name, limit) in zip(axes, bounds.items(), strict=True):
        for color, run in zip(style.SERIES, result.runs, strict=False):
            ax.plot(run.exposures.index, run.exposures[name], color=color, linewidth=0.9, label=_name(run.limit))
        both = name not in _WORDS and limit > 0
        for bound in (limit, -limit) if both else (limit,):
            ax.axhline(bound, color=style.GREY, linestyle="--", linewidth=1.2)
        if name in _WORDS:
            style.percent_axis(ax, decimals=1)
        style.date_axis(ax)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), title="dashed: limit at a rebalance")
    return figure


def turnover(result: IndexEnhancement) -> Figure:
    """Two-sided turnover of each rebalance but the first purchase, beside the limit."""
    figure, axes = style.panels("Two-sided turnover at each rebalance", [_name(run.limit) for run in result.runs])
    for ax, run in zip(axes, result.runs, strict=True):
        log = run.rebalances.iloc[1:]
        dealt = run.report["turnover"].reindex(log.index)
        ax.bar(log.index, dealt, width=4, color=style.BLUE, alpha=0.7, label=f"dealt, mean {dealt.mean():.0%}")
        stuck = log.index[log["status"] == "failed"]
        ax.plot(stuck, [0.0] * len(stuck), "x", color="tab:red", label=f"failed rebalances: {len(stuck)}")
        ax.axhline(run.limit, color=style.GREY, linestyle="--", linewidth=1.2, label="limit")
        style.leave_room_above(ax, 0.45)
        _finish(ax, "buys + sells, share of the account")
    return figure


PLOTS: dict[str, Callable[[IndexEnhancement], Figure]] = {
    "cumulative_excess.png": cumulative_excess,
    "excess_drawdown.png": excess_drawdown,
    "exposures.png": exposures,
    "turnover.png": turnover,
}
"""File name of each plot."""


def _index(result: IndexEnhancement) -> str:
    first, last = result.runs[0].report.index[[0, -1]]
    return f"{result.settings.index.upper()}, {pd.Timestamp(first):%Y-%m-%d} .. {pd.Timestamp(last):%Y-%m-%d}"


def _name(limit: float) -> str:
    return f"turnover at most {limit:.0%}"


def _finish(ax: Axes, label: str, legend: Literal["upper left", "lower left"] = "upper left") -> None:
    ax.set_ylabel(label)
    style.percent_axis(ax, decimals=1)
    style.date_axis(ax)
    ax.legend(loc=legend, fontsize="small")
