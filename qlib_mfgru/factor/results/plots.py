"""Plots of a factor test, a panel for each pool (figures 16 to 23 and 25 to 32 of the Huatai report, and more)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qlib_mfgru.factor.results.conventions import bought_at
from qlib_mfgru.factor.results.doubts import constant, thin
from qlib_mfgru.factor.study import FactorTest, PoolTest
from qlib_mfgru.report import marks, style
from qlib_mfgru.report.measures import annual_excess, excess, net_value
from qlib_mfgru.report.outputs import Outputs
from qlib_mfgru.report.significance import COVERED, Band, compounded, summed
from qlib_mfgru.report.words import label

outputs: Outputs[FactorTest] = Outputs()

_STRIP = 0.42
"""Inches of a heatmap's year."""


@outputs.plot("layers.png")
def layer_curves(test: FactorTest) -> Figure:
    """Relative net value of every layer: the compounded daily difference to the pool, from 1 on the first test date."""
    figure, axes = _panels(test, "layers", layers=True, legend=True)
    colors = style.ordered_colors(test.settings.n_layers)
    for ax, result in zip(axes, test.pools.values(), strict=True):
        ends = {}
        for color, layer in zip(colors, result.layers, strict=True):
            difference = excess(result.returns[layer], result.pool_returns)
            value = _from_one(net_value(difference), test.dates[0])
            outermost = layer in (1, test.settings.n_layers)
            if outermost:
                ends[_layer_name(test, layer)] = value, color
            ax.plot(
                value.index, value, color=color, linewidth=2.0 if outermost else 0.9, label=_layer_name(test, layer)
            )
        band = Band.around(difference, compounded).begun(test.dates[0], 1.0)
        marks.shade(ax, band, color, label("band_of_top", covered=COVERED))
        ax.set_ylabel(label("relative_value"))
        style.date_axis(ax)
        marks.label_ends(ax, {n: v for n, (v, _) in ends.items()}, {n: c for n, (_, c) in ends.items()})
    handles, labels = axes[0].get_legend_handles_labels()
    style.place_legend(figure, handles[::-1], labels[::-1])
    return figure


@outputs.plot("rank_ic.png")
def cumulative_rank_ic(test: FactorTest) -> Figure:
    """RankIC added up over the test dates, above the mean of each month; both axes have their zero at one height."""
    figure, axes = _panels(test, "rank_ic")
    for ax, result in zip(axes, test.pools.values(), strict=True):
        ax.set_ylabel(label("rank_ic_axis"))
        monthly = by_month(result.rank_ic)
        if monthly.empty:
            marks.say_empty(ax, label("nothing"))
            continue
        middle = pd.PeriodIndex(monthly.index).to_timestamp() + pd.Timedelta(days=14)
        bars = ax.bar(middle, monthly, width=20, color=style.BLUE, alpha=0.5, label=label("rank_ic_month"))
        ax.axhline(0, color=style.GREY, linewidth=0.8)
        right = ax.twinx()
        by_date = result.rank_ic.fillna(0)
        line = right.plot(by_date.index, by_date.cumsum(), color=style.ORANGE, label=label("rank_ic_sum"))
        band = marks.shade(right, Band.around(by_date, summed), style.ORANGE, label("band", covered=COVERED))
        right.set_ylabel(label("rank_ic_sum_axis"))
        style.date_axis(ax)
        marks.align_zeros(ax, right)
        for side in (ax, right):  # the same share of both: their zeros stay at one height
            style.leave_room_above(side, 0.42)
        ax.legend(handles=[bars, *line, band], loc="upper left", fontsize="small")
    return figure


@outputs.plot("rank_ic_by_month.png")
def rank_ic_by_month(test: FactorTest) -> Figure:
    """Mean RankIC by year and month; months without a test date are hatched."""
    grids = [calendar_grid(result.rank_ic) for result in test.pools.values()]
    limit = max(0.05, *(float(np.nanmax(np.abs(grid.to_numpy()), initial=0.0)) for grid in grids))
    height = 1.1 + _STRIP * max(len(grid) for grid in grids)
    figure, axes = _panels(test, "rank_ic_by_month", height=height)
    for ax, grid in zip(axes, grids, strict=True):
        marks.heatmap(ax, grid.to_numpy(), list(grid.index), list(grid.columns), limit)
        ax.set_xlabel(label("month"))
        ax.set_ylabel(label("year"))
    return figure


@outputs.plot("layer_excess.png")
def layer_excess(test: FactorTest) -> Figure:
    """Annual excess return of each layer as bars."""
    figure, axes = _panels(test, "layer_excess", layers=True)
    colors = style.ordered_colors(test.settings.n_layers)
    for ax, result in zip(axes, test.pools.values(), strict=True):
        of_pool, year = result.pool_returns, test.session.days_per_year
        heights = [annual_excess(result.returns[layer], of_pool, year) for layer in result.returns]
        ax.bar([str(layer) for layer in result.returns], heights, color=colors)
        ax.axhline(0, color=style.GREY, linewidth=0.8)
        ax.set_xlabel(label("layer_axis", top=test.settings.n_layers))
        ax.set_ylabel(label("annual_excess"))
        style.percent_axis(ax)
    return figure


