"""Tables, page and plots of made-up portfolios against plain loops."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_runs import result
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from qlib_mfgru.portfolio import (
    FullInvestment,
    IndexEnhancement,
    IndexEnhancementRecord,
    IndexEnhancementSettings,
    PortfolioRun,
)
from qlib_mfgru.portfolio.results import tables
from qlib_mfgru.portfolio.results.plots import outputs as plots
from qlib_mfgru.provider import SESSIONS
from qlib_mfgru.report import measures, style
from qlib_mfgru.report.published import published

RESULT = result()
"""2021-12-16 .. 2022-01-26, limits 0.3 and 0.5."""
CHANGE = pd.DatetimeIndex(["2022-03-15"], name="day")
REBALANCES = ["2021-12-16", "2021-12-20", "2021-12-27", "2022-01-03", "2022-01-10", "2022-01-17", "2022-01-24"]


def compounded(returns: list[float]) -> float:
    return math.prod(1 + r for r in returns) - 1


def test_performance_has_the_reports_columns_and_rows() -> None:
    table, report = tables.performance(RESULT), published("enhancement_performance")
    assert list(table.columns) == list(report.columns)
    assert table["turnover_limit"].tolist() == ["0.3", "0.5", "benchmark"]
    assert set(table["index"]) == {"CSI300"}
    assert table["figure"].isna().all()
    assert table.iloc[2].isna().tolist() == [*report.iloc[3].isna().tolist()[:-1], True]


def test_performance_against_loops() -> None:
    run, row = RESULT.runs[1], tables.performance(RESULT).iloc[1]
    net = [gross - cost for gross, cost in zip(run.report["return"], run.report["cost"], strict=True)]
    apart = [r - b for r, b in zip(net, run.report["bench"], strict=True)]
    assert row["annual_return"] == pytest.approx((1 + compounded(net)) ** (252 / 30) - 1)
    assert row["annual_excess"] == pytest.approx((1 + compounded(apart)) ** (252 / 30) - 1)
    assert row["turnover"] == pytest.approx(sum(run.report["turnover"][day] for day in REBALANCES[1:]) / 6)
    assert row["turnover"] == pytest.approx(run.report["turnover"].iloc[1:].sum() / 6)
    assert row["calmar"] == pytest.approx(row["annual_excess"] / row["excess_max_drawdown"])


def test_turnover_of_carried_orders_and_of_a_late_first_purchase() -> None:
    days = pd.bdate_range("2022-01-03", periods=20)
    traded = pd.Series(0.0, days)
    traded[["2022-01-10", "2022-01-11", "2022-01-17", "2022-01-19"]] = [0.9, 0.1, 0.25, 0.05]
    turnovers = measures.rebalance_turnover(traded, pd.DatetimeIndex(days[::5]))
    assert turnovers.index.strftime("%m-%d").tolist() == ["01-03", "01-10", "01-17", "01-24"]
    np.testing.assert_allclose(turnovers, [np.nan, np.nan, 0.3, 0.0])
    assert measures.turnover(traded, pd.DatetimeIndex(days[::5])) == pytest.approx(0.15)
    assert math.isnan(measures.turnover(0 * traded, pd.DatetimeIndex(days[::5])))


def test_yearly_returns_and_cost_drag() -> None:
    table, run = tables.yearly(RESULT), RESULT.runs[0]
    assert list(table.columns) == ["index", "turnover_limit", "2021", "2022", "figure"]
    for year, (first, end) in {"2021": (0, 12), "2022": (12, 30)}.items():
        assert run.report.index[first : end + 1].year.tolist()[0] == int(year)
        assert table[year][0] == pytest.approx(compounded(list(run.returns.iloc[first:end])))
        assert table[year][2] == pytest.approx(compounded(list(run.benchmark.iloc[first:end])))
    gross, costs = pd.Series([0.01, 0.02]), pd.Series([0.001, 0.0])
    drag = (1.01 * 1.02) ** 126 - (1.009 * 1.02) ** 126
    assert measures.cost_drag(gross, costs, 252) == pytest.approx(drag)


def test_the_report_stands_beside_the_run() -> None:
    table = tables.comparison(RESULT)
    rows = list(zip(table["turnover_limit"], table["source"], strict=True))
    assert rows == [
        *(("0.3", "report"), ("0.3", "this run"), ("0.4", "report"), ("0.5", "report"), ("0.5", "this run")),
        *(("benchmark", "report"), ("benchmark", "this run")),
    ]
    assert table["annual_excess"].tolist()[:1] == [0.0948]
    assert table["n_failed"].tolist() == [pd.NA, 1, pd.NA, pd.NA, 1, pd.NA, pd.NA]
    years = tables.yearly_comparison(RESULT)
    assert list(years.columns[3:-1]) == [str(year) for year in range(2017, 2024)]
    assert years.loc[0, ["2021", "2022"]].tolist() == [0.1937, -0.1140]
    assert years.loc[1].isna()[["2020", "2021", "2022", "2023"]].tolist() == [True, False, False, True]


@pytest.mark.parametrize(("index", "session"), [("sse50", "ashare"), ("large", "us"), ("csi300", "us")])
def test_what_the_report_lacks_stands_alone(index: str, session: str) -> None:
    """An index, and one of another market whatever it is called."""
    other = replace(result(index=index), session=SESSIONS[session])
    table = tables.comparison(other)
    assert table[["source", "turnover_limit"]].to_numpy().tolist() == [
        ["this run", limit] for limit in ("0.3", "0.5", "benchmark")
    ]
    assert table["n_failed"].tolist() == [1, 1, pd.NA]
    assert list(tables.yearly_comparison(other).columns) == ["source", "index", "turnover_limit", "2021", "2022"]
    page = page_of(other)
    assert page.startswith(
        f"# {index.upper()} enhancement with SomeModel\n\n## This run\n\n| source | index | turnover limit |"
    )
    for words in ("Huatai", "| report |", "figure"):
        assert words not in page


def test_statistics() -> None:
    run, row = RESULT.runs[0], tables.statistics(RESULT).iloc[0]
    log = run.rebalances.to_dict("records")
    assert row["cost_drag"] > 0
    assert row["largest_turnover"] == pytest.approx(max(run.report["turnover"][day] for day in REBALANCES[1:]))
    assert row["mean_names"] == pytest.approx(sum(run.exposures["names"]) / 30)
    assert (row["n_rebalances"], row["n_failed"], row["n_relaxed"]) == (7, 1, 1)
    assert (row["n_orders"], row["n_unfilled"]) == tuple(sum(r[n] for r in log) for n in ("orders", "unfilled"))
    assert row["mean_unfilled_value"] == pytest.approx(sum(r["unfilled_value"] for r in log) / 7)


def test_exposures_beside_their_limits() -> None:
    table = tables.exposures(RESULT).query("turnover_limit == '0.5'").set_index("exposure")
    held = RESULT.runs[1].exposures
    assert table[["least", "most"]].loc["constituent_weight"].tolist() == [0.8, pytest.approx(np.nan, nan_ok=True)]
    assert table.loc["constituent_weight", "worst"] == min(held["constituent_weight"])
    assert table.loc["max_deviation", "worst"] == max(held["max_deviation"])
    assert abs(table.loc["market_cap", "worst"]) == max(abs(v) for v in held["market_cap"])
    assert table.loc["market_cap", "mean"] == pytest.approx(sum(held["market_cap"]) / 30)
    assert table.loc["max_deviation", "days_beyond"] == sum(v > 0.008 for v in held["max_deviation"]) / 30


def test_constraints_that_gave_way() -> None:
    rows = tables.relaxed(RESULT).query("turnover_limit == '0.3'")[["constraint", "n_relaxed", "largest"]]
    assert rows.to_numpy().tolist() == [["industry_exposure", 1, 0.004], ["no_st", 0, 0.0]]


def test_metrics_are_the_tables_numbers() -> None:
    scalars = tables.metrics(RESULT)
    assert scalars["CSI300.0.5.annual_excess"] == tables.performance(RESULT)["annual_excess"][1]
    assert set(scalars) == {"CSI300.n_failed"} | {
        f"CSI300.{limit}.{name}"
        for limit in ("0.3", "0.5")
        for name in ("annual_excess", "information_ratio", "excess_max_drawdown")
    }
    assert scalars["CSI300.n_failed"] == tables.statistics(RESULT)["n_failed"].sum() == 2
    assert all(math.isfinite(value) for value in scalars.values())


def page_of(enhancement: IndexEnhancement) -> str:
    return IndexEnhancementRecord(None, index="csi300").document(enhancement)


def test_the_page_says_what_did_not_go_as_planned() -> None:
    page = page_of(RESULT)
    unfilled, orders = (RESULT.runs[0].rebalances[name].sum() for name in ("unfilled", "orders"))
    assert "# CSI300 enhancement with SomeModel\n" in page
    assert (
        "Turnover limit 30%: of 7 rebalances, 1 failed and kept the holding (no score of the day before: 1), and 1 "
        f"relaxed constraints; {unfilled} of {orders} orders were not executed in full" in page
    )
    assert "2021-12-16 .. 2022-01-26, 30 trading days" in page
    assert "| 0.3 | industry exposure | 1 | 0.0040 |" in page
    assert "1.21 to 1.40" in page
    assert "| report | CSI300 | 0.3 | 26.95% | -19.55% | 36.18% | 37.12% | 19.37% | -11.40% | 4.61% | 37 |" in page
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == [
        "The Huatai report and this run",
        "Excess since the first deal",
        "Returns by calendar year",
        "Costs, holdings, rebalances and orders",
        "Realised exposures and their limits",
        "Constraints that gave way",
        "Days without an index level",
        "Changes of the index's members",
        "Conventions of all tables",
    ]
    assert "The index has a level on every day." in page


def test_holes_in_the_index_are_a_table_with_what_they_do() -> None:
    days = RESULT.runs[0].benchmark.index
    holed = replace(RESULT, index_holes=days[[3, 4, 5, 9]])
    assert tables.index_holes(holed).to_dict("list") == {
        "first": ["2021-12-21", "2021-12-29"],
        "last": ["2021-12-23", "2021-12-29"],
        "days": [3, 1],
    }
    page = page_of(holed)
    assert "| 2021-12-21 | 2021-12-23 | 3 |" in page
    assert "On 4 of 30 days the index has no level and returns 0" in page
    assert tables.index_holes(RESULT).columns.tolist() == ["first", "last", "days"]


def test_the_page_of_a_run_in_which_nothing_gave_way() -> None:
    calm = result()
    for run in calm.runs:
        run.rebalances["relaxed.industry_exposure"] = 0.0
    assert "## Constraints that gave way\n\nNo constraint was relaxed.\n" in page_of(calm)


def test_own_constraints_that_limit_no_exposure(tmp_path: Path) -> None:
    """The table is empty, and the plot has no limits."""
    settings = IndexEnhancementSettings(index="csi300", constraints=[FullInvestment()])
    free = replace(RESULT, settings=settings)
    assert list(tables.exposures(free).columns) == list(tables.EXPOSURE_COLUMNS)
    assert "No constraint limits an exposure." in page_of(free)
    style.save(plots.plots["exposures.png"](free), tmp_path / "exposures.png")


def curves(ax: Axes) -> list[Line2D]:
    """The named curves of a panel, without lines that mark zero or a day."""
    return [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]


def compounded_from_the_deal(run: PortfolioRun) -> list[float]:
    """1 at the deal, then what the costs of the first day and the differences of the later days leave."""
    value = [1.0, 1.0 - run.report["cost"].iloc[0]]
    for r in (run.returns - run.benchmark).iloc[1:]:
        value.append(value[-1] * (1 + r))
    return value


def test_curves_are_the_compounded_difference_from_the_deal_on() -> None:
    for file, expected in (("excess.png", lambda v: v[-1] - 1), ("drawdown.png", lambda v: v[-1] / max(1, *v) - 1)):
        for line, run in zip(curves(plots.plots[file](RESULT).axes[0]), RESULT.runs, strict=True):
            value = compounded_from_the_deal(run)
            assert line.get_ydata()[0] == 0
            assert line.get_xdata()[0] == line.get_xdata()[1] == pd.Timestamp("2021-12-16")
            assert line.get_ydata()[-1] == pytest.approx(expected(value))


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


def test_excess_since_the_deal_stands_beside_that_of_the_tables() -> None:
    table, run = tables.since_deal(RESULT), RESULT.runs[1]
    row = table.iloc[1]
    value = compounded_from_the_deal(run)
    assert (row["turnover_limit"], row["first_deal"]) == ("0.5", "2021-12-16")
    assert row["first_day_excess"] == pytest.approx((run.returns - run.benchmark).iloc[0])
    assert row["annual_excess"] == pytest.approx(value[-1] ** (252 / 30) - 1)
    assert row["excess_max_drawdown"] == pytest.approx(max(1 - v / max(value[: k + 1]) for k, v in enumerate(value)))


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
    twice = result(limits=(0.3, 0.4, 0.5))
    twice.runs[1] = replace(twice.runs[0], limit=0.4)
    figure = plots.plots["excess.png"](twice)
    assert [str(line.get_label()).split(":")[0] for line in curves(figure.axes[0])] == ["30%, 40%", "50%"]
    assert any("turnover limits 30%, 40% are the same" in text.get_text() for text in figure.texts)


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


@pytest.mark.parametrize("status", ["solved", "relaxed", "failed"])
def test_plots_have_room_for_everything(status: str, tmp_path: Path) -> None:
    """Also where nothing failed or gave way: matplotlib warns of axes that its layout has squeezed to nothing."""
    enhancement = result(115, (0.3, 0.4, 0.5))
    for run in enhancement.runs:
        run.rebalances["status"] = status
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, plot in plots.plots.items():
            style.save(plot(enhancement), tmp_path / name)


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
