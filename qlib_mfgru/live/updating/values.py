"""Rows by time, and values of tables beside stored ones: since when they differ, and whether they tell anything new."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.ingest.read.spool import ALWAYS, BAR
from qlib_mfgru.ingest.read.stamps import days_of_bars


def days_of(rows: np.ndarray) -> np.ndarray:
    """Days since 1970 of bars, daily rows or values; shape (n,)."""
    return days_of_bars(rows["when"]) if rows.dtype == BAR else np.asarray(rows["when"])


def in_order(rows: np.ndarray) -> np.ndarray:
    """Rows by stock and time; those of the same stay in their order."""
    key = (rows["stock"].astype("i8") << 32) + rows["when"]
    return rows if (key[1:] >= key[:-1]).all() else rows.take(np.argsort(key, kind="stable"))


def differ_from(rows: np.ndarray, twins: np.ndarray, last_day: int) -> np.ndarray:
    """The day from which on each span says something else than the stored one that begins with it; shape (n,).

    What has ended after the last stored day is no contradiction: the stored span gets its end.

    Parameters
    ----------
    rows : structured ndarray of shape (n,)
        Of ``st_span``: the value is the last day, negative where it says no treatment.
    twins : ndarray of shape (n,)
        As of `stored_twins`.
    """
    ends = np.minimum(np.abs(rows["value"]), last_day) * np.sign(rows["value"])
    went_on = (twins >= 0) & (ends == ends[twins])
    rows["value"][twins[went_on]] = rows["value"][went_on]
    shorter = (twins >= 0) & (np.sign(rows["value"]) == np.sign(rows["value"][twins]))
    first_end = np.minimum(np.abs(rows["value"]), np.abs(rows["value"][twins]))
    return np.where(shorter, first_end + 1, rows["when"])


def is_told(rows: np.ndarray, begins: np.ndarray, *, of_days: bool) -> np.ndarray:
    """Whether a value, of a day with none so far, is another one than that which holds there by what is kept.

    Parameters
    ----------
    rows : structured ndarray of shape (n,)
        Sorted by stock and time.
    begins : ndarray of shape (n_stocks,)
        Day from which on each stock's rows are kept.
    of_days : bool
        Each is of its day alone, and does not hold until the next one.
    """
    stock, is_stored = rows["stock"], rows["file"] == 0
    if of_days:
        return np.asarray(rows["when"] >= begins[stock])
    base = np.full(len(begins), ALWAYS, dtype="i8")
    dated = is_stored & (rows["when"] != ALWAYS)
    base[stock[dated][::-1]] = rows["when"][dated][::-1]  # the first of each stock
    same_stock = np.append(False, stock[1:] == stock[:-1])[: len(rows)]
    before = np.append(np.nan, rows["value"][:-1])[: len(rows)]
    return np.asarray((rows["when"] >= base[stock]) & ~(same_stock & (before == rows["value"])))
