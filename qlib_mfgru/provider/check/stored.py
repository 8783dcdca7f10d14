"""A provider's stored numbers as the record that is judged: raw, on the days of the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.boards import board_of
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.provider.judge import BarSeries, StockSeries, since_listing
from qlib_mfgru.provider.judge.ranges import AMOUNT_TOLERANCE
from qlib_mfgru.provider.judge.series import PRICES
from qlib_mfgru.provider.limits import derive_limits, reference_price
from qlib_mfgru.provider.session import ASHARE, FREQS, days_of
from qlib_mfgru.provider.storage.files import ProviderFiles, Spans
from qlib_mfgru.provider.symbols import is_index, normalise_symbol

DAY = "day"


@dataclass(frozen=True)
class BarPlaces:
    """Where the stamps of an intraday calendar belong.

    Attributes
    ----------
    day, slot : ndarray of int, shape (n_stamps,)
        Position of a stamp's day among `days`, and of its time among those that the calendar has.
    days : ndarray of shape (n_bar_days,)
        ``datetime64[D]``.
    times : ndarray of shape (n_slots,)
        In minutes after midnight.
    """

    day: np.ndarray
    slot: np.ndarray
    days: np.ndarray
    times: np.ndarray

    @classmethod
    def of(cls, stamps: pd.DatetimeIndex, *, ends: bool) -> BarPlaces:
        """From a calendar whose stamps are the bars' ends, or not known to be."""
        days, day = np.unique(
            days_of(stamps) if ends else stamps.to_numpy().astype("datetime64[D]"), return_inverse=True
        )
        times, slot = np.unique(stamps.to_numpy() - days[day], return_inverse=True)
        return cls(day, slot, days, times.astype("timedelta64[s]").astype("i8") / 60)

    def grid(self, values: np.ndarray) -> np.ndarray:
        """Values of shape (n_stamps,) as (n_bar_days, slots), NaN where the calendar has no stamp."""
        grid = np.full((len(self.days), len(self.times)), np.nan)
        grid[self.day, self.slot] = values
        return grid


@dataclass
class StoredStock:
    """What a provider holds of one instrument.

    Attributes
    ----------
    values : dict of (str, str) to ndarray of shape (n_stamps,)
        By frequency and field, on the whole calendar of the frequency, float64.
    spans : dict of (str, str) to (int, int)
        Where each stored series begins, and its length.
    files : set of (str, str)
        Frequency and field of every file, readable or not.
    damage : list of str
        Files that cannot be read, and why.
    """

    code: str
    values: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    spans: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    files: set[tuple[str, str]] = field(default_factory=set)
    damage: list[str] = field(default_factory=list)

    @property
    def freqs(self) -> list[str]:
        """Frequencies with a readable file."""
        return sorted({freq for freq, _ in self.values})

    def has_prices(self, freq: str) -> bool:
        """Whether any price of a frequency is known."""
        return any(np.isfinite(self.values[freq, name]).any() for name in PRICES if (freq, name) in self.values)


