"""Plots of a factor test, a panel for each pool (figures 16 to 23 and 25 to 32 of the Huatai report, and more)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from qlib_mfgru.factor.study import FactorTest, PoolTest
from qlib_mfgru.report import style
from qlib_mfgru.report.measures import annual_excess, excess, net_value
from qlib_mfgru.report.outputs import Outputs

outputs: Outputs[FactorTest] = Outputs()


@outputs.plot("layers.png")
def layer_curves(test: FactorTest) -> Figure:
    """Relative net value of every layer: the compounded daily difference to the pool."""
    figure, axes = style.panels("Net value of the layers relative to their pool", _titles(test), legend=True)
    colors = style.ordered_colors(test.settings.n_layers)
    for ax, result in zip(axes, test.pools.values(), strict=True):
        for color, layer in zip(colors, result.layers, strict=True):
            value = net_value(excess(result.returns[layer], result.pool_returns))
            ends = layer in (1, test.settings.n_layers)
            ax.plot(value.index, value, color=color, linewidth=1.8 if ends else 0.9, label=_layer_name(test, layer))
        ax.set_ylabel("relative net value (start 1)")
        style.date_axis(ax)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside right center")
    return figure


@outputs.plot("rank_ic.png")
def cumulative_rank_ic(test: FactorTest) -> Figure:
    """RankIC added up over the test dates, above the mean of each month."""
    figure, axes = style.panels("RankIC: mean of each month, and sum over the test dates", _titles(test))
    for ax, result in zip(axes, test.pools.values(), strict=True):
        monthly = by_month(result.rank_ic)
        middle = pd.PeriodIndex(monthly.index).to_timestamp() + pd.Timedelta(days=14)
        bars = ax.bar(middle, monthly, width=20, color=style.BLUE, alpha=0.5, label="mean of the month (left)")
        ax.axhline(0, color=style.GREY, linewidth=0.8)
        ax.set_ylabel("mean RankIC of the month")
        right = ax.twinx()
        total = result.rank_ic.fillna(0).cumsum()
        line = right.plot(total.index, total, color=style.ORANGE, label="sum over test dates (right)")
        right.set_ylabel("sum of RankIC")
        style.date_axis(ax)
        for side in (ax, right):
            style.leave_room_above(side)
        ax.legend(handles=[bars, *line], loc="upper left", fontsize="small")
    return figure


@outputs.plot("rank_ic_by_month.png")
def rank_ic_by_month(test: FactorTest) -> Figure:
    """Mean RankIC by year and month."""
    figure, axes = style.panels("Mean RankIC by year and month", _titles(test))
    grids = [calendar_grid(result.rank_ic) for result in test.pools.values()]
    limit = max(0.05, *(float(np.nanmax(np.abs(grid.to_numpy()), initial=0.0)) for grid in grids))
    for ax, grid in zip(axes, grids, strict=True):
        style.heatmap(ax, grid.to_numpy(), list(grid.index), list(grid.columns), limit)
        ax.set_xlabel("month")
        ax.set_ylabel("year")
    return figure


@outputs.plot("layer_excess.png")
def layer_excess(test: FactorTest) -> Figure:
    """Annual excess return of each layer as bars."""
    figure, axes = style.panels("Annual excess return of the layers over their pool", _titles(test))
    colors = style.ordered_colors(test.settings.n_layers)
    for ax, result in zip(axes, test.pools.values(), strict=True):
        of_pool, year = result.pool_returns, test.session.days_per_year
        heights = [annual_excess(result.returns[layer], of_pool, year) for layer in result.returns]
        ax.bar([str(layer) for layer in result.returns], heights, color=colors)
        ax.axhline(0, color=style.GREY, linewidth=0.8)
        ax.set_xlabel(f"layer (1: lowest factor, {test.settings.n_layers}: TOP)")
        ax.set_ylabel("annual excess")
        style.percent_axis(ax)
    return figure


@outputs.plot("turnover.png")
def turnover(test: FactorTest) -> Figure:
    """Two-sided turnover of the TOP layer and of all layers' mean at each rebalance."""
    figure, axes = style.panels("Two-sided turnover at each rebalance", _titles(test))
    for ax, result in zip(axes, test.pools.values(), strict=True):
        top = result.turnover.iloc[:, -1]
        for series, color, label in (
            (result.turnover.mean(axis=1), style.GREY, "mean of all layers"),
            (top, style.BLUE, f"TOP layer, mean {top.mean():.0%}"),
        ):
            ax.plot(series.index, series, color=color, linewidth=1.2, label=label)
        ax.set_ylim(0, 2.45)
        ax.set_yticks([0, 0.5, 1, 1.5, 2])
        ax.set_ylabel("buys + sells, share of the value")
        style.percent_axis(ax)
        style.date_axis(ax)
        ax.legend(loc="upper right", fontsize="small", ncols=2)
    return figure


@outputs.plot("ic_decay.png")
def ic_decay(test: FactorTest) -> Figure:
    """Mean RankIC against the horizon of the return, one line per pool."""
    figure, (ax,) = style.panels("Decay of the RankIC", ["mean over the test dates"])
    for color, (pool, result) in zip(style.SERIES, test.pools.items(), strict=False):
        means = result.decay.mean()
        ax.plot(means.index, means, "o-", color=color, markersize=4, label=pool.upper())
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    ax.set_xticks(test.settings.horizons)
    ax.set_xlabel("horizon of the return, trading days from the entry")
    ax.set_ylabel("mean RankIC")
    ax.legend(fontsize="small")
    return figure


def by_month(series: pd.Series) -> pd.Series:
    """Mean of each calendar month that has a value, by period."""
    return series.dropna().groupby(pd.DatetimeIndex(series.dropna().index).to_period("M")).mean()


def calendar_grid(series: pd.Series) -> pd.DataFrame:
    """Mean of each month: years by months 1 .. 12, NaN where there is none."""
    days = pd.DatetimeIndex(series.index)
    frame = pd.DataFrame({"value": series.to_numpy(), "year": days.year, "month": days.month})
    return frame.pivot_table("value", "year", "month").reindex(columns=range(1, 13))


def _titles(test: FactorTest) -> list[str]:
    return [f"{pool.upper()} ({_mean_stocks(result):.0f} stocks a date)" for pool, result in test.pools.items()]


def _mean_stocks(result: PoolTest) -> float:
    return float(result.counts["kept"].mean())


def _layer_name(test: FactorTest, layer: int) -> str:
    return {1: "1 (lowest)", test.settings.n_layers: f"{layer} (TOP)"}.get(layer, str(layer))
