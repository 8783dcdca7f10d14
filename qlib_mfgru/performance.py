"""Performance measures, each a pure function named once: tables, plots and optimisers' reports all use these.

Conventions of REPORT section 6: 252 trading days a year, no risk-free rate, geometric annualisation; the excess is the
compounded daily difference of portfolio and benchmark; win rates count calendar months.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

DAYS_PER_YEAR = 252


def net_value(returns: pd.Series) -> pd.Series:
    """``prod(1 + r)`` up to each day; starts from 1 before the first."""
    return (1 + returns).cumprod()


def annual_return(returns: pd.Series) -> float:
    """Geometric return a year: ``prod(1 + r) ** (252 / n) - 1``; NaN without days."""
    if len(returns) == 0:
        return np.nan
    return float(net_value(returns).iloc[-1] ** (DAYS_PER_YEAR / len(returns)) - 1)


def annual_volatility(returns: pd.Series) -> float:
    """Sample standard deviation (n - 1) of daily returns times sqrt(252)."""
    return float(returns.std(ddof=1) * np.sqrt(DAYS_PER_YEAR))


def sharpe(returns: pd.Series) -> float:
    """`annual_return` / `annual_volatility`; NaN where nothing moves."""
    return _ratio(annual_return(returns), annual_volatility(returns))


def max_drawdown(returns: pd.Series) -> float:
    """Largest loss from a peak of the net value, its start at 1 included: a fraction, at least 0."""
    value = net_value(returns)
    return float((1 - value / value.cummax().clip(lower=1.0)).max())


def excess(returns: pd.Series, benchmark: pd.Series) -> pd.Series:
    """Daily difference of portfolio and benchmark; all measures of the excess are taken of this series."""
    return returns - benchmark


def annual_excess(returns: pd.Series, benchmark: pd.Series) -> float:
    """`annual_return` of the compounded daily difference."""
    return annual_return(excess(returns, benchmark))


def tracking_error(returns: pd.Series, benchmark: pd.Series) -> float:
    """`annual_volatility` of the daily difference."""
    return annual_volatility(excess(returns, benchmark))


def information_ratio(returns: pd.Series, benchmark: pd.Series) -> float:
    """`annual_excess` / `tracking_error`."""
    return _ratio(annual_excess(returns, benchmark), tracking_error(returns, benchmark))


def excess_max_drawdown(returns: pd.Series, benchmark: pd.Series) -> float:
    """`max_drawdown` of the compounded daily difference."""
    return max_drawdown(excess(returns, benchmark))


def calmar(returns: pd.Series, benchmark: pd.Series) -> float:
    """`annual_excess` / `excess_max_drawdown`: of the excess, as the report has it."""
    return _ratio(annual_excess(returns, benchmark), excess_max_drawdown(returns, benchmark))


def monthly_win_rate(returns: pd.Series, benchmark: pd.Series) -> float:
    """Share of calendar months whose compounded daily difference is above 0; parts of months count as months."""
    difference = excess(returns, benchmark)
    months = (1 + difference).groupby(pd.DatetimeIndex(difference.index).to_period("M")).prod()
    return float((months > 1).mean())


def yearly_returns(returns: pd.Series) -> pd.Series:
    """Compounded return of each calendar year, by year; parts of years count as they are."""
    return (1 + returns).groupby(pd.DatetimeIndex(returns.index).year).prod() - 1


def cost_drag(gross: pd.Series, costs: pd.Series) -> float:
    """Annual return that costs take: `annual_return` before costs less that after them.

    Parameters
    ----------
    gross, costs : Series
        Daily returns before costs, and daily costs as shares of the value.
    """
    return annual_return(gross) - annual_return(gross - costs)


OF_RETURNS: dict[str, Callable[[pd.Series], float]] = {
    "annual_return": annual_return,
    "annual_volatility": annual_volatility,
    "sharpe": sharpe,
    "max_drawdown": max_drawdown,
}
"""Measures of daily returns, by the names that tables use."""

OF_EXCESS: dict[str, Callable[[pd.Series, pd.Series], float]] = {
    "annual_excess": annual_excess,
    "tracking_error": tracking_error,
    "excess_max_drawdown": excess_max_drawdown,
    "information_ratio": information_ratio,
    "calmar": calmar,
    "monthly_win_rate": monthly_win_rate,
}
"""Measures of daily returns beside a benchmark's, by the names that tables use."""


def measure(returns: pd.Series, benchmark: pd.Series) -> dict[str, float]:
    """All measures of a portfolio, both series over the same days."""
    alone = {name: function(returns) for name, function in OF_RETURNS.items()}
    return alone | {name: function(returns, benchmark) for name, function in OF_EXCESS.items()}


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else np.nan
