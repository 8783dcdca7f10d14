"""Charts of a factor test: what they say, where little is said by their numbers, and factors that are all equal."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chart_legends import covering
from market_world import CODES, DAYS, market, random_scores, to_scores, use
from matplotlib.dates import date2num
from matplotlib.text import Text

from qlib_mfgru.factor import FactorTest, FactorTestRecord, FactorTestSettings, run_factor_test
from qlib_mfgru.factor.results import doubts, tables
from qlib_mfgru.factor.results.plots import calendar_grid
from qlib_mfgru.factor.results.plots import outputs as plots
from qlib_mfgru.report.significance import Band, compounded, summed

SETTINGS = FactorTestSettings(pools=["all", "few"], n_layers=5, neutralize=[], horizons=[5, 1, 2])


@pytest.fixture(scope="module")
def tested(market_provider: Path) -> FactorTest:
    use(market_provider)
    return run_factor_test(to_scores(random_scores()), SETTINGS, "SomeModel")


@pytest.fixture(scope="module")
def constant(market_provider: Path) -> FactorTest:
    """All stocks have the same factor, but for the first date."""
    use(market_provider)
    scores = np.ones((len(DAYS), len(CODES)))
    scores[:5] = np.arange(len(CODES))
    return run_factor_test(to_scores(scores), SETTINGS, "Constant")


@pytest.mark.parametrize("file", list(plots.plots))
def test_charts_name_model_pools_period_and_source(tested: FactorTest, file: str) -> None:
    figure = plots.plots[file](tested)
    said = [text.get_text() for text in figure.texts]
    assert figure.get_suptitle()
    assert any(
        words.startswith("SomeModel · ") and "2023-01-06 .. 2023-03-31 · 13 test dates" in words for words in said
    )
    assert f"Source: {tested.source}, own calculation (qlib_mfgru)" in said
    everything = " ".join([*said, *(ax.get_title(loc="left") for ax in figure.axes)])
    assert all(pool in everything for pool in ("ALL", "FEW"))
    assert not any(ax.get_title() for ax in figure.axes)


def test_layers_start_at_one_and_the_outermost_are_named_at_their_ends(tested: FactorTest) -> None:
    ax = plots.plots["layers.png"](tested).axes[0]
    result = tested.pools["all"]
    for line, layer in zip(ax.get_lines(), result.layers, strict=True):
        assert (line.get_xdata()[0], line.get_ydata()[0]) == (pd.Timestamp("2023-01-06"), 1.0)
        difference = result.returns[layer] - result.pool_returns
        assert line.get_ydata()[-1] == pytest.approx(np.prod(1 + difference))
    assert {text.get_text() for text in ax.texts} == {"1 (lowest)", "5 (TOP)"}


def test_the_top_layers_curve_and_the_sum_of_rank_ic_have_bands(tested: FactorTest) -> None:
    """From the start of their curves on, with their names in the legend."""
    result = tested.pools["all"]
    difference = result.returns[5] - result.pool_returns
    for file, name, panel, series, cumulated, start in (
        ("layers.png", "90% band of TOP\n(bootstrap)", 0, difference, compounded, [(pd.Timestamp("2023-01-06"), 1.0)]),
        ("rank_ic.png", "90% band (bootstrap)", 2, result.rank_ic, summed, []),
    ):
        figure = plots.plots[file](tested)
        (area,) = figure.axes[panel].collections
        assert area.get_label() == name
        assert name in [text.get_text() for text in figure.findobj(Text)]
        band = Band.around(series, cumulated)
        for values in (band.low, band.high):
            corners = [*start, *values.items()]
            drawn = {(round(x, 6), round(y, 9)) for x, y in area.get_paths()[0].vertices}
            assert {(round(date2num(day), 6), round(value, 9)) for day, value in corners} <= drawn


def test_charts_of_another_entry_say_so(tested: FactorTest) -> None:
    other = replace(tested, settings=tested.settings.changed(entry="same_close"))
    for plot in plots.plots.values():
        words = " ".join(text.get_text() for text in plot(other).texts)
        assert " · bought at the test date's close: not tradable · 2023-01-06" in words
        assert "bought at" not in " ".join(text.get_text() for text in plot(tested).texts)


def test_thin_layers_are_warned_of(tested: FactorTest) -> None:
    """`few` has 16 members and then 15, of whom some have no score: layers of 2 to 4; `all` has 7 and more."""
    for file, warned in (
        ("layers.png", True),
        ("layer_excess.png", True),
        ("turnover.png", True),
        ("rank_ic.png", False),
    ):
        everybody, few = plots.plots[file](tested).axes[:2]
        assert everybody.get_title(loc="right") == ""
        assert few.get_title(loc="right") == ("only 2-4 stocks a layer: mostly chance" if warned else "")
    kept = tested.pools["few"].counts["kept"]
    assert (kept.min() // 5, -(-kept.max() // 5)) == (2, 4)
    assert doubts.doubts(tested) == ["FEW: only 2-4 stocks a layer: mostly chance."]


def test_a_constant_factor_says_that_its_layers_go_by_code(constant: FactorTest) -> None:
    words = "factors equal on 12 of 13 dates: layers by code"
    for file in ("layers.png", "rank_ic.png", "layer_excess.png"):
        assert plots.plots[file](constant).axes[0].get_title(loc="right") == words
    page = FactorTestRecord(None, **dict(SETTINGS)).document(constant)
    assert (
        "- ALL: no RankIC on 12 of 13 dates: all stocks have the same factor, and the layers go by code order." in page
    )


@pytest.mark.parametrize(("known", "pools"), [("all", ["all"]), ("some", ["few", "all", "all_"]), ("none", ["few"])])
def test_every_chart_can_be_drawn(tested: FactorTest, known: str, pools: list[str]) -> None:
    """Also without any IC, and with any number of pools; matplotlib warns of axes squeezed to nothing."""
    shown = {}
    for pool in pools:
        result = tested.pools[pool.strip("_")]
        keep = {"all": 13, "some": 4, "none": 0}[known]
        without = [series.where(np.arange(13) < keep) for series in (result.rank_ic, result.ic)]
        marginal = result.marginal if keep else pd.DataFrame()
        shown[pool] = replace(result, rank_ic=without[0], ic=without[1], marginal=marginal)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for plot in plots.plots.values():
            plot(replace(tested, pools=shown)).draw_without_rendering()


@pytest.mark.parametrize("pools", [["all"], ["few", "all", "all_"]])
def test_no_legend_lies_on_a_curve(tested: FactorTest, pools: list[str]) -> None:
    many = replace(tested, pools={pool: tested.pools[pool.strip("_")] for pool in pools})
    assert {file: covering(plot(many)) for file, plot in plots.plots.items()} == {file: [] for file in plots.plots}


def test_a_panel_without_any_ic_says_so(tested: FactorTest) -> None:
    result = tested.pools["all"]
    empty = replace(result, rank_ic=result.rank_ic * np.nan, marginal=pd.DataFrame())
    nothing = replace(tested, pools={"all": empty})
    assert [text.get_text() for text in plots.plots["rank_ic.png"](nothing).axes[0].texts] == ["nothing to draw"]
    whole, alone = plots.plots["ic_decay.png"](nothing).axes
    assert not whole.texts
    assert [text.get_text() for text in alone.texts] == ["nothing to draw"]


def test_rank_ic_of_each_horizon_and_of_each_stretch(tested: FactorTest) -> None:
    """Against ranks of returns between the horizons, date by date; drawn in ascending order."""
    vwap, result = pd.DataFrame(market()["vwap"], DAYS, CODES).ffill(), tested.pools["few"]
    scores = pd.DataFrame(random_scores(), DAYS, CODES)
    for end, begin in ((1, 0), (2, 1), (5, 2)):
        day = DAYS.get_loc(tested.dates[3])
        returns = vwap.iloc[day + 1 + end] / vwap.iloc[day + 1 + begin] - 1
        members = [*CODES[5:20], CODES[20]]
        expected = scores.iloc[day][members].corr(returns[members], method="spearman")
        assert result.marginal[end].iloc[3] == pytest.approx(expected, abs=1e-6)
    whole, alone = plots.plots["ic_decay.png"](tested).axes
    assert [text.get_text() for text in whole.get_xticklabels()] == ["1", "2", "5"]
    assert [text.get_text() for text in alone.get_xticklabels()] == ["1", "2", "3-5"]
    np.testing.assert_allclose(alone.get_lines()[1].get_ydata(), result.marginal[[1, 2, 5]].mean())
    assert alone.get_ylim() == whole.get_ylim()
    lowest, highest = whole.get_ylim()
    drawn = np.concatenate([line.get_ydata() for ax in (whole, alone) for line in ax.get_lines()])
    assert lowest < drawn.min()
    assert drawn.max() < highest
    table = tables.marginal(tested).set_index("pool")
    assert list(table.columns) == ["1", "2", "3-5"]
    assert table.loc["FEW", "3-5"] == pytest.approx(result.marginal[5].mean())


def test_months_without_a_date_are_missing_and_not_zero() -> None:
    series = pd.Series([0.1, 0.3, np.nan], pd.to_datetime(["2022-11-04", "2022-11-11", "2023-02-03"]))
    grid = calendar_grid(series)
    assert list(grid.index) == [2022, 2023]
    assert list(grid.columns) == list(range(1, 13))
    assert grid.loc[2022, 11] == pytest.approx(0.2)
    assert grid.notna().to_numpy().sum() == 1
