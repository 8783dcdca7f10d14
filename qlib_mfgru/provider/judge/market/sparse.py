"""Dates on which far fewer stocks trade than on those before: rows or files are missing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.provider.judge.market.dates import MANY

SPARSE, USUAL_DAYS = 0.5, 20
"""Share of the usual number of stocks, the median of so many days, below which a day is sparse.

On the worst days of July 2015, when half of the market was suspended, 58 % of the usual number traded.
"""


def sparse_days(n_trading: np.ndarray) -> np.ndarray:
    """Whether a day has less than `SPARSE` of the stocks of the `USUAL_DAYS` before it; bool, shape (n_days,).

    Parameters
    ----------
    n_trading : ndarray of int, shape (n_days,)
        Stocks that trade on each day.
    """
    usual = pd.Series(n_trading).rolling(USUAL_DAYS).median().shift().to_numpy()
    return np.asarray((n_trading < SPARSE * usual) & (usual >= MANY))
