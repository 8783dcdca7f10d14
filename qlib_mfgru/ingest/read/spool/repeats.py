"""Rows of the same stock and time, and runs of rows of the same stock, or day."""

from __future__ import annotations

from typing import Literal

import numpy as np

_KEYS = frozenset({"stock", "when", "file"})
"""Fields of a row besides its values."""


def repeats(rows: np.ndarray, keep: Literal["first", "last"]) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are left out since they repeat the stock and time of the one that is kept.

    Parameters
    ----------
    rows : structured ndarray of shape (n,)
        Sorted by `stock` and `when`, equal ones in reading order.
    keep : {"first", "last"}
        Which of rows of the same stock and time.

    Returns
    -------
    repeated, differs : ndarray of bool, shape (n,)
        Rows that are left out, and those of them that have other values than the one kept. NaN equals NaN.
    """
    nothing = np.zeros(len(rows), dtype=bool)
    same = (rows["stock"][1:] == rows["stock"][:-1]) & (rows["when"][1:] == rows["when"][:-1])
    if not same.any():
        return nothing, nothing
    positions = np.arange(len(rows))
    firsts = np.maximum.accumulate(np.where(np.append(False, same), 0, positions))
    lasts = np.minimum.accumulate(np.where(np.append(same, False), len(rows), positions)[::-1])[::-1]
    kept = firsts if keep == "first" else lasts
    repeated = kept != positions
    differs = nothing.copy()
    differs[repeated] = _differ(rows[repeated], rows[kept[repeated]])
    return repeated, differs


def run_starts(values: np.ndarray) -> np.ndarray:
    """Where the runs of equal values begin; shape (n_runs,)."""
    changes = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return np.flatnonzero(changes)


def _differ(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether a row has other values than another one; shape (n,)."""
    fields = [name for name in rows.dtype.names or () if name not in _KEYS]
    equal = [(rows[name] == others[name]) | (np.isnan(rows[name]) & np.isnan(others[name])) for name in fields]
    return ~np.all(equal, axis=0)
