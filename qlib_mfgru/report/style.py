"""The look that all plots share: titles, panels, colours, axes, language, and files that are never half written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.dates import HOURLY, MONTHLY, AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from qlib_mfgru.report import fonts, words
from qlib_mfgru.report.words import label

BLUE, ORANGE, GREY, DARK = "tab:blue", "tab:orange", "0.6", "0.2"
WARNING = "#b34700"
"""Colour of words that warn."""
SERIES = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown", "tab:pink", "tab:olive")
"""Colours of unordered series, in this order; see `series`."""
DIVERGING = "RdBu_r"
"""Colour map of signed values."""

_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)))
_ORDERED = LinearSegmentedColormap.from_list("ordered", ["#1c4f9c", "#7fa3c7", "#a8a8a8", "#d99a8b", "#b2182b"])
_PAIR, _ROW, _ALONE = (6.2, 3.7), (8.6, 2.9), (8.0, 4.2)
_LEGEND_WIDTH, _LINE = 1.3, 0.21
_BELOW_LABELS = 4.0
"""Of a legend's letters: so far below a panel it is clear of ticks, their labels and the axis's."""
_MOST_IN_A_COLUMN = 3


@contextmanager
def language(spoken: words.Language) -> Iterator[None]:
    """Charts that are drawn within say their words in this language, in a font that has its characters.

    Where no installed font has Chinese, they keep English words, and one warning says what to install.

    Examples
    --------
    ::

        with style.language("zh"):
            figure = outputs.plots["layers.png"](test)
    """
    families = [] if spoken == "en" else fonts.chinese()
    with words.language(spoken if families else "en"), rc_context({"font.family": families or rcParams["font.family"]}):
        yield


def panels(
    title: str,
    names: Sequence[str],
    subtitle: str = "",
    source: Sequence[str] = (),
    legend: bool = False,
    height: float | None = None,
    ratios: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """A titled figure with a panel for each name: two in a row, or one below the other where their number is odd.

    Parameters
    ----------
    title : str
        What is drawn; the only title of a figure with one panel.
    names : sequence of str
        Titles of the panels; an empty one has none.
    subtitle : str
        Of what: model, pool or index, period.
    source : sequence of str
        Lines below the panels: notes, and where the data come from.
    legend : bool
        Leave room for one: see `place_legend`.
    height : float, optional
        Of a panel, in inches.
    ratios : sequence of float, optional
        Heights of panels that share their dates, one below the other.
    """
    columns = 1 if ratios or len(names) in (1, _MOST_IN_A_COLUMN) or (len(names) % 2 and not legend) else 2
    rows = -(-len(names) // columns)
    width, tall = _ALONE if len(names) == 1 else (_PAIR if columns == 2 else _ROW)
    heights = [height or tall] * rows if ratios is None else list(ratios)
    free = rows * columns - len(names)
    top, bottom = _LINE * (2.4 if subtitle else 1.5), _LINE * len(source)
    size = (width * columns + (_LEGEND_WIDTH if legend and not free else 0.0), sum(heights) + top + bottom)
    figure = Figure(figsize=size, layout="constrained")
    _place_titles(figure, title, subtitle, source, (0.0, bottom / size[1], 1.0, 1 - (top + bottom) / size[1]))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=ratios is not None, height_ratios=heights)
    axes = list(grid.flat)
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    for ax, name in zip(axes[: len(names)], names, strict=True):
        ax.set_title(name, loc="left", fontsize="medium")
        ax.grid(alpha=0.3)
        ax.set_axisbelow(True)
        ax.tick_params(labelfontfamily=rcParams["font.family"])
    return figure, axes[: len(names)]


def _place_titles(
    figure: Figure, title: str, subtitle: str, source: Sequence[str], rect: tuple[float, float, float, float]
) -> None:
    """Title, subtitle and source at the left edge, outside the rectangle of the panels."""
    height = figure.get_figheight()
    figure.get_layout_engine().set(rect=rect)  # type: ignore[union-attr, call-arg]
    left, line = 0.08 / figure.get_figwidth(), _LINE / height
    weight = "bold" if words.spoken() == "en" else "normal"  # Chinese fonts seldom come with a bold face
    heading = figure.suptitle(title, x=left, y=1 - 0.3 * line, ha="left", va="top", fontsize="large", weight=weight)
    texts = [heading, figure.text(left, 1 - 1.55 * line, subtitle, va="top", color=DARK, fontsize="small")]
    for place, words_ in enumerate(reversed(source)):
        texts.append(figure.text(left, (place + 0.2) * line, words_, va="bottom", color="0.4", fontsize="x-small"))
    for text in texts:
        text.set_in_layout(False)


def sourced(source: str, *notes: str) -> list[str]:
    """Lines for the foot of a chart: notes, then the provider of the data and who calculated."""
    own = label("own")
    return [*(note for note in notes if note), label("source", source=f"{source}, {own}" if source else own)]


def place_legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str], title: str | None = None) -> None:
    """One legend for all panels: in the slot that they leave free, else right of them."""
    free = [ax for ax in figure.axes if not ax.axison]
    if free:
        free[0].legend(handles, labels, loc="center", title=title)
    else:
        figure.legend(handles, labels, loc="outside right center", title=title)


def legend_below(ax: Axes, handles: Sequence[Any], columns: int = 2, title: str | None = None) -> None:
    """A panel's own legend, below the labels of its horizontal axis, where no curve can come."""
    place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "borderaxespad": _BELOW_LABELS}
    ax.legend(
        handles=handles, ncols=columns, title=title, fontsize="small", title_fontsize="small", frameon=False, **place
    )


