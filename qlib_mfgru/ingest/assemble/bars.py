"""One stock's spooled bars as bars of the provider's frequencies on the calendar, and the mean price of a bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.stamps import MINUTES_A_DAY, days_of_bars
from qlib_mfgru.provider.judge.ranges import mean_price
from qlib_mfgru.provider.session import Session


@dataclass
class DayBars:
    """Raw bars of one stock and frequency, each array of shape (n_bar_days, bars_per_day).

    `n_rows` counts the vendor's rows in a bar, `n_blank` those of them without a price and without trade. `begin` and
    `end`, of shape (n_bar_days,), are the minutes of the day at which the vendor's first and last bar with a price end,
    NaN without any. `vwap` is NaN until it is known.
    """

    freq: str
    prices: dict[str, np.ndarray]
    volume: np.ndarray
    amount: np.ndarray
    n_rows: np.ndarray
    n_blank: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    vwap: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.vwap = np.full_like(self.volume, np.nan)

    @classmethod
    def aggregate(cls, rows: np.ndarray, bar_days: np.ndarray, session: Session, freq: str) -> DayBars:
        """Bars of any frequency to those of a coarser one, or the same: first, max, min, last and sums.

        Parameters
        ----------
        rows : structured ndarray
            Of dtype `spool.BAR`, one stock, sorted by time and without duplicates.
        bar_days : ndarray of shape (n_bar_days,)
            Days of the bar calendar, in days since 1970.
        session : Session
        freq : str
            The bars'.
        """
        days, starts_of_bars = days_of_bars(rows["when"]), session.bar_starts(freq)
        slots = len(starts_of_bars)
        # what comes before the opening is in the first bar, what comes after the end of a part of the day in its last
        slot = np.maximum(np.searchsorted(starts_of_bars, rows["when"] - days * MINUTES_A_DAY) - 1, 0)
        place = slot + np.searchsorted(bar_days, days) * slots
        size = len(bar_days) * slots
        blank = ~np.all([rows[name] > 0 for name in PRICES], axis=0)
        n_rows, n_blank = np.bincount(place, minlength=size), np.bincount(place[blank], minlength=size)
        rows, place = rows[~blank], place[~blank]
        minutes = rows["when"] - days_of_bars(rows["when"]) * MINUTES_A_DAY
        begin, end = (_of_days(minutes, place // slots, len(bar_days), edge) for edge in (np.fmin, np.fmax))
        starts = np.flatnonzero(np.diff(place, prepend=-1))
        ends = np.append(starts, len(rows))[1:] - 1
        volume = np.nan_to_num(rows["volume"])

        def on_grid(values: np.ndarray) -> np.ndarray:
            grid = np.full(size, np.nan)
            grid[place[starts]] = values
            return grid.reshape(-1, slots)

        return cls(
            freq=freq,
            prices={
                "open": on_grid(rows["open"][starts]),
                "high": on_grid(_reduce(np.maximum, rows["high"], starts)),
                "low": on_grid(_reduce(np.minimum, rows["low"], starts)),
                "close": on_grid(rows["close"][ends]),
            },
            volume=on_grid(_reduce(np.add, volume, starts)),
            # a bar of unknown amount makes the sum unknown, one without trade does not
            amount=on_grid(_reduce(np.add, np.where(volume > 0, _positive(rows["amount"]), 0.0), starts)),
            n_rows=n_rows.reshape(-1, slots),
            n_blank=n_blank.reshape(-1, slots),
            begin=begin,
            end=end,
        )

    @property
    def traded(self) -> np.ndarray:
        """Whether a day saw any trade; shape (n_bar_days,)."""
        return np.nansum(self.volume, axis=1) > 0

    @property
    def last_traded(self) -> np.ndarray:
        """Position of a day's last bar with trade, -1 on a day without any; shape (n_bar_days,)."""
        n_bars = self.volume.shape[1]
        return np.where(self.traded, n_bars - 1 - (self.volume[:, ::-1] > 0).argmax(axis=1), -1)

    def erase(self, days: np.ndarray) -> None:
        """Forget the bars of the days under a mask of shape (n_bar_days,)."""
        for values in (*self.prices.values(), self.volume, self.amount):
            values[days] = np.nan

    def daily(self) -> dict[str, np.ndarray]:
        """Daily open, high, low, close, volume and amount from the bars, each of shape (n_bar_days,)."""
        priced = ~np.isnan(self.prices["close"])
        first, last = priced.argmax(axis=1), priced.shape[1] - 1 - priced[:, ::-1].argmax(axis=1)
        days = np.arange(len(priced))
        return {
            "open": self.prices["open"][days, first],
            "high": np.fmax.reduce(self.prices["high"], axis=1),
            "low": np.fmin.reduce(self.prices["low"], axis=1),
            "close": self.prices["close"][days, last],
            "volume": np.nansum(self.volume, axis=1),
            # NaN amounts of bars that are there stay NaN in the sum; bars that are not there add nothing
            "amount": np.where(priced, self.amount, 0.0).sum(axis=1),
        }


def vwap_of(
    prices: Mapping[str, np.ndarray], volume: np.ndarray, amount: np.ndarray, *, typical: bool
) -> tuple[np.ndarray, np.ndarray]:
    """amount / volume; without trade the price itself, and where the amount is unknown (o + h + l + c) / 4 or NaN.

    Returns
    -------
    vwap : ndarray
        Of the inputs' shape.
    is_stand_in : ndarray of bool
        Whether a bar with trade has an unknown amount.
    """
    stand_in, mean = stand_in_price(prices), mean_price(amount, volume)
    is_stand_in = (volume > 0) & np.isnan(mean) & np.isfinite(stand_in)
    vwap = np.where(np.isnan(mean), stand_in, mean)
    return (vwap if typical else np.where(is_stand_in, np.nan, vwap)), is_stand_in


def stand_in_price(prices: Mapping[str, np.ndarray]) -> np.ndarray:
    """(open + high + low + close) / 4, what vwap is where the amount says nothing; of the prices' shape."""
    typical: np.ndarray = np.mean([prices[name] for name in PRICES], axis=0)
    return typical


def _of_days(values: np.ndarray, day: np.ndarray, n_days: int, function: np.ufunc) -> np.ndarray:
    """A figure of the values of each day, NaN without any; `day` is ascending."""
    figures, starts = np.full(n_days, np.nan), np.flatnonzero(np.diff(day, prepend=-1))
    figures[day[starts]] = _reduce(function, values, starts)
    return figures


def _reduce(function: np.ufunc, values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    return function.reduceat(values, starts) if len(starts) else values[:0]


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)
