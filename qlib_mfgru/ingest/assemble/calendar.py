"""The provider's days, and a stock's dated values on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.intake import Intake
from qlib_mfgru.ingest.read.spool import ALWAYS
from qlib_mfgru.ingest.read.stamps import day_text


@dataclass(frozen=True)
class Calendars:
    """Days of the provider, ascending, in days since 1970.

    Attributes
    ----------
    days : ndarray of shape (n_days,)
        All days.
    bar_days : ndarray of shape (n_bar_days,)
        The unbroken part of them from the first day with a bar to the last; may be empty.
    """

    days: np.ndarray
    bar_days: np.ndarray

    @classmethod
    def of(cls, intake: Intake) -> Calendars:
        """The days that an intake has met.

        Raises
        ------
        InputError
            If there is none.
        """
        if not intake.days:
            raise InputError(f"no usable row\n{intake.vendor.report}")
        days, met = np.array(sorted(intake.days), dtype="i8"), intake.bar_days
        return cls(days, days[(days >= min(met)) & (days <= max(met))] if met else days[:0])

    @property
    def dates(self) -> pd.DatetimeIndex:
        """All days as dates."""
        return pd.DatetimeIndex(self.days.astype("datetime64[D]").astype("datetime64[ns]"))

    @property
    def bar_span(self) -> slice:
        """Where `bar_days` lies in `days`."""
        first = int(np.searchsorted(self.days, self.bar_days[0])) if len(self.bar_days) else 0
        return slice(first, first + len(self.bar_days))


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


def case_dates(code: str, days: np.ndarray, mask: np.ndarray) -> Iterator[str]:
    """Name the days under a mask, for the report."""
    return (f"{code} {day_text(day)}" for day in days[mask])
