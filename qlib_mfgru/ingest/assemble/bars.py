"""One stock's spooled bars as bars of the provider's frequencies on the calendar, and the mean price of a bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from qlib_mfgru.ingest.read.spool.day_runs import DayRuns
from qlib_mfgru.ingest.read.spool.repeats import run_starts
from qlib_mfgru.ingest.read.stamps import MINUTES_A_DAY
from qlib_mfgru.provider.judge.ranges import all_positive, mean_price
from qlib_mfgru.provider.session import Session


@dataclass
class DayBars:
    """Raw bars of one stock and frequency, each array of shape (n_bar_days, bars_per_day).

    Of shape (n_bar_days,) are `n_rows`, the vendor's rows of a day, `n_blank`, those without a price and without trade,
    and `begin` and `end`, the minutes of the day at which its first and last bar with a price end, NaN without any.
    `vwap` is NaN until it is known.
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
        priced = all_positive(rows)
        all_runs = runs = DayRuns.of(rows["when"])
        if not priced.all():
            rows = rows.take(np.flatnonzero(priced))
            runs = DayRuns.of(rows["when"])
        slot_of, slots = _slots(session, freq)
        place = runs.spread(np.searchsorted(bar_days, runs.days) * slots) + slot_of[runs.minutes]
        starts, traded = run_starts(place), rows["volume"] > 0
        ends, cells = np.append(starts, len(rows))[1:] - 1, place[starts]

        def on_grid(values: np.ndarray) -> np.ndarray:
            if len(cells) == len(bar_days) * slots:  # ascending, so it is all of them
                return values.astype("f8").reshape(-1, slots)
            grid = np.full(len(bar_days) * slots, np.nan)
            grid[cells] = values
            return grid.reshape(-1, slots)

        n_rows, n_priced = (_on_days(each.lengths, each, bar_days, fill=0) for each in (all_runs, runs))
        return cls(
            freq=freq,
            prices={
                "open": on_grid(rows["open"][starts]),
                "high": on_grid(_reduce(np.maximum, rows["high"], starts)),
                "low": on_grid(_reduce(np.minimum, rows["low"], starts)),
                "close": on_grid(rows["close"][ends]),
            },
            volume=on_grid(_reduce(np.add, np.where(traded, rows["volume"], 0.0), starts)),
            # a bar of unknown amount makes the sum unknown, one without trade does not
            amount=on_grid(_reduce(np.add, np.where(traded, _positive(rows["amount"]), 0.0), starts)),
            n_rows=n_rows,
            n_blank=n_rows - n_priced,
            begin=_on_days(runs.minutes[runs.starts], runs, bar_days, fill=np.nan),
            end=_on_days(runs.minutes[runs.starts + runs.lengths - 1], runs, bar_days, fill=np.nan),
        )

    @property
    def traded(self) -> np.ndarray:
        """Whether a day saw any trade; shape (n_bar_days,)."""
        return np.asarray((self.volume > 0).any(axis=1))

    @property
    def last_traded(self) -> np.ndarray:
        """Position of a day's last bar with trade, -1 on a day without any; shape (n_bar_days,)."""
        n_bars = self.volume.shape[1]
        return np.where(self.traded, n_bars - 1 - (self.volume[:, ::-1] > 0).argmax(axis=1), -1)

    def erase(self, days: np.ndarray) -> None:
        """Forget the bars of the days under a mask of shape (n_bar_days,)."""
        if days.any():
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
            "volume": np.where(priced, self.volume, 0.0).sum(axis=1),
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
    unknown = np.isnan(mean)
    is_stand_in = unknown & (volume > 0) & np.isfinite(stand_in)
    vwap = np.where(unknown, stand_in, mean)
    return (vwap if typical else np.where(is_stand_in, np.nan, vwap)), is_stand_in


def stand_in_price(prices: Mapping[str, np.ndarray]) -> np.ndarray:
    """(open + high + low + close) / 4, what vwap is where the amount says nothing; of the prices' shape."""
    typical: np.ndarray = (prices["open"] + prices["high"] + prices["low"] + prices["close"]) / 4
    return typical


@lru_cache(maxsize=16)
def _slots(session: Session, freq: str) -> tuple[np.ndarray, int]:
    """The bar that each minute of the day belongs to, of shape (1 + MINUTES_A_DAY,), and how many a day has.

    What comes before the opening is in the first bar, what comes after the end of a part of the day in its last.
    """
    starts = session.bar_starts(freq)
    return np.maximum(np.searchsorted(starts, np.arange(1 + MINUTES_A_DAY)) - 1, 0), len(starts)


def _on_days(values: np.ndarray, runs: DayRuns, days: np.ndarray, fill: float) -> np.ndarray:
    """A value of each run on its day; of shape (n_days,), `fill` on days without any."""
    on_days = np.full(len(days), fill)
    on_days[np.searchsorted(days, runs.days)] = values
    return on_days


def _reduce(function: np.ufunc, values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """A figure of each run of the values; of shape (n_runs,)."""
    return function.reduceat(values, starts) if len(starts) < len(values) else values


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)