@outputs.plot("turnover.png")
def turnover(test: FactorTest) -> Figure:
    """Two-sided turnover of the TOP layer and of all layers' mean at each rebalance."""
    figure, axes = _panels(test, "layer_turnover", layers=True)
    for ax, result in zip(axes, test.pools.values(), strict=True):
        top = result.turnover.iloc[:, -1]
        for series, color, words in (
            (result.turnover.mean(axis=1), style.GREY, label("all_layers")),
            (top, style.BLUE, label("top_turnover", mean=top.mean())),
        ):
            ax.plot(series.index, series, color=color, linewidth=1.2, label=words)
        ax.set_ylim(0, 2.45)
        ax.set_yticks([0, 0.5, 1, 1.5, 2])
        ax.set_ylabel(label("of_value"))
        style.percent_axis(ax)
        style.date_axis(ax)
        ax.legend(loc="upper right", fontsize="small", ncols=2)
    return figure


@outputs.plot("ic_decay.png")
def rank_ic_by_horizon(test: FactorTest) -> Figure:
    """Mean RankIC with the return up to each horizon, which accumulates, and with that of each stretch alone."""
    names = [label("horizon_whole"), label("horizon_stretch")]
    pools = ", ".join(pool.upper() for pool in test.pools)
    source = style.sourced(test.source)
    figure, axes = style.panels(label("horizons"), names, _subtitle(test, pools), source, legend=True)
    axes[1].sharey(axes[0])  # before anything is drawn: later it would have the limits of the first alone
    stretches = test.settings.stretches
    horizons = list(stretches)
    for ax, frame, ticks, axis in (
        (axes[0], "decay", [str(horizon) for horizon in horizons], label("horizon_axis")),
        (axes[1], "marginal", list(stretches.values()), label("stretch_axis")),
    ):
        for look, (pool, result) in zip(style.series(len(test.pools)), test.pools.items(), strict=True):
            means = getattr(result, frame).reindex(columns=horizons).mean()
            ax.plot(range(len(horizons)), means, marker="o", markersize=4, label=pool.upper(), **look)
        ax.axhline(0, color=style.GREY, linewidth=0.8)
        ax.set_xticks(range(len(horizons)), ticks)
        ax.set_xlabel(axis)
        ax.set_ylabel(label("rank_ic_mean"))
        marks.say_nothing_drawn(ax)
    style.place_legend(figure, *axes[0].get_legend_handles_labels())
    return figure


def by_month(series: pd.Series) -> pd.Series:
    """Mean of each calendar month that has a value, by period."""
    return series.dropna().groupby(pd.DatetimeIndex(series.dropna().index).to_period("M")).mean()


def calendar_grid(series: pd.Series) -> pd.DataFrame:
    """Mean of each month: years by months 1 .. 12, NaN where there is none."""
    days = pd.DatetimeIndex(series.index)
    frame = pd.DataFrame({"value": series.to_numpy(), "year": days.year, "month": days.month})
    return frame.pivot_table("value", "year", "month", dropna=False).reindex(columns=range(1, 13))


def _panels(
    test: FactorTest, title: str, layers: bool = False, legend: bool = False, height: float | None = None
) -> tuple[Figure, list[Axes]]:
    """A panel for each pool, with a warning where its numbers say little; `layers` are of fewer stocks than the IC."""
    names = [label("stocks", pool=pool.upper(), n=_mean_stocks(result)) for pool, result in test.pools.items()]
    source = style.sourced(test.source)
    figure, axes = style.panels(label(title), names, _subtitle(test), source, legend=legend, height=height)
    for ax, result in zip(axes, test.pools.values(), strict=True):
        marks.warn(ax, constant(result, "equal") or (thin(result) if layers else ""))
    return figure, axes


def _subtitle(test: FactorTest, *more: Any) -> str:
    period = f"{test.dates[0]:%Y-%m-%d} .. {test.dates[-1]:%Y-%m-%d}"
    return " · ".join([test.model, *more, *bought_at(test), period, label("dates", n=len(test.dates))])


def _from_one(values: pd.Series, day: pd.Timestamp) -> pd.Series:
    """A net value with its start."""
    return pd.concat([pd.Series([1.0], pd.DatetimeIndex([day])), values])


def _mean_stocks(result: PoolTest) -> float:
    return float(result.counts["kept"].mean())


def _layer_name(test: FactorTest, layer: int) -> str:
    ends = {1: "layer_lowest", test.settings.n_layers: "layer_top"}
    return label(ends[layer], layer=layer) if layer in ends else str(layer)
