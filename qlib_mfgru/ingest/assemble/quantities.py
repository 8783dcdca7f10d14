"""Single volumes and amounts that are far off: which of the two is wrong, and what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars, stand_in_price
from qlib_mfgru.ingest.assemble.consistency import Given
from qlib_mfgru.ingest.assemble.screening import TWICE
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.provider.judge.ranges import AMOUNT_TOLERANCE, RANGE_TOLERANCE, mean_price, outside_range

CLOSER = 10.0
"""How many times closer to the day's own figure the sum of the right quantity is than that of the wrong one."""
USUAL, UNUSUAL = 2.0, 30.0
"""How many times, or less by as much, the right quantity is its usual value at most, and the wrong one at least."""
NEIGHBOURS = 20
"""Days before and after a day whose median is its usual volume and amount: raw volumes drift over the years."""

VOLUME, UNKNOWN, AMOUNT = 1, 0, -1
"""Which of the two is wrong."""


class Totals(NamedTuple):
    """Volume and amount of days, each of shape (n_days,); NaN where they are not known."""

    volume: np.ndarray
    amount: np.ndarray

    def at(self, days: np.ndarray) -> Totals:
        """Those of some days."""
        return Totals(self.volume[days], self.amount[days])


@dataclass(frozen=True, eq=False)
class FarOff:
    """The days with a bar whose amount / volume is `TWICE` outside [low, high]; a daily row is a day of one bar.

    Attributes
    ----------
    days : ndarray of int, shape (n_days,)
        Their positions.
    price, volume, amount : ndarray of shape (n_days, n_bars)
        Of all bars of these days; the price is the mean of the four.
    is_off : ndarray of bool, shape (n_days, n_bars)
        As of `is_far_off`.
    """

    days: np.ndarray
    price: np.ndarray
    volume: np.ndarray
    amount: np.ndarray
    is_off: np.ndarray

    @classmethod
    def of(cls, is_off: np.ndarray, prices: Mapping[str, np.ndarray], volume: np.ndarray, amount: np.ndarray) -> FarOff:
        """Of arrays of shape (n, n_bars)."""
        days = np.flatnonzero(is_off.any(axis=1))
        price = stand_in_price({name: values[days] for name, values in prices.items()})
        return cls(days, price, volume[days], amount[days], is_off[days])

    def wrong(self, other: Totals, usual: Totals) -> np.ndarray:
        """Which quantity of a day's bars is wrong, once for the day: by the sums, or else by their sizes.

        Parameters
        ----------
        other : Totals
            What another input has of the day.
        usual : Totals
            What the stock trades on the days around it.

        Returns
        -------
        ndarray of int, shape (n_days,)
            `VOLUME`, `AMOUNT` or `UNKNOWN`.
        """
        by_sums = self._by_sums(other)
        return np.where(by_sums == UNKNOWN, self._by_size(usual), by_sums)

    def mended(self, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Volume and amount of the days, the wrong one of bars that are off made from the other and the price."""
        is_volume, is_amount = (self.is_off & (wrong == each)[:, None] for each in (VOLUME, AMOUNT))
        volume = np.divide(self.amount, self.price, out=self.volume.copy(), where=is_volume)
        return volume, np.where(is_amount, self.volume * self.price, self.amount)

    def _by_sums(self, other: Totals) -> np.ndarray:
        """The quantity whose sum is that of the other input is right; a volume alone is held against both."""
        of_amounts, _ = self.mended(np.full(len(self.days), VOLUME))
        gap = _gap(self._total(self.volume), other.volume)
        amount_gap = _gap(self._total(self.amount), other.amount)
        amount_gap = np.where(other.amount > 0, amount_gap, _gap(self._total(of_amounts), other.volume))
        return _verdict(_fits(amount_gap, gap), _fits(gap, amount_gap))

    def _by_size(self, usual: Totals) -> np.ndarray:
        """Only one of the two is near its usual value: the day's other bars' if most are sound, else the stock's."""
        is_sound = ~self.is_off & (self.volume > 0) & (self.amount > 0)
        is_single = is_sound.sum(axis=1) > self.is_off.sum(axis=1)
        volume, amount = (
            _gap(
                np.where(is_single, _medians(values, self.is_off), self._total(values)),
                np.where(is_single, _medians(values, is_sound), usual_total),
            )
            for values, usual_total in ((self.volume, usual.volume), (self.amount, usual.amount))
        )
        near, far = np.log(USUAL), np.log(UNUSUAL)
        return _verdict((amount <= near) & (volume >= far), (volume <= near) & (amount >= far))

    def _total(self, values: np.ndarray) -> np.ndarray:
        """Sums of days; a bar that is not there adds nothing, one of unknown amount makes the sum unknown."""
        return np.where(np.isnan(self.volume), 0.0, values).sum(axis=1)


def is_far_off(prices: Mapping[str, np.ndarray], volume: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Whether amount / volume is below low / `TWICE` or above high * `TWICE`; of the prices' shape."""
    return outside_range(mean_price(amount, volume), prices["low"] / TWICE, prices["high"] * TWICE, 0.0)


def mend_quantities(stock: Stock, given: Given) -> None:
    """Make volume or amount of bars and days that are far off from the other, where it is known which is wrong.

    What is made, and what is kept because nothing says which of the two is wrong, is counted.
    """
    if not stock.conventions.raw_known:
        return
    if stock.bars:
        _mend_bars(stock, given)
    _mend_days(stock, given)


def _mend_bars(stock: Stock, given: Given) -> None:
    """The finest bars are held against the daily row, if this does not contradict itself; the others follow."""
    finest, daily, span = stock.bars[0], stock.daily, stock.calendars.bar_span
    is_off = is_far_off(finest.prices, finest.volume, finest.amount)
    if not is_off.any():
        return
    found = FarOff.of(is_off, finest.prices, finest.volume, finest.amount)
    days = found.days + span.start
    is_row = given.live & ~is_far_off(daily, daily["volume"], given.amount)
    rows = Totals(np.where(is_row, daily["volume"], np.nan), np.where(is_row, given.amount, np.nan))
    wrong = found.wrong(rows.at(days), _usual(stock, days))
    finest.volume[found.days], finest.amount[found.days] = found.mended(wrong)
    _count(stock, "bars", stock.calendars.bar_days, found, wrong)
    mended = found.days[wrong != UNKNOWN]
    for coarser in stock.bars[1:]:
        _sum_bars(stock, finest, coarser, mended)
    _sum_days(stock, given, finest.daily(), mended)


def _mend_days(stock: Stock, given: Given) -> None:
    """The vendor's daily rows are held against the sums of their bars, if none of these is far off."""
    daily = stock.daily
    amount = np.where(given.live, daily["amount"], np.nan)
    is_off = is_far_off(daily, daily["volume"], amount)
    if not is_off.any():
        return
    prices = {name: daily[name][:, None] for name in PRICES}
    found = FarOff.of(is_off[:, None], prices, daily["volume"][:, None], amount[:, None])
    wrong = found.wrong(_sums_of_bars(stock, given).at(found.days), _usual(stock, found.days))
    for name, values in zip(("volume", "amount"), found.mended(wrong), strict=True):
        daily[name][found.days] = values[:, 0]
    _count(stock, "days", stock.calendars.days, found, wrong)


def _sums_of_bars(stock: Stock, given: Given) -> Totals:
    """What the bars add up to, where the daily row has an amount of its own; of shape (n_days,)."""
    sums = Totals(*(np.full(len(given.live), np.nan) for _ in Totals._fields))
    if stock.bars:
        finest, span = stock.bars[0], stock.calendars.bar_span
        from_bars, is_off = finest.daily(), is_far_off(finest.prices, finest.volume, finest.amount)
        is_known = ~is_off.any(axis=1) & (given.amount[span] > 0)
        for name, values in sums._asdict().items():
            values[span] = np.where(is_known, from_bars[name], np.nan)
    return sums


def _sum_bars(stock: Stock, finest: DayBars, coarser: DayBars, days: np.ndarray) -> None:
    """Make volume and amount of coarser bars, on some days, the sums of the finest, which nest in them."""
    starts, finer_starts = (stock.conventions.session.bar_starts(bars.freq) for bars in (coarser, finest))
    first, is_absent = np.searchsorted(finer_starts, starts), np.isnan(finest.volume[days])
    for ours, finer in ((coarser.volume, finest.volume), (coarser.amount, finest.amount)):
        sums = np.add.reduceat(np.where(is_absent, 0.0, finer[days]), first, axis=1)
        ours[days] = np.where(np.isnan(coarser.prices["close"][days]), np.nan, sums)


def _sum_days(stock: Stock, given: Given, sums: Mapping[str, np.ndarray], days: np.ndarray) -> None:
    """Make volume and amount of days that no daily row gives the sums of the bars again, on some days of the bars."""
    places = days + stock.calendars.bar_span.start
    for name, is_given in (("volume", given.live), ("amount", given.amount > 0)):
        values = stock.daily[name]
        values[places] = np.where(is_given[places], values[places], sums[name][days])


def _usual(stock: Stock, days: np.ndarray) -> Totals:
    """Medians of the sound days around each of the `days`, NaN without any."""
    volume, amount = stock.daily["volume"], stock.daily["amount"]
    sound = np.flatnonzero((volume > 0) & (amount > 0) & ~is_far_off(stock.daily, volume, amount))
    near = [sound[max(place - NEIGHBOURS, 0) : place + NEIGHBOURS] for place in np.searchsorted(sound, days)]
    return Totals(
        *(np.array([np.median(values[each]) if len(each) else np.nan for each in near]) for values in (volume, amount))
    )


def _count(stock: Stock, unit: str, days: np.ndarray, found: FarOff, wrong: np.ndarray) -> None:
    for which, outcome in (
        (VOLUME, "volumes made from amount and price"),
        (AMOUNT, "amounts made from volume and price"),
        (UNKNOWN, "both kept, for nothing says which of the two is wrong"),
    ):
        what = f"{unit} whose amount / volume is far off: {outcome}"
        stock.warn(what, days[found.days], found.is_off & (wrong == which)[:, None])


def _gap(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How many times, as a logarithm, values are the others, or less by as much; NaN where either is not positive."""
    return np.asarray(np.abs(np.log(mean_price(values, others))))


def _fits(gap: np.ndarray, gap_of_other: np.ndarray) -> np.ndarray:
    return (gap <= AMOUNT_TOLERANCE) & (gap_of_other >= CLOSER * np.maximum(gap, RANGE_TOLERANCE))


def _verdict(is_volume: np.ndarray, is_amount: np.ndarray) -> np.ndarray:
    return np.where(is_volume, VOLUME, np.where(is_amount, AMOUNT, UNKNOWN))


def _medians(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Of the chosen bars of each day, NaN without any; shape (n_days,)."""
    return np.asarray(np.ma.median(np.ma.masked_where(~chosen, values), axis=1).filled(np.nan))
