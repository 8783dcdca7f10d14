"""How many stocks trade on a day beside the days before: whether rows are missing, or the date is no trading day.

On the worst days of July 2015, when half of the market was suspended, 58 % of the usual number traded.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.provider.judge.market.dates import MANY

USUAL_DAYS = 20
"""Days before one whose median number of stocks is usual."""
SPARSE_DAYS = (
    f"days on which less than half as many stocks {{what}} as on the {USUAL_DAYS} days before: are rows missing?"
)
"""What is said of `sparse_days`; `what` is what stocks do, or have."""
_SPARSE, _LONE = 0.5, 0.1
_KNOWN_DAYS = 5
"""Days before one without which nothing is usual enough to refuse it."""


def usual_number(n_trading: np.ndarray, n_days: int = USUAL_DAYS) -> np.ndarray:
    """Median number of stocks on the `USUAL_DAYS` days before each, NaN where there are less than `n_days`."""
    usual = pd.Series(n_trading).rolling(USUAL_DAYS, min_periods=n_days).median().shift()
    return usual.to_numpy(dtype="f8")


def sparse_days(n_trading: np.ndarray) -> np.ndarray:
    """Days on which less than half of the usual number trade, where that is four or more.

    Parameters
    ----------
    n_trading : ndarray of int, shape (n_days,)
        Stocks that trade on each day of the calendar.

    Returns
    -------
    ndarray of bool, shape (n_days,)
    """
    usual = usual_number(n_trading)
    return np.asarray((n_trading < _SPARSE * usual) & (usual >= MANY))


def lone_days(n_trading: np.ndarray) -> np.ndarray:
    """Days on which a tenth of the usual number trade or less, where that is ten or more; as of `sparse_days`."""
    usual = usual_number(n_trading, _KNOWN_DAYS)
    return np.asarray((n_trading <= _LONE * usual) & (usual * _LONE >= 1))
