"""Tables and plots of a result that is known by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.portfolio import IndexEnhancementSettings, tables
from qlib_mfgru.portfolio.document import document
from qlib_mfgru.portfolio.plots import PLOTS
from qlib_mfgru.portfolio.record import write_files
from qlib_mfgru.portfolio.result import IndexEnhancement, PortfolioRun
from qlib_mfgru.report.published import published

DAYS = pd.to_datetime(["2020-12-30", "2020-12-31", "2021-01-04", "2021-01-05"]).rename("datetime")
GROSS = [0.01, 0.02, -0.01, 0.03]
COST = [0.002, 0.0, 0.001, 0.0]
BENCH = [0.0, 0.01, 0.01, 0.01]


def made_run(limit: float) -> PortfolioRun:
    """Bought on the first day, rebalanced on the third (relaxed) and on the fourth (failed)."""
    report = pd.DataFrame(
        {"return": GROSS, "cost": COST, "bench": BENCH, "turnover": [0.99, 0.0, limit - 0.02, 0.0]}, index=DAYS
    )
    rebalances = pd.DataFrame(
        {
            "decided": (DAYS - pd.Timedelta(days=1))[[0, 2, 3]],
            "status": ["solved", "relaxed", "failed"],
            "message": ["", "", "there is no score"],
            "turnover_planned": [1.0, limit, 0.0],
            "names": [10, 12, 12],
            "orders": [10, 8, 0],
            "unfilled": [1, 2, 0],
            "unfilled_value": [0.01, 0.02, 0.0],
            "index_covered": [0.9, 0.8, 0.85],
            "relaxed.weight_deviation": [0.0, 0.003, 0.0],
            "relaxed.no_st": [0.0, 0.0, 0.0],
        },
        index=DAYS[[0, 2, 3]],
    )
    exposures = pd.DataFrame(
        {
            "names": [10, 10, 12, 12],
            "cash": [0.01, 0.01, 0.02, 0.02],
            "constituent_weight": [0.8, 0.79, 0.81, 0.8],
            "max_deviation": [0.008, 0.009, 0.01, 0.008],
            "max_industry_exposure": [0.0, 0.01, 0.02, 0.0],
            "market_cap_exposure": [0.0, 0.1, -0.3, 0.0],
            "active_share": [0.2, 0.3, 0.3, 0.4],
        },
        index=DAYS,
    )
    positions = pd.DataFrame(
        {"amount": 100.0, "price": 10.0, "weight": 0.99},
        index=pd.MultiIndex.from_product([DAYS, ["SH600000"]], names=["datetime", "instrument"]),
    )
    return PortfolioRun(limit, report, positions, rebalances, exposures)


RESULT = IndexEnhancement(
    IndexEnhancementSettings("csi300", turnover_limits=[0.3, 0.4]), [made_run(0.3), made_run(0.4)]
)


def test_performance_in_the_reports_columns() -> None:
    table = tables.performance(RESULT)
    assert list(table.columns) == list(published("enhancement_performance").columns)
    assert list(table["turnover_limit"]) == [0.3, 0.4, "benchmark"]
    assert set(table["index"]) == {"CSI300"}
    row, index = table.iloc[0], table.iloc[2]
    net = [gross - cost for gross, cost in zip(GROSS, COST, strict=True)]
    difference = [one - other for one, other in zip(net, BENCH, strict=True)]
    year = 252 / 4
    assert row["annual_return"] == pytest.approx(math.prod(1 + one for one in net) ** year - 1)
    assert row["annual_excess"] == pytest.approx(math.prod(1 + one for one in difference) ** year - 1)
    assert row["tracking_error"] == pytest.approx(np.std(difference, ddof=1) * math.sqrt(252))
    assert row["monthly_win_rate"] == 0.5  # December gained 1.6 points, January lost 0.1
    assert row["turnover"] == pytest.approx((0.28 + 0.0) / 2)  # the first purchase is left out, a failed week is not
    assert index["annual_return"] == pytest.approx((1.01**3) ** year - 1)
    assert index[["annual_excess", "turnover", "calmar"]].isna().all()


def test_returns_by_year() -> None:
    table = tables.yearly(RESULT)
    assert list(table.columns) == ["index", "turnover_limit", "2020", "2021", "figure"]
    assert table["2020"].iloc[0] == pytest.approx(1.008 * 1.02 - 1)
    assert table["2021"].iloc[0] == pytest.approx(0.989 * 1.03 - 1)
    assert list(table.iloc[2][["2020", "2021"]]) == pytest.approx([0.01, 1.01**2 - 1])


def test_the_report_stands_beside_the_run() -> None:
    table = tables.comparison(RESULT)
    assert list(table["source"]) == ["report"] * 4 + ["this run"] * 3
    assert table["annual_excess"].iloc[0] == 0.0948
    assert list(table["first_day"].dropna().unique()) == ["2020-12-30"]
    other = IndexEnhancementSettings(
        "sse50",
        turnover_limits=[0.3],
        benchmark="SH000016",
        min_constituent_weight=0.8,
        max_weight_deviation=0.01,
        industry_exposure=0,
        exposures={},
    )
    alone = tables.comparison(IndexEnhancement(other, [made_run(0.3)]))
    assert list(alone["source"]) == ["this run"] * 2


def test_statistics_count_what_did_not_go_as_planned() -> None:
    row = tables.statistics(RESULT).iloc[0]
    counts = {"rebalances": 3, "failed": 1, "relaxed": 1, "relaxed.weight_deviation": 1, "orders": 18, "unfilled": 3}
    assert {name: row[name] for name in counts} == counts
    assert "relaxed.no_st" not in row
    assert row["index_covered_least"] == 0.8
    assert row["unfilled_value"] == pytest.approx(0.01)
    gross = math.prod(1 + one for one in GROSS) ** (252 / 4)
    net = math.prod(1 + one - cost for one, cost in zip(GROSS, COST, strict=True)) ** (252 / 4)
    assert row["cost_drag"] == pytest.approx(gross - net)


def test_exposures_stand_beside_their_limits() -> None:
    table = tables.exposures(RESULT).set_index(["turnover_limit", "exposure"]).loc[0.3]
    assert dict(table["limit"]) == {
        "constituent_weight": 0.8,
        "max_deviation": 0.008,
        "max_industry_exposure": 0.0,
        "market_cap_exposure": 0.0,
    }
    assert dict(table["worst"]) == {
        "constituent_weight": 0.79,
        "max_deviation": 0.01,
        "max_industry_exposure": 0.02,
        "market_cap_exposure": -0.3,
    }
    assert table["mean"]["market_cap_exposure"] == pytest.approx(-0.05)


def test_metrics_are_finite_scalars() -> None:
    metrics = tables.metrics(RESULT)
    assert metrics["0.3.failed"] == 1
    assert metrics["benchmark.annual_return"] == pytest.approx((1.01**3) ** (252 / 4) - 1)
    assert "benchmark.calmar" not in metrics
    assert all(math.isfinite(value) for value in metrics.values())


def test_all_files_are_written(tmp_path: Path) -> None:
    write_files(RESULT, "some model", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        *("performance.csv", "yearly.csv", "comparison.csv", "statistics.csv", "exposures.csv", "rebalances.csv"),
        *("index_enhancement.md", *PLOTS),
    }
    assert len(pd.read_csv(tmp_path / "rebalances.csv")) == 6
    page = document(RESULT, "some model")
    assert "of 3 rebalances 1 failed (the holding was kept) and 1 broke a constraint; 3 of 18 orders" in page
    assert "2020-12-30 .. 2021-01-05, 4 days" in page
