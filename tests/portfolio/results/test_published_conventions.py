"""Our measures give the Huatai report's own figures (36, 40, 44, 48), from daily series that match what else it prints.

With r the daily returns of portfolio (p) and index (b), and d = r_p - r_b, all at 252 days a year: the logarithm of a
compounded series grows by its mean less half its variance, so that ``ln(1 + R) = mu - vol^2 / 2`` and

    mu_d = mu_p - mu_b = ln(1 + R_p) + vol_p^2 / 2 - ln(1 + R_b) - vol_b^2 / 2
    ln(1 + annual_excess) = mu_d - te^2 / 2

up to third moments, which are small for daily returns. The correlation of both follows from
``te^2 = vol_p^2 + vol_b^2 - 2 rho vol_p vol_b``. So returns, volatilities and tracking error fix the excess; the series
below have them exactly, and everything else goes through our functions.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from qlib_mfgru.report import measures
from qlib_mfgru.report.published import published

DAYS = pd.bdate_range("2017-01-04", periods=1534, name="datetime")
TABLE = published("enhancement_performance")
INDICES = TABLE.query("turnover_limit == 'benchmark'").set_index("index")
ROWS = [row for _, row in TABLE.query("turnover_limit != 'benchmark'").iterrows()]
HALF = 0.00005
"""Half of the last digit of what is printed as percent with two digits."""
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['index']}-{row['turnover_limit']}")


def standard_normal() -> tuple[np.ndarray, np.ndarray]:
    """Two daily series with mean 0, sample deviation 1 and correlation 0, exactly."""
    noise = np.random.default_rng(0).standard_normal((len(DAYS), 2))
    q, _ = np.linalg.qr(noise - noise.mean(axis=0))
    return tuple((q * np.sqrt(len(DAYS) - 1)).T)


def with_annual_return(moves: np.ndarray, annual: float) -> pd.Series:
    """The series shifted by a constant, which leaves its deviation alone."""
    shift = brentq(lambda mean: np.log1p(moves + mean).mean() * 252 - np.log1p(annual), -0.05, 0.05, xtol=1e-16)
    return pd.Series(moves + shift, DAYS)


def simulated(row: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Daily returns of portfolio and index with the row's returns, volatilities and tracking error."""
    index = INDICES.loc[row["index"]]
    x, y = standard_normal()
    vol_p, vol_b, te = row["annual_volatility"], index["annual_volatility"], row["tracking_error"]
    rho = (vol_p**2 + vol_b**2 - te**2) / (2 * vol_p * vol_b)
    moves = vol_p * (rho * x + np.sqrt(1 - rho**2) * y) / np.sqrt(252)
    portfolio = with_annual_return(moves, row["annual_return"])
    return portfolio, with_annual_return(vol_b * x / np.sqrt(252), index["annual_return"])


def with_drawdown(annual: float, deviation: float, drawdown: float) -> pd.Series:
    """Daily returns with exactly this annual return, volatility and maximum drawdown: quiet days but for one slump."""

    def series(depth: float) -> pd.Series:
        moves = np.tile([1.0, -1.0], len(DAYS) // 2)
        moves[600:640] -= depth
        moves = (moves - moves.mean()) / moves.std(ddof=1)
        return with_annual_return(moves * deviation / np.sqrt(252), annual)

    depth = brentq(lambda depth: measures.max_drawdown(series(depth)) - drawdown, 0.0, 20.0, xtol=1e-12)
    return series(depth)


def printed(ratio: float, above: float, below: float) -> tuple[float, float]:
    """Within what a ratio can lie whose parts are printed with two digits of a percent, itself with two digits."""
    corners = [(above + a) / (below + b) for a in (-HALF, HALF) for b in (-HALF, HALF)]
    return min(corners) - 0.005 - 1e-12, max(corners) + 0.005 + 1e-12


@each_row
def test_the_excess_is_the_compounded_daily_difference(row: pd.Series) -> None:
    portfolio, index = simulated(row)
    own = measures.measure(portfolio, index, 252)
    for name in ("annual_return", "annual_volatility", "tracking_error"):
        assert own[name] == pytest.approx(row[name], abs=1e-12)
    assert measures.annual_return(index, 252) == pytest.approx(INDICES.loc[row["index"], "annual_return"], abs=1e-12)
    assert abs(own["annual_excess"] - row["annual_excess"]) < 0.0003


def test_other_conventions_miss() -> None:
    """The ratio of net values misses by 0.13 to 0.30 points, the difference of annual returns by 0.14 to 1.15."""
    ratios, differences = [], []
    for row in ROWS:
        portfolio, index = simulated(row)
        values = measures.net_value(portfolio) / measures.net_value(index)
        ratios.append(abs(values.iloc[-1] ** (252 / len(DAYS)) - 1 - row["annual_excess"]))
        apart = measures.annual_return(portfolio, 252) - measures.annual_return(index, 252)
        differences.append(abs(apart - row["annual_excess"]))
    assert [min(ratios), max(ratios)] == pytest.approx([0.0013, 0.0030], abs=HALF)
    assert [min(differences), max(differences)] == pytest.approx([0.0014, 0.0115], abs=HALF)


@each_row
def test_ratios_of_the_excess(row: pd.Series) -> None:
    """A benchmark that stands still, and a portfolio that is the excess."""
    excess, error, drawdown = row["annual_excess"], row["tracking_error"], row["excess_max_drawdown"]
    series = with_drawdown(excess, error, drawdown)
    own = measures.measure(series, 0 * series, 252)
    assert own["tracking_error"] == pytest.approx(error)
    assert own["excess_max_drawdown"] == pytest.approx(drawdown)
    for name, below in (("information_ratio", error), ("calmar", drawdown)):
        low, high = printed(own[name], excess, below)
        assert low <= row[name] <= high


@each_row
def test_calmar_is_not_of_the_total_return(row: pd.Series) -> None:
    _, high = printed(row["annual_return"] / row["max_drawdown"], row["annual_return"], row["max_drawdown"])
    assert row["calmar"] > high


@pytest.mark.parametrize("row", [row for _, row in TABLE.iterrows()], ids=lambda row: "-".join(row[:2]))
def test_sharpe_has_no_risk_free_rate(row: pd.Series) -> None:
    annual, deviation = row["annual_return"], row["annual_volatility"]
    moves, _ = standard_normal()
    sharpe = measures.sharpe(with_annual_return(moves * deviation / np.sqrt(252), annual), 252)
    low, high = printed(sharpe, annual, deviation)
    assert low <= row["sharpe"] <= high


def test_win_rates_count_75_months() -> None:
    rates = TABLE["monthly_win_rate"].dropna().to_numpy()
    misses = {n: np.abs(np.round(rates * n) / n - rates).max() for n in range(70, 80)}
    assert [n for n, miss in misses.items() if miss < 6e-5] == [75]
