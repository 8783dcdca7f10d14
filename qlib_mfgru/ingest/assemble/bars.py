"""One stock's spooled bars to 15-minute bars on the calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qlib_mfgru.ingest.read.slices import PRICES
from qlib_mfgru.ingest.read.stamps import bar_slots
from qlib_mfgru.provider.session import bar_end_minutes

FREQ = "15min"
SLOTS = len(bar_end_minutes(FREQ))


@dataclass
class DayBars:
    """Raw 15-minute bars of one stock, each array of shape (n_days, 16).

    `n_rows` counts the vendor's rows in a bar, `n_blank` those of them without a price and without trade.
    """

    prices: dict[str, np.ndarray]
    volume: np.ndarray
    amount: np.ndarray
    n_rows: np.ndarray
    n_blank: np.ndarray

    @property
    def traded(self) -> np.ndarray:
        """Whether a day saw any trade; shape (n_days,)."""
        return np.nansum(self.volume, axis=1) > 0

    def erase(self, days: np.ndarray) -> None:
        """Forget the bars of the days under a mask of shape (n_days,)."""
        for values in (*self.prices.values(), self.volume, self.amount):
            values[days] = np.nan


def aggregate(rows: np.ndarray, day_numbers: np.ndarray) -> DayBars:
    """Bars of one stock, sorted by time and without duplicates, to 15 minutes: first, max, min, last and sums.

    Parameters
    ----------
    rows : structured ndarray
        Of dtype `spool.BAR`.
    day_numbers : ndarray of shape (n_days,)
        Days of the bar calendar, in days since 1970.
    """
    position = np.searchsorted(day_numbers, rows["when"] // 1440) * SLOTS + bar_slots(FREQ)[rows["when"] % 1440]
    size = len(day_numbers) * SLOTS
    blank = ~np.all([rows[name] > 0 for name in PRICES], axis=0)
    n_rows, n_blank = (np.bincount(position[mask], minlength=size) for mask in (slice(None), blank))
    rows, position = rows[~blank], position[~blank]
    starts = np.flatnonzero(np.diff(position, prepend=-1))
    ends = np.append(starts[1:], len(rows)) - 1
    volume = np.nan_to_num(rows["volume"])
    found = {
        "open": rows["open"][starts],
        "high": _reduce(np.maximum, rows["high"], starts),
        "low": _reduce(np.minimum, rows["low"], starts),
        "close": rows["close"][ends],
        "volume": _reduce(np.add, volume, starts),
        # a bar of unknown amount makes the sum unknown, one without trade does not
        "amount": _reduce(np.add, np.where(volume > 0, _positive(rows["amount"]), 0.0), starts),
    }
    laid = {name: _lay(position[starts], values, size) for name, values in found.items()}
    return DayBars(
        {name: laid[name] for name in PRICES},
        laid["volume"],
        laid["amount"],
        n_rows.reshape(-1, SLOTS),
        n_blank.reshape(-1, SLOTS),
    )


def summarise(bars: DayBars) -> dict[str, np.ndarray]:
    """Daily open, high, low, close, volume and amount from the bars, each of shape (n_days,)."""
    priced = ~np.isnan(bars.prices["close"])
    first, last = priced.argmax(axis=1), priced.shape[1] - 1 - priced[:, ::-1].argmax(axis=1)
    days = np.arange(len(priced))
    return {
        "open": bars.prices["open"][days, first],
        "high": np.fmax.reduce(bars.prices["high"], axis=1),
        "low": np.fmin.reduce(bars.prices["low"], axis=1),
        "close": bars.prices["close"][days, last],
        "volume": np.nansum(bars.volume, axis=1),
        # NaN amounts of bars that are there stay NaN in the sum; bars that are not there add nothing
        "amount": np.where(priced, bars.amount, 0.0).sum(axis=1),
    }


def _reduce(function: np.ufunc, values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    return function.reduceat(values, starts) if len(starts) else values[:0]


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)


def _lay(position: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    laid = np.full(size, np.nan)
    laid[position] = values
    return laid.reshape(-1, SLOTS)
