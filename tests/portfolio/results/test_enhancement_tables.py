"""Tables and page of made-up portfolios against plain loops."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_runs import compounded, compounded_from_the_deal, page_of, result

from qlib_mfgru.portfolio import (
    FullInvestment,
    IndexEnhancementSettings,
)
from qlib_mfgru.portfolio.results import tables, untradable
from qlib_mfgru.portfolio.results.plots import outputs as plots
from qlib_mfgru.portfolio.trade.rebalance import NO_SCORE
from qlib_mfgru.portfolio.trade.untradable import COLUMNS, as_frame
from qlib_mfgru.provider import SESSIONS
from qlib_mfgru.report import measures, style
from qlib_mfgru.report.published import published

RESULT = result()
"""2021-12-16 .. 2022-01-26, limits 0.3 and 0.5."""
CHANGE = pd.DatetimeIndex(["2022-03-15"], name="day")
REBALANCES = ["2021-12-16", "2021-12-20", "2021-12-27", "2022-01-03", "2022-01-10", "2022-01-17", "2022-01-24"]


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
    assert (row["n_rebalances"], row["n_failed"], row["n_forced"], row["n_relaxed"]) == (7, 1, 1, 1)
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


def test_constraints_that_were_broken() -> None:
    columns = ["constraint", "n_forced", "n_relaxed", "largest"]
    rows = tables.relaxed(RESULT).query("turnover_limit == '0.3'")[columns]
    assert rows.to_numpy().tolist() == [["industry_exposure", 0, 1, 0.004], ["no_st", 1, 0, 0.0015]]


def test_stocks_that_could_not_be_traded_are_counted() -> None:
    """The ban that stands first counts; the most frequent come first, and the page has ten of each limit."""
    run = RESULT.runs[0]
    row = {"action": "sell", "needed": 0.01, "banned_by": "frozen_suspended no_unscored_buys", "constraint": "no_st"}
    codes = [f"SZ00000{number}" for number in range(9) for _ in range(9 - number)] + ["SZ000010", "SZ000011"]
    found = [{"datetime": run.dates[0], "instrument": code, **row, "broken_by": 0.01} for code in codes]
    one = replace(RESULT, runs=[replace(run, untradable=as_frame(found))])
    table = untradable.most_often(one)
    assert table["instrument"].tolist() == [f"SZ00000{number}" for number in range(9)] + ["SZ000010"]
    assert table["n_times"].tolist() == [9, 8, 7, 6, 5, 4, 3, 2, 1, 1]
    assert set(table["banned_by"]) == {"frozen_suspended"}
    page = page_of(one)
    assert "| 0.3 | SZ000000 | sell | suspended | no ST | 9 | 0.01 |" in page
    assert "- 1 more rows, of stocks that force a constraint less often, are in untradable.csv." in page
    rows = untradable.by_rebalance(one)
    assert rows.columns.tolist() == ["turnover_limit", "datetime", *COLUMNS]
    assert len(rows) == 47


def test_stocks_whose_limits_contradict_each_other_are_named() -> None:
    calm = result()
    assert tables.contradictions(calm) == []
    calm.runs[1].rebalances["contradicted"] = ["SZ000002", "", "SZ000002 SH600000", "", "SH600000 SZ000003", "", ""]
    assert tables.contradictions(calm) == [
        "Turnover limit 50%, rebalances at which no weight of a stock meets all limits on it, such as an ST stock of "
        "the index: SH600000 (2), SZ000002 (2), SZ000003 (1)."
    ]
    assert "\n- Turnover limit 50%, rebalances at which no weight of a stock" in page_of(calm)


def test_metrics_are_the_tables_numbers() -> None:
    scalars = tables.metrics(RESULT)
    assert scalars["CSI300.0.5.annual_excess"] == tables.performance(RESULT)["annual_excess"][1]
    assert set(scalars) == {"CSI300.n_failed", "CSI300.n_forced", "CSI300.n_relaxed"} | {
        f"CSI300.{limit}.{name}"
        for limit in ("0.3", "0.5")
        for name in ("annual_excess", "information_ratio", "excess_max_drawdown")
    }
    for status in ("failed", "forced", "relaxed"):
        assert scalars[f"CSI300.n_{status}"] == tables.statistics(RESULT)[f"n_{status}"].sum() == 2
    assert all(math.isfinite(value) for value in scalars.values())


def test_the_page_says_what_did_not_go_as_planned() -> None:
    page = page_of(RESULT)
    unfilled, orders = (RESULT.runs[0].rebalances[name].sum() for name in ("unfilled", "orders"))
    assert "# CSI300 enhancement with SomeModel\n" in page
    assert (
        f"Turnover limit 30%: of 7 rebalances, 1 failed and kept the holding ({NO_SCORE}: 1), 1 broke "
        "constraints only because stocks could not be traded, and 1 because no portfolio meets all; "
        f"{unfilled} of {orders} orders were not executed in full" in page
    )
    assert "2021-12-16 .. 2022-01-26, 30 trading days" in page
    assert "| 0.3 | industry exposure | 0 | 1 | 0.004 |" in page
    assert "| 0.3 | SH600000 | sell | limit-down | no ST | 1 | 0.0015 |" in page
    assert "1.21 to 1.40" in page
    assert page.count("extrapolates 30 trading days, 2021-12-16 .. 2022-01-26, to a year of 252") == 1
    assert "| report | CSI300 | 0.3 | 26.95% | -19.55% | 36.18% | 37.12% | 19.37% | -11.40% | 4.61% | 37 |" in page
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == [
        "The Huatai report and this run",
        "Excess since the first deal",
        "Returns by calendar year",
        "Costs, holdings, rebalances and orders",
        "Realised exposures and their limits",
        "Constraints that were broken",
        "Stocks that could not be traded and forced constraints to be broken",
        "Days without an index level",
        "Changes of the index's members",
        "Conventions of all tables",
    ]
    assert "The index has a level on every day." in page


def test_an_objective_with_costs_is_said() -> None:
    words = "- Objective: the standardised scores of the weights less 0.5 times the expected costs of the trade; one"
    costly = replace(RESULT, settings=IndexEnhancementSettings(index="csi300", cost_aversion=0.5))
    assert f"{words} standard deviation of the scores is taken to earn 1%." in page_of(costly)
    assert "- Objective" not in page_of(RESULT)


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


def test_the_page_of_a_run_in_which_nothing_was_broken() -> None:
    calm = result(n_days=1)
    page = page_of(calm)
    assert "## Constraints that were broken\n\nNo constraint was broken.\n" in page
    assert "\n\nNo stock forced a constraint to be broken.\n" in page


def test_own_constraints_that_limit_no_exposure(tmp_path: Path) -> None:
    """The table is empty, and the plot has no limits."""
    settings = IndexEnhancementSettings(index="csi300", constraints=[FullInvestment()])
    free = replace(RESULT, settings=settings)
    assert list(tables.exposures(free).columns) == list(tables.EXPOSURE_COLUMNS)
    assert "No constraint limits an exposure." in page_of(free)
    style.save(plots.plots["exposures.png"](free), tmp_path / "exposures.png")


def test_excess_since_the_deal_stands_beside_that_of_the_tables() -> None:
    table, run = tables.since_deal(RESULT), RESULT.runs[1]
    row = table.iloc[1]
    value = compounded_from_the_deal(run)
    assert (row["turnover_limit"], row["first_deal"]) == ("0.5", "2021-12-16")
    assert row["first_day_excess"] == pytest.approx((run.returns - run.benchmark).iloc[0])
    assert row["annual_excess"] == pytest.approx(value[-1] ** (252 / 30) - 1)
    assert row["excess_max_drawdown"] == pytest.approx(max(1 - v / max(value[: k + 1]) for k, v in enumerate(value)))
