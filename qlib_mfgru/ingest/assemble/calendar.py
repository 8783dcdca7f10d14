"""A stock's dated values laid on the provider's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

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
    values[:] = rows["value"][0] if len(rows) and rows["when"][0] == ALWAYS else np.nan
    dated = rows[np.isin(rows["when"], days)]
    values[np.searchsorted(days, dated["when"])] = dated["value"]
    return values


def fill_forward(values: np.ndarray) -> np.ndarray:
    """Replace NaN by the last known value, shape (n_days,); NaN before the first one."""
    known = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(len(values))))
    return values[known]


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and last position of each unbroken run of True in a mask of shape (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype("i1")))
    return [(int(first), int(last) - 1) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def when_text(when: int, unit: Literal["D", "m"] = "D") -> str:
    """A day (or minute) number since 1970 as text, for messages."""
    return str(np.array(when, dtype="i8").astype(f"datetime64[{unit}]"))


def case_dates(code: str, days: np.ndarray, mask: np.ndarray) -> Iterator[str]:
    return (f"{code} {when_text(int(day))}" for day in days[mask])
