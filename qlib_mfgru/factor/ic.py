"""IC by date and what is said about its series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.factor.rows import correlations, in_blocks, ranks


def pearson_ic(factor: np.ndarray, returns: np.ndarray) -> np.ndarray:
    """Pearson correlation of factor and return across the stocks of each date.

    Parameters
    ----------
    factor, returns : ndarray of shape (n_dates, n_stocks)

    Returns
    -------
    ndarray of shape (n_dates,)
        NaN where fewer than two stocks are known in both, or either is constant.
    """
    return correlations(factor, returns)


@in_blocks
def rank_ic(factor: np.ndarray, returns: np.ndarray) -> np.ndarray:
    """Spearman correlation of each date; equal values share their mean rank. Parameters as in `pearson_ic`."""
    known = np.isfinite(factor) & np.isfinite(returns)
    return correlations(ranks(np.where(known, factor, np.nan)), ranks(np.where(known, returns, np.nan)))


def rank_autocorrelation(factor: np.ndarray) -> np.ndarray:
    """Spearman correlation of each date's factor with the date's before it, over the stocks of both.

    Parameters
    ----------
    factor : ndarray of shape (n_dates, n_stocks)

    Returns
    -------
    ndarray of shape (n_dates,)
        The first is NaN.
    """
    if len(factor) == 0:
        return np.empty(0)
    return np.concatenate([[np.nan], rank_ic(factor[1:], factor[:-1])])


@dataclass(frozen=True)
class ICStatistics:
    """What a series of ICs comes to; dates without an IC (NaN) do not count.

    Attributes
    ----------
    mean : float
    std : float
        Sample standard deviation (n - 1).
    ir : float
        mean / std, not annualised.
    positive_share : float
        Share of dates with an IC above 0.
    t_statistic : float
        mean / (std / sqrt(n)), of the mean against 0; takes the dates as independent.
    n_dates : int
    """

    mean: float
    std: float
    ir: float
    positive_share: float
    t_statistic: float
    n_dates: int

    @classmethod
    def of(cls, series: np.ndarray | pd.Series) -> ICStatistics:
        """Statistics of ICs by date, (n_dates,)."""
        known = np.asarray(series, dtype=np.float64)
        known = known[np.isfinite(known)]
        n = len(known)
        mean = float(known.mean()) if n else np.nan
        std = float(known.std(ddof=1)) if n > 1 else np.nan
        ratio = mean / std if std > 0 else np.nan
        share = float((known > 0).mean()) if n else np.nan
        return cls(mean, std, ratio, share, ratio * np.sqrt(n), n)
