"""The look that all plots share: panels, colours, axes, and files that are never half written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

BLUE, ORANGE, GREY = "tab:blue", "tab:orange", "0.6"
SERIES = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown", "tab:pink", "tab:olive")
"""Colours of unordered series, in this order."""
DIVERGING = "RdBu_r"
"""Colour map of signed values."""

_PANEL = (6.2, 3.7)
_LEGEND_WIDTH = 1.3


def panels(title: str, names: Sequence[str], legend: bool = False) -> tuple[Figure, list[Axes]]:
    """A figure with a titled panel for each name, two in a row; `legend` leaves room for one at the right."""
    columns = min(2, len(names))
    rows = -(-len(names) // columns)
    size = (_PANEL[0] * columns + (_LEGEND_WIDTH if legend else 0.0), _PANEL[1] * rows + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for ax in axes[len(names) :]:
        ax.remove()
    for ax, name in zip(axes, names, strict=False):
        ax.set_title(name)
        ax.grid(alpha=0.3)
    return figure, axes[: len(names)]


def ordered_colors(n: int) -> list[tuple[float, ...]]:
    """`n` colours from blue (least) to red (most)."""
    return [tuple(color) for color in colormaps["turbo"](np.linspace(0.08, 0.92, n))]


def date_axis(ax: Axes) -> None:
    """Dates without repeated years or overlapping labels."""
    locator = AutoDateLocator(maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def percent_axis(ax: Axes, decimals: int = 0) -> None:
    """The vertical axis in percent, from fractions."""
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=decimals))


def leave_room_above(ax: Axes, share: float = 0.3) -> None:
    """Raise the upper end of the vertical axis, so that a legend there covers nothing."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + share * (high - low))


def slant_labels(ax: Axes) -> None:
    """Long names below the horizontal axis, each ending at its tick."""
    ax.tick_params(axis="x", rotation=30)
    for label in ax.get_xticklabels():
        label.set_horizontalalignment("right")


def heatmap(ax: Axes, values: np.ndarray, rows: Sequence[object], columns: Sequence[object], limit: float) -> None:
    """Signed values as colours with their numbers written in; NaN stays white.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
    rows, columns : sequence
        Labels.
    limit : float
        Where the colours end on both sides.
    """
    ax.imshow(values, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    ax.set_xticks(range(len(columns)), [str(label) for label in columns])
    ax.set_yticks(range(len(rows)), [str(label) for label in rows])
    ax.grid(visible=False)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = "white" if abs(value) > 0.6 * limit else "black"
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", color=color, fontsize="small")


def save(figure: Figure, path: Path) -> None:
    """Write a PNG under another name, then rename it."""
    partial = path.with_name(f".{os.getpid()}.{path.name}")
    figure.savefig(partial, dpi=120)
    partial.rename(path)
