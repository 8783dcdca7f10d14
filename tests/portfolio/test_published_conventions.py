"""The report's own figures under our conventions: daily series with a row's return, volatility and tracking error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru import performance
from qlib_mfgru.report.published import published

TABLE = published("enhancement_performance").set_index(["index", "turnover_limit"])
ROWS = [key for key in TABLE.index if key[1] != "benchmark"]
DAYS = pd.bdate_range("2017-01-04", periods=1534)
ROUNDING = 0.00005


def series(row: pd.Series, index: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Daily returns of a portfolio and its index with exactly the published returns, volatilities and tracking error.

    Two uncorrelated standard normal series are combined so that deviations and correlation are exact; then a constant a
    day, found by bisection, makes each annual return exact (it changes no deviation).
    """
    random = np.random.default_rng(0).standard_normal((2, len(DAYS)))
    random -= random.mean(axis=1, keepdims=True)
    random[1] -= random[1] @ random[0] / (random[0] @ random[0]) * random[0]
    random /= random.std(axis=1, ddof=1, keepdims=True)
    deviations = np.array([row["annual_volatility"], index["annual_volatility"]]) / np.sqrt(252)
    error = row["tracking_error"] / np.sqrt(252)
    correlation = (deviations @ deviations - error**2) / (2 * deviations.prod())
    market = deviations[1] * random[0]
    portfolio = deviations[0] * (correlation * random[0] + np.sqrt(1 - correlation**2) * random[1])
    wanted = (row["annual_return"], index["annual_return"])
    made = [_with_return(one, annual) for one, annual in zip((portfolio, market), wanted, strict=True)]
    return made[0], made[1]


def _with_return(returns: np.ndarray, annual: float) -> pd.Series:
    low, high = -0.01, 0.01
    for _ in range(60):
        middle = (low + high) / 2
        growth = np.exp(np.log1p(returns + middle).mean() * 252) - 1
        low, high = (middle, high) if growth < annual else (low, middle)
    return pd.Series(returns + middle, DAYS)


@pytest.mark.parametrize("key", ROWS, ids=lambda key: f"{key[0]}-{key[1]}")
def test_our_excess_is_the_published_one(key: tuple[str, str]) -> None:
    """Within 0.03 points for all 12 rows; the other two ways to say excess miss."""
    row, index = TABLE.loc[key], TABLE.loc[(key[0], "benchmark")]
    portfolio, market = series(row, index)
    ours = performance.measure(portfolio, market)
    assert ours["annual_return"] == pytest.approx(row["annual_return"], abs=1e-9)
    assert ours["annual_volatility"] == pytest.approx(row["annual_volatility"], abs=1e-9)
    assert ours["tracking_error"] == pytest.approx(row["tracking_error"], abs=1e-9)
    assert ours["annual_excess"] == pytest.approx(row["annual_excess"], abs=0.0003)
    assert ours["information_ratio"] == pytest.approx(row["information_ratio"], abs=0.015)
    assert ours["sharpe"] == pytest.approx(row["sharpe"], abs=0.0051)
    ratio = (1 + row["annual_return"]) / (1 + index["annual_return"]) - 1
    difference = row["annual_return"] - index["annual_return"]
    assert 0.0010 < abs(ratio - row["annual_excess"]) < 0.0035
    assert 0.0008 < abs(difference - row["annual_excess"]) < 0.0125


@pytest.mark.parametrize("key", ROWS, ids=lambda key: f"{key[0]}-{key[1]}")
def test_the_published_ratios_are_quotients_of_published_figures(key: tuple[str, str]) -> None:
    row = TABLE.loc[key]
    for ratio, above, below in (
        ("sharpe", "annual_return", "annual_volatility"),
        ("information_ratio", "annual_excess", "tracking_error"),
        ("calmar", "annual_excess", "excess_max_drawdown"),
    ):
        spread = row[ratio] * ROUNDING * (1 / row[above] + 1 / row[below])
        assert row[ratio] == pytest.approx(row[above] / row[below], abs=0.005 + spread)


def test_calmar_is_of_the_excess() -> None:
    """On a series whose drawdowns are known."""
    portfolio = pd.Series([0.10, -0.05, 0.02, 0.10], DAYS[:4])
    market = pd.Series([0.00, 0.05, 0.02, 0.00], DAYS[:4])
    excess = (1.10 * 0.90 * 1.00 * 1.10) ** (252 / 4) - 1
    assert performance.calmar(portfolio, market) == pytest.approx(excess / 0.10)
    assert performance.max_drawdown(portfolio) == pytest.approx(0.05)
