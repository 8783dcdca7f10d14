"""What a provider must hold, computed a second time: slowly, in plain pandas, from a vendor's rows.

The rows are under our names and in shares and yuan: bars with ``symbol`` (as the provider writes it), ``datetime``,
prices, ``volume`` and ``amount``; days with ``date`` and whatever a daily row may have, ``factor`` among it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.provider.session import ASHARE, Session
from qlib_mfgru.provider.symbols import feature_folder

from .sound import read_series

PRICES = ["open", "high", "low", "close"]
FIELDS = [*PRICES, "vwap", "volume", "amount", "factor"]
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "amount": "sum"}
MISFIT = 1e-3
"""Share of the price by which amount / volume may lie outside [low, high]; one beyond it is not checked here."""


@dataclass
class Reference:
    """A small market.

    Attributes
    ----------
    bars, daily, factors : DataFrame, optional
        Raw rows, and factors by symbol and date that hold until the next.
    session : Session
    stamps : {"end", "start"}
        Which end of a bar its ``datetime`` is.
    typical : bool
        An unknown vwap is the mean of the bar's four prices, else NaN.
    adjusted, volume_adjusted : tuple of str
        Which of ``bars`` and ``daily`` has prices that are multiplied, and volumes that are divided, by the factor.
    unadjusted : bool
        The factor is 1.
    events : bool, optional
        `factors` has a row each ex-date, so that the factor is 1 before; by default, if there are few and they change.
    """

    bars: pd.DataFrame | None = None
    daily: pd.DataFrame | None = None
    factors: pd.DataFrame | None = None
    session: Session = ASHARE
    stamps: str = "end"
    typical: bool = True
    adjusted: tuple[str, ...] = ()
    volume_adjusted: tuple[str, ...] = ()
    unadjusted: bool = False
    events: bool | None = None

    @cached_property
    def symbols(self) -> list[str]:
        return sorted({*self._rows_of_bars["symbol"], *self._rows_of_days["symbol"]})

    @cached_property
    def days(self) -> pd.DatetimeIndex:
        """Every day with a row."""
        return pd.DatetimeIndex(sorted({*self._rows_of_days["date"], *self._rows_of_bars["day"]}))

    @cached_property
    def bar_days(self) -> pd.DatetimeIndex:
        """From the first day with a bar to the last."""
        found = self._rows_of_bars["day"]
        return self.days[(self.days >= found.min()) & (self.days <= found.max())] if len(found) else self.days[:0]

    def series(self, symbol: str, freq: str) -> pd.DataFrame:
        """`FIELDS` as stored, by stamp, from the first to the last one with trade; empty where the stock has none.

        Days go on to the last row that has a price or a volume.
        """
        raw = self._raw_days(symbol) if freq == "day" else self._raw_bars(symbol, freq)
        factor = raw["factor"]
        stored = raw[[*PRICES, "vwap"]].mul(factor, axis=0).assign(volume=raw["volume"] / factor, amount=raw["amount"])
        stored = stored.assign(factor=factor)[FIELDS]
        traded = raw["volume"].fillna(0) > 0
        if freq != "day":
            day = (stored.index - pd.Timedelta("1s")).normalize()
            traded = traded.groupby(day).transform("any")
        places = np.flatnonzero(traded.to_numpy())
        if not len(places):
            return stored.iloc[:0]
        last = places[-1]
        if freq == "day":
            rows = self._rows_of_days[self._rows_of_days["symbol"] == symbol]
            told = rows["date"][(rows[[*PRICES, "volume"]].astype("f8") >= 0).any(axis=1)]
            last = max([last, *self.days.get_indexer(told)])
        return stored.iloc[places[0] : last + 1]

    @cached_property
    def _rows_of_days(self) -> pd.DataFrame:
        rows = pd.DataFrame(columns=["symbol", "date"]) if self.daily is None else self.daily
        names = (*PRICES, "volume", "amount", "vwap", "factor")
        return rows.assign(**{name: np.nan for name in names if name not in rows})

    @cached_property
    def _rows_of_bars(self) -> pd.DataFrame:
        """Bars with `day`, and `moment`, a time inside the bar, or its end."""
        if self.bars is None:
            return pd.DataFrame(columns=["symbol", "datetime", "day", "moment", *HOW])
        rows = self.bars.assign(amount=self.bars.get("amount", np.nan))
        rows["moment"] = rows["datetime"]
        if self.stamps == "start":
            # what is stamped at the end of a part of the day is its last trades
            minute = rows["datetime"].dt.hour * 60 + rows["datetime"].dt.minute
            is_last = minute.isin([end for _, end in self.session.spans if self.session.calls])
            rows["moment"] += pd.to_timedelta(1 - is_last.astype(int), unit="min")
        return rows.assign(day=(rows["moment"] - pd.Timedelta("1s")).dt.normalize()).sort_values("datetime")

    def _factor(self, symbol: str) -> pd.Series:
        """By day; a daily row's holds until the next row, one of the table until the next change."""
        if self.unadjusted:
            return pd.Series(1.0, index=self.days)
        rows = self._rows_of_days[self._rows_of_days["symbol"] == symbol].set_index("date")["factor"]
        factor = rows.astype("f8").where(rows > 0).reindex(self.days).ffill()
        if len(rows):
            factor[self.days > rows.index.max()] = np.nan
        if self.factors is not None:
            table = self.factors[self.factors["symbol"] == symbol].set_index("date")["factor"].sort_index()
            every = table.reindex(table.index.union(self.days)).ffill().reindex(self.days)
            is_one = self._has_events and factor.isna().all()
            factor = factor.fillna(every.fillna(1.0) if is_one else every)
        return factor

    @cached_property
    def _has_events(self) -> bool:
        """Whether `factors` has fewer rows than one in five days, most of them with another factor than before."""
        if self.events is not None or self.factors is None:
            return bool(self.events)
        n_steps = n_changes = n_days = 0
        for _, rows in self.factors.sort_values("date").groupby("symbol"):
            n_steps += len(rows) - 1
            n_changes += int((rows["factor"].diff().iloc[1:] != 0).sum())
            n_days += int(((self.days >= rows["date"].min()) & (self.days < rows["date"].max())).sum())
        return n_steps > 0 and n_steps < 0.2 * n_days and n_changes > 0.5 * n_steps

    def _bars_of(self, symbol: str) -> pd.DataFrame:
        """Raw bars with a price, of days with trade and a factor, and that factor."""
        rows = self._rows_of_bars[self._rows_of_bars["symbol"] == symbol]
        rows = rows[(rows[PRICES] > 0).all(axis=1)]
        factor = rows["day"].map(self._factor(symbol)).astype("f8")
        volume = self._raw_volume("bars", rows["volume"], factor)
        amount = rows["amount"].where(rows["amount"] > 0).where(volume > 0, 0.0)
        rows = rows.assign(volume=volume, amount=amount, factor=factor)
        if "bars" in self.adjusted:
            rows[PRICES] = rows[PRICES].div(factor, axis=0)
        live = (volume.groupby(rows["day"]).transform("sum") > 0) & factor.notna()
        return rows[live]

    def _raw_bars(self, symbol: str, freq: str) -> pd.DataFrame:
        calendar = self.session.calendar(self.bar_days, freq)
        rows = self._bars_of(symbol)
        ends = calendar[np.searchsorted(calendar, rows["moment"])]
        bars = _summed(rows, ends).reindex(calendar)
        bars["factor"] = (calendar - pd.Timedelta("1s")).normalize().map(self._factor(symbol))
        return bars.assign(vwap=self._mean_price(bars))

    def _raw_days(self, symbol: str) -> pd.DataFrame:
        factor, of_bars = self._factor(symbol), self._bars_of(symbol)
        of_bars = _summed(of_bars, of_bars["day"]).reindex(self.days)
        rows = self._rows_of_days[self._rows_of_days["symbol"] == symbol].set_index("date").reindex(self.days)
        if "daily" in self.adjusted:
            rows[[*PRICES, "vwap"]] = rows[[*PRICES, "vwap"]].div(factor, axis=0)
        rows["volume"] = self._raw_volume("daily", rows["volume"].astype("f8"), factor)
        live = (rows["volume"] > 0) & (rows["close"] > 0) & factor.notna()
        days = rows[[*PRICES, "volume", "amount"]].astype("f8").where(live, of_bars[[*PRICES, "volume", "amount"]])
        mean = days["amount"].where(days["amount"] > 0) / days["volume"]
        mean = mean.fillna((of_bars["amount"] / of_bars["volume"]).where(of_bars["amount"] > 0))
        vwap = rows["vwap"].astype("f8").where(live & (rows["vwap"] > 0), self._in_range(days, mean))
        amount = days["amount"].where(days["amount"] > 0, of_bars["amount"].where(of_bars["amount"] > 0))
        return days.assign(vwap=vwap, amount=amount.fillna(days["amount"]), factor=factor)

    def _raw_volume(self, name: str, volume: pd.Series, factor: pd.Series) -> pd.Series:
        """In shares; less than one share is no trade where shares are not divided."""
        volume = (volume * factor if name in self.volume_adjusted else volume).fillna(0.0)
        return volume.where(volume >= 1, 0.0) if self.session.lot else volume

    def _mean_price(self, bars: pd.DataFrame) -> pd.Series:
        return self._in_range(bars, bars["amount"].where(bars["amount"] > 0) / bars["volume"].where(bars["volume"] > 0))

    def _in_range(self, bars: pd.DataFrame, mean: pd.Series) -> pd.Series:
        """The mean price within its range (the stand-in else), and where there was no trade the price itself."""
        inside = (mean >= bars["low"] * (1 - MISFIT)) & (mean <= bars["high"] * (1 + MISFIT))
        return mean.where(inside, bars[PRICES].mean(axis=1).where((bars["volume"] == 0) | self.typical))


