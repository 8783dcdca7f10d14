"""Realised exposures by day as panels, with their limits; a rare value that flattens the rest is cut off and named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qlib_mfgru.numerals import numeral
from qlib_mfgru.portfolio.results.bounds import Bound, bounds
from qlib_mfgru.portfolio.results.lines import lines, same, subject
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement
from qlib_mfgru.report import marks, style
from qlib_mfgru.report.words import header, label

_ALWAYS = ("constituent_weight", "max_deviation", "max_industry_exposure", "active_share", "names")
_SHARES, _COUNTS = _ALWAYS[:4], _ALWAYS[4:]
"""Columns of `exposures.realised` by their unit; the others are in standard deviations."""


def exposures(result: IndexEnhancement) -> Figure:
    """Realised exposures at each close and their limits."""
    limits = bounds(result.settings)
    names = [*limits, *(name for name in _ALWAYS if name not in limits)]
    title, source = label("exposures", index=result.index), style.sourced(result.source, *same(result))
    figure, axes = style.panels(title, [_title(name) for name in names], subject(result), source, legend=True)
    for ax, name in zip(axes, names, strict=True):
        _draw(ax, result, name, limits.get(name, Bound()))
    handles, labels = axes[0].get_legend_handles_labels()
    style.place_legend(figure, handles, labels, label("turnover_limit"))
    return figure


def _title(name: str) -> str:
    words = header(name) if name in _ALWAYS else label("exposure_to", name=header(name))
    return words[0].upper() + words[1:]


def _draw(ax: Axes, result: IndexEnhancement, name: str, bound: Bound) -> None:
    curves = pd.DataFrame({run.limit: run.exposures[name] for run in result.runs})
    for line in lines(result):
        ax.plot(line.run.exposures.index, line.run.exposures[name], label=line.limits, **line.look)
    limits = sorted({limit for limit in (bound.least, bound.most) if np.isfinite(limit)})  # both may be 0
    for limit in limits:
        ax.axhline(limit, color="black", linestyle="--", linewidth=1.0, label=label("limit"), zorder=3)
    unit = "share_of_stocks" if name in _SHARES else "stocks_axis" if name in _COUNTS else "deviations"
    ax.set_ylabel(label(unit))
    if name in _SHARES:
        style.percent_axis(ax, None)
    style.date_axis(ax)
    marks.cut_spikes(ax, curves, limits, _cause(result, ".1%" if name in _SHARES else ".2f"))


def _cause(result: IndexEnhancement, specification: str) -> Callable[[pd.Timestamp, float], str]:
    """Words for a value off the scale: what it is, on which day, and whether the index changed on that day."""

    def words(day: pd.Timestamp, value: float) -> str:
        said = label("spike", value=numeral(value, specification), day=day)
        if day not in result.index_changes.index:
            return said
        changed = result.index_changes.loc[day]
        of_index = label("index_change", index=result.index, joined=changed["joined"], left=changed["left"])
        return f"{said}\n{of_index}"

    return words
