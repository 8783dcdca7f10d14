"""Performance measures against plain loops and figures worked out by hand."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.report import measures

DAYS = pd.bdate_range("2023-01-16", periods=120)
RETURNS = pd.Series(np.random.default_rng(0).normal(0.001, 0.02, 120), DAYS)
BENCHMARK = pd.Series(np.random.default_rng(1).normal(0.0, 0.015, 120), DAYS)


@pytest.mark.parametrize("days_per_year", [252, 365])
def test_against_loops(days_per_year: int) -> None:
    difference = [a - b for a, b in zip(RETURNS, BENCHMARK, strict=True)]
    actual = measures.measure(RETURNS, BENCHMARK, days_per_year)
    value, worth = 1.0, [1.0]
    for r in difference:
        value *= 1 + r
        worth.append(value)
    drawdown = max(1 - worth[j] / worth[i] for i in range(len(worth)) for j in range(i, len(worth)))
    annual, error = value ** (days_per_year / 120) - 1, statistics.stdev(difference) * math.sqrt(days_per_year)
    assert actual["annual_excess"] == pytest.approx(annual)
    assert actual["tracking_error"] == pytest.approx(error)
    assert actual["information_ratio"] == pytest.approx(annual / error)
    assert actual["excess_max_drawdown"] == pytest.approx(drawdown)
    assert actual["calmar"] == pytest.approx(annual / drawdown)
    total = math.prod(1 + r for r in RETURNS) ** (days_per_year / 120) - 1
    assert actual["annual_return"] == pytest.approx(total)
    assert actual["annual_volatility"] == pytest.approx(statistics.stdev(RETURNS) * math.sqrt(days_per_year))
    assert actual["sharpe"] == pytest.approx(total / actual["annual_volatility"])


def test_monthly_win_rate_counts_parts_of_months() -> None:
    wins = {}
    for day, r in (RETURNS - BENCHMARK).items():
        wins[day.month] = wins.get(day.month, 1.0) * (1 + r)
    assert len(wins) == 6
    expected = sum(value > 1 for value in wins.values()) / 6
    assert measures.monthly_win_rate(RETURNS, BENCHMARK) == pytest.approx(expected)


def test_drawdown_starts_at_one() -> None:
    assert measures.max_drawdown(pd.Series([-0.5, 1.0, 0.2, -0.1])) == pytest.approx(0.5)
    assert measures.max_drawdown(pd.Series([0.1, 0.1])) == 0.0


def test_a_portfolio_like_its_benchmark_has_no_ratio() -> None:
    actual = measures.measure(RETURNS, RETURNS, 252)
    assert actual["annual_excess"] == actual["tracking_error"] == actual["monthly_win_rate"] == 0.0
    assert math.isnan(actual["information_ratio"])
    assert math.isnan(actual["calmar"])
