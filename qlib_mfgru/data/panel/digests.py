"""A digest of every day: two histories that agree on a day have the same, whatever comes after it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.threads import in_threads

SIZE = 32
"""Bytes of a digest."""


def day_digests(days: pd.DatetimeIndex, codes: Sequence[str], known: np.ndarray, *values: np.ndarray) -> np.ndarray:
    """Digest of each day's date, of the codes of the stocks that are known on it, and of their values.

    Stocks that are not known on a day leave its digest as it is, and so do the columns that they take.

    Parameters
    ----------
    days : DatetimeIndex of length n_days
    codes : sequence of str, length n_stocks
        Ascending.
    known : ndarray of shape (n_days, n_stocks), bool
    *values : ndarray of shape (n_days, ..., n_stocks)

    Returns
    -------
    ndarray of shape (n_days, SIZE), uint8
    """

    def of_day(day: int) -> bytes:
        stocks = np.flatnonzero(known[day])
        names = "\n".join([str(days[day].date()), *(codes[stock] for stock in stocks.tolist())])
        digest = hashlib.sha256(names.encode())
        for array in values:
            digest.update(np.take(array[day], stocks, axis=-1).reshape(-1).data)
        return digest.digest()

    digests = in_threads(of_day, range(len(days)), "digests of days", unit="day")
    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, SIZE)
