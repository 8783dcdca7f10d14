"""What is written into panels: ends of lines, warnings, values off the scale, numbers of a heatmap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from qlib_mfgru.numerals import numeral
from qlib_mfgru.report import style
from qlib_mfgru.report.significance import Band
from qlib_mfgru.report.words import label

_CORE = (0.05, 0.95)
_FAR = 3.0
"""A value is far off where it is as many times the core's spread outside it ..."""
_FLATTENED = 2.5
"""... and is cut off where the axis would be as many times as long for it."""
_SHORT = 42
"""So many characters fit beside a panel's title in the size of legends."""


def label_ends(ax: Axes, names: dict[str, pd.Series], colors: dict[str, object]) -> None:
    """Write names right of the panel, at the last values of their lines, but apart from each other."""
    low, high = ax.get_ylim()
    ax.set_xlim(right=ax.convert_xunits(max(line.index[-1] for line in names.values())))
    apart, ends = 0.07 * (high - low), sorted(names, key=lambda name: names[name].iloc[-1])
    places = np.array([names[name].iloc[-1] for name in ends], dtype=float)
    for above in range(1, len(places)):
        places[above] = max(places[above], places[above - 1] + apart)
    places -= max(0.0, (places[-1] - high)) if len(places) else 0.0
    where: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "xytext": (4, 0), "textcoords": "offset points"}
    for name, place in zip(ends, places, strict=True):
        ax.annotate(name, (1.0, place), va="center", color=colors[name], fontsize="small", **where)


def shade(ax: Axes, band: Band, color: Any, words: str = "") -> Artist:
    """A light band behind the curves; returned for legends that list their handles."""
    days = pd.DatetimeIndex(band.low.index)
    return ax.fill_between(days, band.low, band.high, color=color, alpha=0.13, linewidth=0, zorder=0.5, label=words)


def warn(ax: Axes, words: str) -> None:
    """A warning at the right of the panel's title line."""
    size = "small" if len(words) <= _SHORT else "x-small"
    ax.set_title(words, loc="right", fontsize=size, color=style.WARNING)


def say_empty(ax: Axes, words: str) -> None:
    """Say in a panel that nothing is drawn in it, instead of an empty scale."""
    ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    ax.grid(visible=False)
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color=style.WARNING)


def align_zeros(left: Axes, right: Axes) -> None:
    """Lengthen two vertical axes so that their zeros lie at one height."""
    spans = [(min(ax.get_ylim()[0], 0.0), max(ax.get_ylim()[1], 0.0)) for ax in (left, right)]
    shares = [-low / (high - low) for low, high in spans]  # of the axis that lies below zero
    below = 0.5 if max(shares) == 1 > min(shares) else max(shares)
    for ax, (low, high), share in zip((left, right), spans, shares, strict=True):
        if share < below:
            low = -high * below / (1 - below)
        elif share > below:
            high = -low * (1 - below) / below
        ax.set_ylim(low, high)


def heatmap(ax: Axes, values: np.ndarray, rows: Sequence[object], columns: Sequence[object], limit: float) -> None:
    """Signed values as colours with their numbers written in, beside a colour bar; NaN is hatched.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
    rows, columns : sequence
        Labels.
    limit : float
        Where the colours end on both sides.
    """
    ax.patch.set(facecolor="0.93", edgecolor="0.75", hatch="////", linewidth=0.0)
    image = ax.imshow(values, cmap=style.DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    ax.get_figure(root=True).colorbar(image, ax=ax, pad=0.02, aspect=12)  # type: ignore[union-attr]
    ax.set_xticks(range(len(columns)), [str(name) for name in columns])
    ax.set_yticks(range(len(rows)), [str(name) for name in rows])
    ax.grid(visible=False)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = "white" if abs(value) > 0.6 * limit else "black"
            ax.text(column, row, numeral(value, ".2f"), ha="center", va="center", color=color, fontsize="small")


def core_range(curves: pd.DataFrame, limits: Sequence[float]) -> tuple[float, float] | None:
    """Where a vertical axis ends when rare values that flatten all others are cut off; None where there are none.

    Parameters
    ----------
    curves : DataFrame
        One row per day.
    limits : sequence of float
        Values that stay on the axis.
    """
    values = curves.to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, _CORE)
    near = values[(values >= low - _FAR * (high - low)) & (values <= high + _FAR * (high - low))]
    first, last = (pick([*near, *limits]) for pick in (min, max))
    if not last > first or np.ptp([*values, *limits]) < _FLATTENED * (last - first):
        return None
    room = 0.15 * (last - first)
    return first - room, last + room


def cut_spikes(
    ax: Axes, curves: pd.DataFrame, limits: Sequence[float], words: Callable[[pd.Timestamp, float], str]
) -> None:
    """Cut the axis at its `core_range`, mark each run of days beyond it, and say what the furthest value is.

    Parameters
    ----------
    ax : Axes
    curves : DataFrame
        What is drawn, one row per day.
    limits : sequence of float
    words : callable
        Day and value -> what is written.
    """
    span = core_range(curves, limits)
    if span is None:
        return
    ax.set_ylim(*span)
    for edge, side in ((span[1], 1), (span[0], -1)):
        spikes = sorted(_spikes(side * curves, side * edge), key=lambda spike: -spike[1])
        others = f"\n{label('others', n=len(spikes) - 1)}" if len(spikes) > 1 else ""
        for rank, (day, value) in enumerate(spikes):
            _point_at(ax, day, edge, side, "" if rank else words(day, side * value) + others)


def _spikes(curves: pd.DataFrame, edge: float) -> Iterator[tuple[pd.Timestamp, float]]:
    """The day and value that are furthest above an edge in each run of days above it."""
    furthest = curves.max(axis=1)
    beyond = furthest > edge
    for _, run in furthest[beyond].groupby((beyond != beyond.shift()).cumsum()[beyond]):
        place = int(run.to_numpy().argmax())
        yield pd.DatetimeIndex(run.index)[place], float(run.iloc[place])


def _point_at(ax: Axes, day: pd.Timestamp, edge: float, side: int, words: str) -> None:
    """A triangle at the edge of the axis, and words beside it, towards the middle."""
    low, high = ax.get_xlim()
    x = float(np.asarray(ax.convert_xunits(day)))
    right_half = x > (low + high) / 2
    ax.plot([x], [edge], "^" if side > 0 else "v", color=style.WARNING, clip_on=False, zorder=5, markersize=6)
    if not words:
        return
    ax.annotate(
        words,
        (x, edge),
        xytext=(-8 if right_half else 8, -4 * side),
        textcoords="offset points",
        ha="right" if right_half else "left",
        va="top" if side > 0 else "bottom",
        color=style.WARNING,
        fontsize="small",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
    )


def say_nothing_drawn(ax: Axes) -> None:
    """`say_empty` for a panel whose named lines hold no value."""
    drawn = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    if not any(np.isfinite(np.asarray(line.get_ydata(), dtype=float)).any() for line in drawn):
        say_empty(ax, label("nothing"))
