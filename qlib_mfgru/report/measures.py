"""Performance measures, each a pure function named once: tables, plots and optimisers' reports all use these.

The conventions that the tables of the Huatai report follow (figures 15, 24 and 36 to 49): no risk-free rate, geometric
annualisation; the excess is the compounded daily difference of portfolio and benchmark; win rates count calendar
months.
`days_per_year` is that of the market's `Session`: 252 for A-shares, as in the Huatai report.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def net_value(returns: pd.Series) -> pd.Series:
    """``prod(1 + r)`` up to each day; starts from 1 before the first."""
    return (1 + returns).cumprod()


def drawdown(returns: pd.Series) -> pd.Series:
    """Each day's loss from the highest net value so far, its start at 1 included: a fraction, at least 0."""
    value = net_value(returns)
    return 1 - value / value.cummax().clip(lower=1.0)


def annual_return(returns: pd.Series, days_per_year: int) -> float:
    """Geometric return a year: ``prod(1 + r) ** (days_per_year / n) - 1``; NaN without days."""
    if len(returns) == 0:
        return np.nan
    return float(net_value(returns).iloc[-1] ** (days_per_year / len(returns)) - 1)


def annual_volatility(returns: pd.Series, days_per_year: int) -> float:
    """Sample standard deviation (n - 1) of daily returns times sqrt(days_per_year)."""
    return float(returns.std(ddof=1) * np.sqrt(days_per_year))


def sharpe(returns: pd.Series, days_per_year: int) -> float:
    """`annual_return` / `annual_volatility`; NaN where nothing moves."""
    return _ratio(annual_return(returns, days_per_year), annual_volatility(returns, days_per_year))


def max_drawdown(returns: pd.Series) -> float:
    """Largest `drawdown`: a fraction, at least 0."""
    return float(drawdown(returns).max())


def excess(returns: pd.Series, benchmark: pd.Series) -> pd.Series:
    """Daily difference of portfolio and benchmark; all measures of the excess are taken of this series."""
    return returns - benchmark


def annual_excess(returns: pd.Series, benchmark: pd.Series, days_per_year: int) -> float:
    """`annual_return` of the compounded daily difference."""
    return annual_return(excess(returns, benchmark), days_per_year)


def tracking_error(returns: pd.Series, benchmark: pd.Series, days_per_year: int) -> float:
    """`annual_volatility` of the daily difference."""
    return annual_volatility(excess(returns, benchmark), days_per_year)


def information_ratio(returns: pd.Series, benchmark: pd.Series, days_per_year: int) -> float:
    """`annual_excess` / `tracking_error`."""
    annual = annual_excess(returns, benchmark, days_per_year)
    return _ratio(annual, tracking_error(returns, benchmark, days_per_year))


def excess_max_drawdown(returns: pd.Series, benchmark: pd.Series) -> float:
    """`max_drawdown` of the compounded daily difference."""
    return max_drawdown(excess(returns, benchmark))


def calmar(returns: pd.Series, benchmark: pd.Series, days_per_year: int) -> float:
    """`annual_excess` / `excess_max_drawdown`: of the excess, as in the Huatai report."""
    return _ratio(annual_excess(returns, benchmark, days_per_year), excess_max_drawdown(returns, benchmark))


def monthly_win_rate(returns: pd.Series, benchmark: pd.Series) -> float:
    """Share of calendar months whose compounded daily difference is above 0; parts of months count as months."""
    difference = excess(returns, benchmark)
    months = (1 + difference).groupby(pd.DatetimeIndex(difference.index).to_period("M")).prod()
    return float((months > 1).mean())


def yearly_returns(returns: pd.Series) -> pd.Series:
    """Compounded return of each calendar year, by year; parts of years are not annualised."""
    return (1 + returns).groupby(pd.DatetimeIndex(returns.index).year).prod() - 1


def cost_drag(gross: pd.Series, costs: pd.Series, days_per_year: int) -> float:
    """`annual_return` gross of daily costs less the one net of them."""
    return annual_return(gross, days_per_year) - annual_return(gross - costs, days_per_year)


def rebalance_turnover(traded: pd.Series, rebalances: pd.DatetimeIndex) -> pd.Series:
    """Two-sided turnover of each rebalance.

    Parameters
    ----------
    traded : Series
        Buys plus sells of each day as a share of the account.
    rebalances : DatetimeIndex
        Their days, ascending. What is traded until the next one (orders carried on) belongs to the one before.

    Returns
    -------
    Series
        By rebalance; NaN up to and with the first purchase, 0 for a later one without trades.
    """
    belongs = rebalances.searchsorted(pd.DatetimeIndex(traded.index), side="right") - 1
    summed = traded.groupby(belongs).sum().reindex(range(len(rebalances)), fill_value=0.0).set_axis(rebalances)
    return summed.where(summed.cumsum().shift(fill_value=0.0) > 0)


def turnover(traded: pd.Series, rebalances: pd.DatetimeIndex) -> float:
    """Mean `rebalance_turnover`; NaN where nothing follows the first purchase."""
    return float(rebalance_turnover(traded, rebalances).mean())


def of_returns(returns: pd.Series, days_per_year: int) -> dict[str, float]:
    """Measures of daily returns, by the names that tables use."""
    return {
        "annual_return": annual_return(returns, days_per_year),
        "annual_volatility": annual_volatility(returns, days_per_year),
        "sharpe": sharpe(returns, days_per_year),
        "max_drawdown": max_drawdown(returns),
    }


def of_excess(returns: pd.Series, benchmark: pd.Series, days_per_year: int) -> dict[str, float]:
    """Measures of daily returns against a benchmark's over the same days, by the names that tables use."""
    return {
        "annual_excess": annual_excess(returns, benchmark, days_per_year),
        "tracking_error": tracking_error(returns, benchmark, days_per_year),
        "excess_max_drawdown": excess_max_drawdown(returns, benchmark),
        "information_ratio": information_ratio(returns, benchmark, days_per_year),
        "calmar": calmar(returns, benchmark, days_per_year),
        "monthly_win_rate": monthly_win_rate(returns, benchmark),
    }


def measure(returns: pd.Series, benchmark: pd.Series, days_per_year: int) -> dict[str, float]:
    """`of_returns` and `of_excess` of a portfolio."""
    return of_returns(returns, days_per_year) | of_excess(returns, benchmark, days_per_year)


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else np.nan
