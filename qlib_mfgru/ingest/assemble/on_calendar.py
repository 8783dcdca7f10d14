"""Spooled values of one stock on the days of the calendar."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.ingest.read.spool import ALWAYS


def step_values(rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Each value holds from its day until the next one.

    Parameters
    ----------
    rows : structured ndarray
        Of dtype `spool.VALUE`, one stock, sorted by time.
    days : ndarray of shape (n_days,)
        The calendar, in days since 1970.

    Returns
    -------
    ndarray of shape (n_days,)
        NaN before the first value.
    """
    padded = np.append(rows["value"], np.nan)
    # without a row before, -1 picks the NaN at the end
    return padded[np.searchsorted(rows["when"].astype("i8"), days, side="right") - 1]


def day_values(rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Each value holds on its day only (a snapshot on all); shape (n_days,), NaN elsewhere."""
    values = np.full(len(days), np.nan)
    if not len(rows):
        return values
    if rows["when"][0] == ALWAYS:
        values[:] = rows["value"][0]
    dated = rows[np.isin(rows["when"], days)]
    values[np.searchsorted(days, dated["when"])] = dated["value"]
    return values


def span_values(rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """1 on the days of any span, from a row's day to the day that is its value; shape (n_days,), NaN elsewhere."""
    edges = np.zeros(len(days) + 1)
    np.add.at(edges, np.searchsorted(days, rows["when"]), 1)
    np.add.at(edges, np.searchsorted(days, rows["value"], side="right"), -1)
    return np.where(np.cumsum(edges[:-1]) > 0, 1.0, np.nan)