def ordered_colors(n: int) -> list[tuple[float, ...]]:
    """`n` colours from blue (least) over grey to red (most)."""
    return [tuple(color) for color in _ORDERED(np.linspace(0.0, 1.0, n))]


def series(n: int) -> list[dict[str, Any]]:
    """Colour and dashes of `n` unordered series: past the colours, dashes tell them apart."""
    return [{"color": SERIES[k % len(SERIES)], "linestyle": _DASHES[k // len(SERIES) % len(_DASHES)]} for k in range(n)]


def date_axis(ax: Axes) -> None:
    """Dates without repeated years or overlapping labels."""
    locator = AutoDateLocator(maxticks=8)
    # Its own steps end before the next unit begins, with a warning: at 3.5 to 5 days, and at 3.5 to 5 years.
    locator.intervald = {
        **locator.intervald,
        HOURLY: [*locator.intervald[HOURLY], 24],
        MONTHLY: [*locator.intervald[MONTHLY], 12],
    }
    ax.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator)
    if words.spoken() == "zh":
        formatter = ConciseDateFormatter(
            locator,
            formats=["%Y年", "%m月", "%d日", "%H:%M", "%H:%M", "%S.%f"],
            zero_formats=["", "%Y年", "%m月", "%m月%d日", "%H:%M", "%H:%M"],
            offset_formats=["", "%Y年", "%Y年%m月", "%Y年%m月%d日", "%Y年%m月%d日", "%Y年%m月%d日"],
        )
    ax.xaxis.set_major_formatter(formatter)


def percent_axis(ax: Axes, decimals: int | None = 0) -> None:
    """The vertical axis in percent, from fractions; None for as many decimals as the ticks need."""
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=decimals))


def leave_room_above(ax: Axes, share: float) -> None:
    """Raise the upper end of the vertical axis, so that a legend there covers nothing."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + share * (high - low))


def slant_labels(ax: Axes) -> None:
    """Long names below the horizontal axis, each ending at its tick."""
    ax.tick_params(axis="x", rotation=30)
    for text in ax.get_xticklabels():
        text.set_horizontalalignment("right")


def save(figure: Figure, path: Path) -> None:
    """Write a PNG under another name, then rename it."""
    partial = path.with_name(f".{os.getpid()}.{path.name}")
    with fonts.completed(figure):
        figure.savefig(partial, dpi=120)
    partial.rename(path)
