"""What is written into panels, and where their axes end; and the look of figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from qlib_mfgru.report import marks, style

DAYS = pd.bdate_range("2023-01-02", periods=100)


@pytest.mark.parametrize(
    ("left", "right"),
    [((-1.0, 3.0), (-1.0, 9.0)), ((0.2, 3.0), (-4.0, 1.0)), ((-3.0, -1.0), (0.5, 2.0)), ((0.0, 1.0), (0.0, 5.0))],
)
def test_zeros_lie_at_one_height_and_nothing_is_cut_off(left: tuple[float, float], right: tuple[float, float]) -> None:
    ax = Figure().subplots()
    twin = ax.twinx()
    ax.set_ylim(*left)
    twin.set_ylim(*right)
    marks.align_zeros(ax, twin)
    heights = [-low / (high - low) for low, high in (ax.get_ylim(), twin.get_ylim())]
    assert heights[0] == pytest.approx(heights[1])
    for axes, (low, high) in ((ax, left), (twin, right)):
        assert axes.get_ylim()[0] <= low
        assert axes.get_ylim()[1] >= high


def spiked(value: float, days: int = 1) -> pd.DataFrame:
    """0.8 to 0.82, and for some days something else."""
    curve = pd.Series(np.linspace(0.8, 0.82, 100), DAYS)
    curve.iloc[60 : 60 + days] = value
    return pd.DataFrame({0.3: curve, 0.4: curve})


def test_a_rare_spike_is_cut_off_and_the_limits_stay() -> None:
    assert marks.core_range(spiked(0.6), [0.8]) == pytest.approx((0.8 - 0.003, 0.82 + 0.003))
    low, high = marks.core_range(spiked(0.6), [0.79]) or (np.nan, np.nan)
    assert low < 0.79 < 0.82 < high


@pytest.mark.parametrize(
    "curves",
    [spiked(0.81), spiked(0.84), spiked(0.6, days=20), spiked(np.nan, days=100), pd.DataFrame({0.3: [1.0] * 9})],
)
def test_without_a_rare_spike_the_axis_stays(curves: pd.DataFrame) -> None:
    assert marks.core_range(curves, [0.8]) is None


def test_each_run_of_days_off_the_scale_is_marked_and_the_furthest_is_named() -> None:
    curves = spiked(0.6, days=2)
    for place, value in ((5, 1.4), (15, 1.2), (30, 1.6)):
        curves.iloc[place] = value
    curves.iloc[45, 0] = 1.5
    ax = Figure().subplots()
    ax.plot(curves)
    marks.cut_spikes(ax, curves, [], lambda day, value: f"{day:%m-%d} {value}")
    marked = [line for line in ax.get_lines() if line.get_marker() in ("^", "v")]
    assert [line.get_marker() for line in marked] == ["^", "^", "^", "^", "v"]
    assert [text.get_text() for text in ax.texts] == ["02-13 1.6\nand 3 more beyond", "03-27 0.6"]


def test_ends_of_lines_are_named_apart_from_each_other() -> None:
    ax = Figure().subplots()
    curves = {"top": pd.Series([1.0, 1.01], DAYS[:2]), "lowest": pd.Series([0.0, 1.0], DAYS[:2])}
    for curve in curves.values():
        ax.plot(curve.index, curve)
    marks.label_ends(ax, curves, {"top": "red", "lowest": "blue"})
    places = {text.get_text(): text.xy[1] for text in ax.texts}  # type: ignore[attr-defined]
    low, high = ax.get_ylim()
    assert places["top"] - places["lowest"] == pytest.approx(0.07 * (high - low))
    assert places["top"] <= high


def test_missing_values_of_a_heatmap_are_hatched_and_it_has_a_colour_bar() -> None:
    figure = Figure()
    ax = figure.subplots()
    marks.heatmap(ax, np.array([[0.0, np.nan, 0.1]]), [2023], [1, 2, 3], limit=0.2)
    assert ax.patch.get_hatch() == "////"
    assert [text.get_text() for text in ax.texts] == ["0.00", "0.10"]
    assert np.ma.getmaskarray(ax.images[0].get_array()).tolist() == [[False, True, False]]
    assert len(figure.axes) == 2
    assert ax.images[0].get_clim() == (-0.2, 0.2)


@pytest.mark.parametrize(("n", "legend", "shape"), [(1, False, (1, 1)), (2, False, (1, 2)), (3, True, (3, 1))])
@pytest.mark.parametrize("more", [(4, (2, 2)), (5, (5, 1)), (6, (3, 2))])
def test_panels_leave_no_hole(n: int, legend: bool, shape: tuple[int, int], more: tuple[int, tuple[int, int]]) -> None:
    for number, (rows, columns) in ((n, shape), more):
        figure, axes = style.panels("title", ["panel"] * number, legend=legend and number == n)
        assert len(axes) == len(figure.axes) == number
        grid = axes[0].get_subplotspec().get_gridspec()  # type: ignore[union-attr]
        assert (grid.nrows, grid.ncols) == (rows, columns)


def test_a_legend_fills_the_slot_that_panels_leave_free() -> None:
    figure, axes = style.panels("title", ["panel"] * 7, legend=True)
    lines = [axes[0].plot([1, 2])[0]]
    style.place_legend(figure, lines, ["one"])
    assert len(figure.axes) == 8
    assert figure.axes[-1].get_legend() is not None
    assert not figure.legends


def test_series_are_told_apart_past_the_colours() -> None:
    looks = [(look["color"], look["linestyle"]) for look in style.series(20)]
    assert len(set(looks)) == 20
    assert [line for _, line in looks[:8]] == ["-"] * 8


def test_ordered_colours_go_from_blue_over_grey_to_red() -> None:
    first, *_, last = style.ordered_colors(11)
    assert first[2] > first[0] + 0.3
    assert last[0] > last[2] + 0.3
    red, green, blue, _ = style.ordered_colors(11)[5]
    assert max(red, green, blue) - min(red, green, blue) < 0.05


def test_a_panel_without_values_says_so() -> None:
    ax = Figure().subplots()
    ax.plot([1, 2], [np.nan, np.nan], label="line")
    ax.axhline(0)
    marks.say_nothing_drawn(ax)
    assert [text.get_text() for text in ax.texts] == ["nothing to draw"]
