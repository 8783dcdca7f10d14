"""Whether a legend of a chart lies on what is drawn."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox


def covering(figure: Figure) -> list[list[str]]:
    """The words of each legend that lies on a curve, a band or a bar of any panel."""
    figure.draw_without_rendering()
    legends = [*figure.legends, *(legend for ax in figure.axes if (legend := ax.get_legend()))]
    return [
        [text.get_text() for text in legend.get_texts()]
        for legend in legends
        if any(is_met for ax in figure.axes for is_met in _met(ax, legend.get_window_extent()))
    ]


def _met(ax: Axes, box: Bbox) -> Iterator[bool]:
    for line in ax.get_lines():
        yield line.get_transform().transform_path(line.get_path()).intersects_bbox(box, filled=False)
    for area in ax.collections:
        yield from (area.get_transform().transform_path(path).intersects_bbox(box) for path in area.get_paths())
    yield from (bar.get_window_extent().overlaps(box) for bar in ax.patches)
