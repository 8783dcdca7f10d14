"""How much of a figure chance can explain: t-values of series that depend on their past, bands, the best of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

RESAMPLES, SEED, COVERED = 1_000, 0, 0.90
"""Of a `Band`: how many curves are drawn, with which random seed, and the share of them that it holds at each date."""
LEAST_VALUES = 10
"""Of a t-value: white noise exceeds 2 in 5 % of series of 250 values, in 10 % of 20, in 15 % of 10, in half of 2."""
_NORMAL = NormalDist()


def newey_west_lag(n: int, overlap: int = 0) -> int:
    """Lags of `newey_west_t`: ``floor(4 (n / 100) ** (2 / 9))`` (Newey and West 1994), or `overlap` where it is more.

    Parameters
    ----------
    n : int
        Values of the series.
    overlap : int
        How many of the following values share a part of their time with one.
    """
    return max(0, min(max(overlap, int(4 * (n / 100) ** (2 / 9))), n - 1))


def newey_west_t(series: np.ndarray | pd.Series, overlap: int = 0) -> float:
    """t-value of the mean against 0 where values depend on those before (Newey and West 1987).

    The variance of the mean is that of Bartlett's weights: ``(g_0 + 2 sum_k (1 - k / (lag + 1)) g_k) / n`` with
    ``g_k = sum_t (x_t - mean) (x_t-k - mean) / n``, the lag of `newey_west_lag`.

    Parameters
    ----------
    series : ndarray or Series, shape (n_values,)
        In the order of time; NaN are left out.
    overlap : int
        See `newey_west_lag`.

    Returns
    -------
    float
        NaN for fewer than `LEAST_VALUES`, or equal ones.
    """
    values = np.asarray(series, dtype=np.float64)
    values = values[np.isfinite(values)]
    n = len(values)
    if n < LEAST_VALUES or np.ptp(values) == 0:
        return np.nan
    apart = values - values.mean()
    lag = newey_west_lag(n, overlap)
    weighted = sum((1 - k / (lag + 1)) * float(apart[k:] @ apart[: n - k]) for k in range(1, lag + 1))
    variance = (float(apart @ apart) + 2 * weighted) / n**2
    return float(values.mean() / np.sqrt(variance)) if variance > 0 else np.nan


@dataclass(frozen=True)
class Band:
    """Where curves lie that are made of the same values, drawn anew: as wide as chance makes a curve of this mean.

    Attributes
    ----------
    low, high : Series
        By date; between them lie `COVERED` of the curves.
    """

    low: pd.Series
    high: pd.Series

    @classmethod
    def around(cls, series: pd.Series, cumulated: Callable[[np.ndarray], np.ndarray]) -> Band:
        """The band of a cumulative curve, by the stationary bootstrap (Politis and Romano 1994).

        Parameters
        ----------
        series : Series
            What is cumulated, by date, without NaN. Blocks of it are drawn whole, so that what depends on the days
            before stays with them; see `mean_block`.
        cumulated : callable
            Values of shape (n_curves, n_values) -> curves of the same shape, e.g. their sums from the left.
        """
        curves = cumulated(series.to_numpy(dtype=np.float64)[_drawn(len(series))])
        low, high = np.quantile(curves, [(1 - COVERED) / 2, (1 + COVERED) / 2], axis=0)
        return cls(pd.Series(low, series.index), pd.Series(high, series.index))

    def begun(self, day: pd.Timestamp, value: float) -> Band:
        """With the start of its curves before their first value."""
        start = pd.Series([value], pd.DatetimeIndex([day]))
        return Band(pd.concat([start, self.low]), pd.concat([start, self.high]))


def summed(values: np.ndarray) -> np.ndarray:
    """Curves of sums, for a `Band`."""
    return np.cumsum(values, axis=1)


def compounded(values: np.ndarray) -> np.ndarray:
    """Net values, for a `Band`."""
    return np.cumprod(1 + values, axis=1)


def mean_block(n: int) -> int:
    """Mean length of the blocks of a `Band`, in values: the cube root of their number, rounded."""
    return max(1, round(n ** (1 / 3)))


def _drawn(n: int) -> np.ndarray:
    """Places in n values, of shape (RESAMPLES, n): blocks of geometric length, the values joined in a ring."""
    random = np.random.default_rng(SEED)
    begins = random.random((RESAMPLES, n)) < 1 / mean_block(n)
    begins[:, :1] = True
    place = np.arange(n)
    begun = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    start = np.take_along_axis(random.integers(0, max(n, 1), (RESAMPLES, n)), begun, axis=1)
    return (start + place - begun) % max(n, 1)


def deflated_sharpe(returns: Sequence[pd.Series]) -> float:
    """Probability that the true Sharpe ratio of the best of several is above what chance gives the best of as many.

    The deflated Sharpe ratio of Bailey and Lopez de Prado (2014), from Sharpe ratios of single periods (mean over
    standard deviation): ``Z((SR - SR0) sqrt(T - 1) / sqrt(1 - skew SR + (kurtosis - 1) / 4 SR**2))`` of the best one,
    with ``SR0 = sqrt(V) ((1 - c) Z^-1(1 - 1/N) + c Z^-1(1 - 1/(N e)))``: N trials, V the variance of their ratios, c
    Euler's constant. Trials that are alike make V small; models that were tried and are not among these are not in N.

    Parameters
    ----------
    returns : sequence of Series
        Of each trial, by period; of excess returns it is the information ratio that is deflated.

    Returns
    -------
    float
        NaN for fewer than two trials, or where one does not move.
    """
    ratios = [sharpe_ratio(series) for series in returns]
    if len(ratios) < 2 or not np.isfinite(ratios).all():
        return np.nan
    best = int(np.argmax(ratios))
    values = returns[best].to_numpy(dtype=np.float64)
    scaled = (values - values.mean()) / values.std()
    skew, kurtosis = float((scaled**3).mean()), float((scaled**4).mean())
    spread = 1 - skew * ratios[best] + (kurtosis - 1) / 4 * ratios[best] ** 2
    chance = _best_by_chance(len(ratios), float(np.std(ratios, ddof=1)))
    return _NORMAL.cdf((ratios[best] - chance) * np.sqrt(len(values) - 1) / np.sqrt(spread))


def sharpe_ratio(series: pd.Series) -> float:
    """Mean over standard deviation (n - 1) of single periods, not annualised; NaN where nothing moves."""
    deviation = float(series.std(ddof=1))
    return float(series.mean()) / deviation if deviation > 0 else np.nan


def _best_by_chance(n: int, spread: float) -> float:
    """Expected largest of n Sharpe ratios whose true values are all 0."""
    c = float(np.euler_gamma)
    return spread * ((1 - c) * _NORMAL.inv_cdf(1 - 1 / n) + c * _NORMAL.inv_cdf(1 - 1 / (n * np.e)))
