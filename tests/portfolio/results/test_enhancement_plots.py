"""Charts of made-up portfolios against plain loops."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chart_legends import covering
from made_up_runs import compounded, compounded_from_the_deal, page_of, result
from matplotlib.axes import Axes
from matplotlib.colors import same_color
from matplotlib.lines import Line2D

from qlib_mfgru.portfolio import (
    IndexEnhancementSettings,
)
from qlib_mfgru.portfolio.results import tables
from qlib_mfgru.portfolio.results.limit_plot import against_limits
from qlib_mfgru.portfolio.results.plots import outputs as plots
from qlib_mfgru.report import significance, style
from qlib_mfgru.report.significance import Band

RESULT = result()
"""2021-12-16 .. 2022-01-26, limits 0.3 and 0.5."""
CHANGE = pd.DatetimeIndex(["2022-03-15"], name="day")


def curves(ax: Axes) -> list[Line2D]:
    """The named curves of a panel, without lines that mark zero or a day."""
    return [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]


def test_curves_are_the_compounded_difference_from_the_deal_on() -> None:
    for file, expected in (("excess.png", lambda v: v[-1] - 1), ("drawdown.png", lambda v: v[-1] / max(1, *v) - 1)):
        for line, run in zip(curves(plots.plots[file](RESULT).axes[0]), RESULT.runs, strict=True):
            value = compounded_from_the_deal(run)
            assert line.get_ydata()[0] == 0
            assert line.get_xdata()[0] == line.get_xdata()[1] == pd.Timestamp("2021-12-16")
            assert line.get_ydata()[-1] == pytest.approx(expected(value))


def test_each_cumulative_excess_has_a_band_in_its_colour() -> None:
    ax = plots.plots["excess.png"](RESULT).axes[0]
    for area, line, run in zip(ax.collections, curves(ax), RESULT.runs, strict=True):
        assert same_color(area.get_facecolor()[0][:3], line.get_color())
        net, index = run.since_deal()
        band = Band.around(net - index, significance.compounded)
        bounds = area.get_paths()[0].get_extents()
        assert (bounds.y0, bounds.y1) == pytest.approx((min(0, band.low.min() - 1), max(0, band.high.max() - 1)))
    assert ax.get_legend().get_title().get_text().endswith("\nlight: 90% bands (bootstrap)")


def test_the_first_chart_has_net_values_above_the_excess_on_the_same_dates() -> None:
    assert next(iter(plots.plots)) == "net_value.png"
    figure = plots.plots["net_value.png"](RESULT)
    above, below = figure.axes
    index, *portfolios = curves(above)
    assert above.get_shared_x_axes().joined(above, below)
    assert index.get_label() == "CSI300"
    assert index.get_ydata()[-1] == pytest.approx(1 + compounded(list(RESULT.runs[0].benchmark[1:])))
    for line, run in zip(portfolios, RESULT.runs, strict=True):
        net = [-run.report["cost"].iloc[0], *run.returns[1:]]
        assert line.get_ydata()[-1] == pytest.approx(1 + compounded(net))
    for line, run in zip(curves(below), RESULT.runs, strict=True):
        np.testing.assert_allclose(line.get_ydata(), np.array(compounded_from_the_deal(run)) - 1)


def test_a_late_first_deal_begins_the_curves() -> None:
    """The days before it, on which the account is in cash, are in none of them."""
    late = result()
    for run in late.runs:
        run.report.loc[:"2021-12-21", ["turnover", "cost", "return"]] = 0.0
        run.report.loc["2021-12-22", "turnover"] = 0.9
        assert run.first_deal == pd.Timestamp("2021-12-22")
        net, index = run.since_deal()
        assert (net.index[0], net.iloc[0], index.iloc[0]) == (run.first_deal, -run.report["cost"]["2021-12-22"], 0.0)
        pd.testing.assert_series_equal(net[1:], run.returns["2021-12-23":], check_names=False)
        pd.testing.assert_series_equal(index[1:], run.benchmark["2021-12-23":], check_names=False)
    assert curves(plots.plots["excess.png"](late).axes[0])[0].get_xdata()[0] == pd.Timestamp("2021-12-22")


def test_changes_of_the_index_are_named_where_they_throw_an_exposure_off_the_scale() -> None:
    changed = replace(result(115), index_changes=pd.DataFrame({"joined": [12], "left": [11]}, CHANGE))
    for run in changed.runs:
        run.exposures.loc[CHANGE[0], "constituent_weight"] = 0.4
    ax = plots.plots["exposures.png"](changed).axes[0]
    assert 0.7 < ax.get_ylim()[0] < 0.8
    words = [text.get_text() for text in ax.texts]
    assert words == ["40.0% on 2022-03-15\nCSI300 changed: 12 in, 11 out"]
    assert tables.index_changes(changed).to_dict("list") == {"day": ["2022-03-15"], "joined": [12], "left": [11]}
    assert "| 2022-03-15 | 12 | 11 |" in page_of(changed)
    assert "The index keeps its members on all days." in page_of(RESULT)


def test_portfolios_that_are_the_same_are_one_line_that_names_all() -> None:
    twice = result(limits=(0.12, 0.125, 0.5))
    twice.runs[1] = replace(twice.runs[0], limit=0.125)
    figure = plots.plots["excess.png"](twice)
    assert [str(line.get_label()).split(":")[0] for line in curves(figure.axes[0])] == ["12%, 12.5%", "50%"]
    assert any("turnover limits 12%, 12.5% are the same" in text.get_text() for text in figure.texts)


@pytest.mark.parametrize("file", list(plots.plots))
def test_charts_name_model_index_period_and_source(file: str) -> None:
    figure = plots.plots[file](replace(RESULT, source="my_market (mfgru ingest)"))
    said = [text.get_text() for text in figure.texts]
    assert "CSI300" in figure.get_suptitle()
    assert any(words.startswith("SomeModel · CSI300 · 2021-12-16 .. 2022-01-26") for words in said)
    assert any(words.startswith("Source: my_market (mfgru ingest)") for words in said)
    assert not any(ax.get_title() for ax in figure.axes)  # what a panel is of stands at its left


def test_limits_are_drawn() -> None:
    def dashed(file: str) -> list[list[float]]:
        axes = plots.plots[file](RESULT).axes
        return [[line.get_ydata()[0] for line in ax.get_lines() if line.get_linestyle() == "--"] for ax in axes]

    assert dashed("exposures.png") == [[0.8], [0.008], [0.02], [-0.2, 0.2], [], []]
    assert dashed("turnover.png") == [[0.3], [0.5]]


def test_excess_and_ratio_against_the_limit_net_and_gross() -> None:
    """Of portfolios in any order of limits; each index has a colour."""
    both = [result(limits=(0.5, 0.1, 0.3)), result(limits=(0.2, 0.4, 0.6), index="csi500")]
    annual, ratio = against_limits(both).axes
    words = [f"{index}, {costs}" for index in ("CSI300", "CSI500") for costs in ("net of costs", "before costs")]
    for ax, name in ((annual, "annual_excess"), (ratio, "information_ratio")):
        assert [line.get_label() for line in curves(ax)] == words
        assert [line.get_xdata().tolist() for line in curves(ax)] == [[0.1, 0.3, 0.5]] * 2 + [[0.2, 0.4, 0.6]] * 2
        for of, (net, gross) in zip(both, (curves(ax)[:2], curves(ax)[2:]), strict=True):
            table = tables.performance(of).set_index("turnover_limit")[name]
            assert net.get_ydata().tolist() == [table[f"{limit:g}"] for limit in net.get_xdata()]
            assert (gross.get_ydata() > net.get_ydata()).all()
            assert net.get_color() == gross.get_color()
    run = both[0].runs[1]
    apart = compounded(list(run.report["return"] - run.report["bench"]))
    assert curves(annual)[1].get_ydata()[0] == pytest.approx((1 + apart) ** (252 / 30) - 1)


def test_two_limits_at_one_height_are_one_line() -> None:
    settings = IndexEnhancementSettings(index="csi300", exposures={"market_cap": 0.0})
    ax = plots.plots["exposures.png"](replace(RESULT, settings=settings)).axes[3]
    assert [line.get_ydata()[0] for line in ax.get_lines() if line.get_linestyle() == "--"] == [0.0]


def test_every_portfolio_is_drawn_however_many_there_are() -> None:
    """Also more than there are colours, and each looks different."""
    limits = [0.1 * number for number in range(1, 12)]
    drawn = curves(plots.plots["excess.png"](result(limits=limits)).axes[0])
    assert [str(line.get_label()).split(":")[0] for line in drawn] == [f"{limit:.0%}" for limit in limits]
    assert len({(line.get_color(), str(line._dash_pattern)) for line in drawn}) == 11  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", ["solved", "forced", "relaxed", "failed"])
def test_plots_have_room_for_everything(status: str, tmp_path: Path) -> None:
    """Also where nothing failed or gave way: matplotlib warns of axes that its layout has squeezed to nothing."""
    enhancement = result(115, (0.3, 0.4, 0.5))
    for run in enhancement.runs:
        run.rebalances["status"] = status
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, plot in plots.plots.items():
            style.save(plot(enhancement), tmp_path / name)


@pytest.mark.parametrize("limits", [(0.1,), (0.3, 0.5), (0.3, 0.4, 0.5), (0.05, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 2.0)])
def test_no_legend_lies_on_a_curve(limits: tuple[float, ...]) -> None:
    """Also where each rebalance takes all that its limit allows, as many do at low ones."""
    enhancement = result(115, limits)
    for run in enhancement.runs:
        run.report["turnover"] = run.limit
        run.rebalances["status"] = "forced"
    assert {file: covering(plot(enhancement)) for file, plot in plots.plots.items()} == {
        file: [] for file in plots.plots
    }
    ax = plots.plots["turnover.png"](enhancement).axes[0]
    ax.legend(loc="upper right", fontsize="small", ncols=2)
    assert covering(ax.get_figure(root=True))  # type: ignore[arg-type]


def test_it_prints_its_performance_and_shows_the_first_chart() -> None:
    title, _, *rows = repr(RESULT).splitlines()
    assert title == f"CSI300 enhancement with {RESULT.model}, 2021-12-16 .. 2022-01-26"
    assert [row.split()[0] for row in rows[:2]] == ["0.3", "0.5"]
    assert len(rows) == 3, "the index is the last one"
    assert rows[1].split()[2] == f"{tables.performance(RESULT)['annual_excess'][1]:.2%}"
    assert repr(RESULT.runs[0]) == "<PortfolioRun, turnover limit 0.3, 2021-12-16 .. 2022-01-26, 7 rebalances>"
    page = RESULT._repr_html_()
    assert page.count("<tr>") == 4
    assert page.count("data:image/png;base64,") == 1