def _summed(rows: pd.DataFrame, keys: pd.Series | pd.DatetimeIndex) -> pd.DataFrame:
    """First, max, min, last and sums; the sum of amounts is unknown where one is."""
    groups = rows.groupby(keys)
    return groups.agg(HOW).assign(amount=groups["amount"].agg(lambda amounts: amounts.sum(skipna=False))).astype("f8")


def check_provider(target: Path, expected: Reference, freqs: tuple[str, ...] = ("15min",)) -> None:
    """Assert that every stamp, and every value of every bar and day, is the reference's.

    Values may differ by two units in float32's last place, for the vendor's prices are rounded before they are
    multiplied. Stocks that are not there must be named in the provider's report.
    """
    assert list(_stamps(target, "day")) == list(expected.days), "other days"
    if not len(expected.bar_days):
        assert not set(freqs) & {file.stem for file in (target / "calendars").iterdir()}, "a calendar without any bar"
        freqs = ()
    for freq in freqs:
        assert list(_stamps(target, freq)) == list(expected.session.calendar(expected.bar_days, freq)), f"other {freq}"
    stored = {folder.name for folder in (target / "features").iterdir()}
    for symbol in expected.symbols:
        if feature_folder(symbol) not in stored:
            is_known = expected.series(symbol, "day").empty or symbol in (target / "mfgru.json").read_text("utf-8")
            assert is_known, f"{symbol} is not there, and nobody says why"
            continue
        for freq in ("day", *freqs):
            _check_stock(target, expected, symbol, freq)


def _check_stock(target: Path, expected: Reference, symbol: str, freq: str) -> None:
    right = expected.series(symbol, freq)
    folder = target / "features" / feature_folder(symbol)
    series = read_series(folder, freq)
    if right.empty:
        assert not series, f"{symbol} {freq}: stored without any trade"
        return
    stamps = _stamps(target, freq)
    for field in FIELDS if freq == "day" else FIELDS[:-1]:
        start, values = series[field]
        found = pd.Series(values, index=stamps[start : start + len(values)])
        assert list(found.index) == list(right.index), f"{symbol} {freq} {field}: other stamps"
        other = ~np.isclose(found, right[field].astype("f4"), rtol=2.4e-7, atol=0, equal_nan=True)
        pairs = list(zip(found[other], right[field][other], strict=True))
        assert not pairs, f"{symbol} {freq} {field}: stored and right {pairs[:3]}, from {found.index[other][0]} on"


def _stamps(target: Path, freq: str) -> pd.DatetimeIndex:
    return pd.to_datetime((target / "calendars" / f"{freq}.txt").read_text().split("\n")[:-1])
