"""Spooled values of one stock on the days of the calendar."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.ingest.read.spool import ALWAYS, NEVER


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
    """What the spans say of each day, from a row's day to the day that is its value: 1, or 0 where that is negative.

    A day is of the span that began last; a span of 1 without an end ends before the next one of 0.

    Returns
    -------
    ndarray of shape (n_days,)
        NaN on days without a span.
    """
    flags = np.full(len(days), np.nan)
    others = rows["when"][rows["value"] < 0]
    for first, value in zip(rows["when"].tolist(), rows["value"].tolist(), strict=True):
        last = abs(value)
        if last == NEVER:
            last = np.append(others, NEVER + 1)[np.searchsorted(others, first, side="right")] - 1
        flags[np.searchsorted(days, first) : np.searchsorted(days, last, side="right")] = value > 0
    return flags