class Stored:
    """Reads the instruments of a provider.

    Parameters
    ----------
    files : ProviderFiles
    since : Timestamp, optional
        First day that is judged.
    """

    def __init__(self, files: ProviderFiles, since: pd.Timestamp | None = None) -> None:
        self.files = files
        self.session = files.session
        self.freq = next((freq for freq in reversed(FREQS) if freq in files.freqs), None)
        self.first = int(np.searchsorted(self.all_days, since.to_datetime64().astype("datetime64[D]"))) if since else 0
        if self.first >= len(self.all_days):
            raise InputError(f"{files.path}: no day since {since:%Y-%m-%d}, the calendar ends on {self.all_days[-1]}")

    @cached_property
    def all_days(self) -> np.ndarray:
        """Days of the calendar, ``datetime64[D]``; those of the bars where there is no daily one."""
        if DAY in self.files.freqs:
            return self.files.calendar(DAY).to_numpy().astype("datetime64[D]")
        if self.places is None:
            raise InputError(f"{self.files.path}: no calendar of a known frequency: day, {', '.join(FREQS)}")
        return self.places.days

    @property
    def days(self) -> np.ndarray:
        """The days that are judged."""
        return self.all_days[self.first :]

    @cached_property
    def places(self) -> BarPlaces | None:
        """Of the finest bars; None without any."""
        if self.freq is None:
            return None
        return BarPlaces.of(self.files.calendar(self.freq), ends=self.session is not None)

    def is_ashare(self, code: str) -> bool:
        """Whether a code is of the A-share market: by the session, or by its form where another program made it."""
        if self.session is not None:
            return self.session.codes == "ashare"
        try:
            return normalise_symbol(code) == code
        except ValueError:
            return False

    def is_index(self, code: str) -> bool:
        """Whether a code is an index's: by its form, or, where codes have none, what our own lists leave out."""
        if self.is_ashare(code) or is_index(code, "plain"):
            return is_index(code)
        return self.session is not None and "all" in self.lists and code not in self.lists["all"]

    @cached_property
    def lists(self) -> dict[str, Spans]:
        """The lists of instruments that can be read, by market."""
        return {market: spans for market, spans in self._lists.items() if isinstance(spans, dict)}

    @property
    def damaged_lists(self) -> dict[str, str]:
        """What is wrong with the other lists, by market."""
        return {market: str(error) for market, error in self._lists.items() if isinstance(error, InputError)}

    @cached_property
    def _lists(self) -> dict[str, Spans | InputError]:
        lists: dict[str, Spans | InputError] = {}
        for market in self.files.markets:
            try:
                lists[market] = self.files.instruments(market)
            except InputError as error:
                lists[market] = error
        return lists

    def judged(self, stock: StoredStock, freq: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Days of the stamps of a frequency that are judged, and the stored values on them by field."""
        of_stamp = self.all_days if freq == DAY or self.places is None else self.places.days[self.places.day]
        which = of_stamp >= self.days[0]
        return of_stamp[which], {name: values[which] for (of, name), values in stock.values.items() if of == freq}

    def read(self, code: str) -> StoredStock:
        """Read every file of an instrument."""
        stock = StoredStock(code)
        for freq in self.files.freqs:
            for name in self.files.fields(code, freq):
                stock.files.add((freq, name))
                try:
                    series = self.files.series(code, name, freq)
                except InputError as error:
                    stock.damage.append(str(error))
                    continue
                if series is not None and (freq in (DAY, self.freq)):
                    stock.spans[freq, name] = series[0], len(series[1])
                    stock.values[freq, name] = self._dense(freq, *series)
        return stock

    def series(self, stock: StoredStock) -> StockSeries:
        """The record that is judged; fields that are absent are NaN, and an absent factor is 1."""
        factor = self._factor(stock)
        daily = {name: self._daily(stock, name) for name in (*PRICES, "vwap", "limit_up", "limit_down")}
        raw = {name: values / factor for name, values in daily.items()}
        is_ashare, session = self.is_ashare(stock.code), self.session
        bars, volume = self._bars(stock, factor), self._daily(stock, "volume") * factor
        board = board_of(stock.code) if is_ashare and (session is None or session.has_boards) else None
        has_limits = {"limit_up", "limit_down"} & {name for _, name in stock.files}
        if board and (DAY, "factor") in stock.values and not has_limits:
            raw["limit_up"], raw["limit_down"] = self._derived_limits(stock, raw, factor)
        return StockSeries(
            code=stock.code,
            days=self.days,
            prices={name: raw[name] for name in PRICES},
            volume=volume,
            amount=_own_amount(self._daily(stock, "amount"), volume, bars),
            vwap=raw["vwap"],
            factor=factor,
            limit_up=raw["limit_up"],
            limit_down=raw["limit_down"],
            market_cap=self._daily(stock, "market_cap"),
            prev_close=np.full(len(self.days), np.nan),
            spiked=np.zeros(len(self.days), dtype=bool),
            apart=np.ones(len(self.days), dtype=bool),
            lot=session.lot if session else ASHARE.lot if is_ashare else None,
            board=board,
            is_adjusted=bool((factor[factor > 0] != 1).any()),
            bars=bars,
        )

    def _derived_limits(
        self, stock: StoredStock, raw: Mapping[str, np.ndarray], factor: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Limits by the boards' rules, as an ingest derives them, of ordinary shares where treatment is not stored."""
        live = np.flatnonzero(raw["close"] > 0)
        reference = reference_price(raw["close"], carried_forward(factor))
        first = int(live[0]) if len(live) else 0
        session = since_listing(stock.code, self.days, raw, reference, first)
        is_st = np.nan_to_num(self._daily(stock, "is_st"))
        return derive_limits(stock.code, self.days, reference, is_st, session)

    def _bars(self, stock: StoredStock, factor: np.ndarray) -> BarSeries | None:
        places, freq = self.places, self.freq
        if places is None or freq is None or (freq, "close") not in stock.values:
            return None
        positions = np.searchsorted(self.all_days, places.days)
        judged = np.isin(places.days, self.days)
        positions = positions[judged] - self.first

        def grid(name: str) -> np.ndarray:
            unknown = np.full(len(places.day), np.nan)
            return places.grid(stock.values.get((freq, name), unknown))[judged]

        scale = factor[positions, None]
        priced = ~np.isnan(grid("close"))
        return BarSeries(
            prices={name: grid(name) / scale for name in PRICES},
            volume=grid("volume") * scale,
            amount=grid("amount"),
            positions=positions,
            vwap=grid("vwap") / scale,
            has_first=priced[:, 0],
            has_last=priced[:, -1],
            ends=np.where(self._in_call(stock.code, places.times), np.nan, places.times),
        )

    def _in_call(self, code: str, times: np.ndarray) -> np.ndarray:
        """Times of bars in which there need be no trade."""
        session = self.session or (ASHARE if self.is_ashare(code) else None)
        return session.in_call(times) if session else np.zeros(len(times), dtype=bool)

    def _daily(self, stock: StoredStock, name: str) -> np.ndarray:
        stored = stock.values.get((DAY, name))
        return np.full(len(self.days), np.nan) if stored is None else stored[self.first :]

    def _factor(self, stock: StoredStock) -> np.ndarray:
        """The daily factor, else that of the day's first bar with one, else 1."""
        factor = self._daily(stock, "factor")
        in_bars = stock.values.get((self.freq or "", "factor"))
        if np.isnan(factor).all() and in_bars is not None and self.places is not None:
            by_day = np.fmax.reduce(self.places.grid(in_bars), axis=1)
            factor = pd.Series(by_day, index=self.places.days).reindex(self.days).to_numpy(dtype="f8")
        return np.ones(len(factor)) if np.isnan(factor).all() else np.where(factor > 0, factor, np.nan)

    def _dense(self, freq: str, start: int, values: np.ndarray) -> np.ndarray:
        n_stamps = len(self.all_days) if freq == DAY and DAY in self.files.freqs else self._n_stamps
        dense = np.full(n_stamps, np.nan)
        dense[start : start + len(values)] = values
        return dense

    @cached_property
    def _n_stamps(self) -> int:
        return len(self.places.day) if self.places else 0


def _own_amount(amount: np.ndarray, volume: np.ndarray, bars: BarSeries | None) -> np.ndarray:
    """The days' amounts but those of bars whose volume is not the day's.

    An ingest takes the bars' amount for a day without one. That says nothing of the day's volume, and that the volumes
    differ is a finding of its own.
    """
    if bars is None:
        return amount
    of_bars, volume_of_bars = (np.nansum(values, axis=1) for values in (bars.amount, bars.volume))
    day_volume = volume[bars.positions]
    is_taken = np.isclose(of_bars, amount[bars.positions], rtol=1e-5)
    is_taken &= ~np.isclose(volume_of_bars, day_volume, rtol=AMOUNT_TOLERANCE)
    own = amount.copy()
    own[bars.positions[is_taken]] = np.nan
    return own
