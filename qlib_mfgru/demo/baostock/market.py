"""``VendorMarket``: the demo market in the vendor's terms, which are the truth that a collector has to find.

Prices are raw, whole cents; volumes are shares, amounts yuan. What the vendor rounds in its answers is rounded here
already (adjustment factors, turnover and changes to six decimals, levels to four), so that the text of an answer and
the truth are the same number.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from typing_extensions import Self

from qlib_mfgru.demo.baostock.bars import at_frequency, bar_ends
from qlib_mfgru.demo.bars import Bars, draw_bars
from qlib_mfgru.demo.indices import IndexLevels
from qlib_mfgru.demo.market import STOCKS_AT_ONCE, DemoMarket, simulate
from qlib_mfgru.demo.prices import SPLIT_PRICE
from qlib_mfgru.demo.spec import DemoSpec
from qlib_mfgru.errors import InputError

PRICES = ("open", "high", "low", "close")
ALL = slice(None)
"""All days."""


@dataclass
class VendorMarket:
    """A demo market of A-shares as the vendor sees it; its accessors give all days, whatever the server's today is.

    Stocks and indices are named as the vendor names them, ``sh.600000``; `days` are the trading days.
    """

    demo: DemoMarket
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _drawn: dict[int, Bars] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, **settings: Any) -> Self:
        """The market of a `DemoSpec`, e.g. ``VendorMarket.of(n_stocks=40, n_days=160, intraday_days=120, seed=3)``.

        Raises
        ------
        InputError
            A setting out of its range, or a session other than ``ashare``.
        """
        spec = DemoSpec.of(**settings)
        if spec.session != "ashare":
            raise InputError(f"session is {spec.session!r}: the vendor serves A-shares only")
        return cls(simulate(spec))

    @property
    def days(self) -> pd.DatetimeIndex:
        """All trading days."""
        return self.demo.days

    @property
    def intraday_start(self) -> int:
        """Position of the first day with minute bars."""
        return self.demo.spec.n_days - self.demo.spec.intraday_days

    @cached_property
    def stocks(self) -> tuple[str, ...]:
        """All stocks ever listed, in the demo market's order."""
        return tuple(vendor_code(code) for code in self.demo.universe.codes)

    @cached_property
    def indices(self) -> tuple[str, ...]:
        """The indices that have a level."""
        return tuple(vendor_code(index.code) for index in self.demo.book.indices)

    def listing(self, stock: str) -> tuple[int, int]:
        """First and last day of trading, both included, as positions in `days`."""
        at, universe = self.stocks.index(stock), self.demo.universe
        return int(universe.first[at]), int(universe.last[at])

    def daily(self, stock: str, days: slice = ALL) -> pd.DataFrame:
        """Daily bars of the listed days among `days` (positions), suspended ones too, by date.

        Columns: open, high, low, close, preclose (ex-rights), volume, amount, turn (percent of the float shares),
        traded, pctChg (percent), is_st. On a suspended day the prices are the last close, and volume, amount, turn
        and pctChg are NaN.
        """
        at, days = self.stocks.index(stock), self._listed(stock, days)
        path, bars = self.demo.path, self._bars_of(at, days).daily()
        traded, close, reference = (each[days, at] for each in (path.traded, path.close, path.reference))
        frame = {name: np.where(traded, getattr(bars, name)[:, 0], close) / 100 for name in PRICES}
        frame["preclose"] = reference / 100
        frame["volume"] = volume = np.where(traded, bars.volume[:, 0], np.nan)
        frame["amount"] = np.where(traded, bars.amount[:, 0], np.nan)
        frame["turn"] = np.round(100 * volume / np.rint(path.shares[days, at]), 6)
        frame["traded"] = traded
        frame["pctChg"] = np.where(traded, np.round(100 * (close / reference - 1), 6), np.nan)
        frame["is_st"] = self.demo.universe.is_st[days, at]
        return pd.DataFrame(frame, index=self.days[days])

    def minutes(self, stock: str, frequency: str = "15", days: slice = ALL) -> pd.DataFrame:
        """Bars of 5, 15, 30 or 60 minutes of the traded days among `days` (positions) that have them, by their ends.

        Columns: open, high, low, close, volume, amount. A bar without a trade has the last price and volume 0.
        """
        at, days = self.stocks.index(stock), self._listed(stock, days)
        days = slice(max(days.start, self.intraday_start), max(days.stop, self.intraday_start))
        bars, traded = at_frequency(self._bars_of(at, days), frequency), self.demo.path.traded[days, at]
        frame = {name: getattr(bars, name)[traded].ravel() / 100 for name in PRICES}
        frame |= {name: getattr(bars, name)[traded].ravel() for name in ("volume", "amount")}
        ends = self.days[days][traded].to_numpy()[:, None] + bar_ends(frequency).astype("timedelta64[m]")
        return pd.DataFrame(frame, index=pd.DatetimeIndex(ends.ravel()))

    def factor(self, stock: str) -> pd.Series:
        """Backward adjustment factor on each listed day, by date; 1 until the first event."""
        at, (first, last) = self.stocks.index(stock), self.listing(stock)
        days = slice(first, last + 1)
        return pd.Series(np.round(self.demo.path.factor[days, at], 6), index=self.days[days])

    def events(self, stock: str) -> pd.Series:
        """Backward factor from each ex-date on, by ex-date; empty where there was none."""
        at, (first, last) = self.stocks.index(stock), self.listing(stock)
        exact = self.demo.path.factor[first : last + 1, at]
        return self.factor(stock).iloc[np.flatnonzero(np.diff(exact, prepend=exact[0]))]

    def dividends(self, stock: str) -> pd.DataFrame:
        """Cash before tax and new shares, both for one share, by ex-date; the ex-rights price is rounded from them."""
        at, (first, last) = self.stocks.index(stock), self.listing(stock)
        days, universe = slice(first, last + 1), self.demo.universe
        before = np.concatenate([[0], self.demo.path.close[:, at]])[days]
        cash = np.round(before * universe.dividend[days, at] / 100, 6)
        bonus = np.where(before >= SPLIT_PRICE, universe.split[days, at], 1.0) - 1
        paid = pd.DataFrame({"cash": cash, "bonus": np.round(bonus, 6)}, index=self.days[days])
        return paid[(paid["cash"] > 0) | (paid["bonus"] > 0)]

    def members(self, market: str, day: int) -> list[str]:
        """Stocks in ``csi300`` or ``csi500`` (or another market of the demo) on a day, by code."""
        number = [index.market for index in self.demo.book.indices].index(market)
        return sorted(self.stocks[at] for at in np.flatnonzero(self.demo.book.bucket[day] == number))

    def levels(self, index: str) -> pd.DataFrame:
        """Daily open, high, low, close, preclose, volume, amount and pctChg of an index, by date."""
        fields = self._levels.daily(self.indices.index(index))
        frame = pd.DataFrame({name: np.round(fields[name], 4) for name in PRICES}, index=self.days)
        frame["preclose"] = frame["close"].shift(fill_value=1000.0)
        frame["volume"], frame["amount"] = fields["volume"], fields["amount"]
        return frame.assign(pctChg=np.round(100 * (frame["close"] / frame["preclose"] - 1), 6))

    @cached_property
    def _levels(self) -> IndexLevels:
        levels = IndexLevels(self.demo.book, self.demo.shape.share.shape[1])
        for start in range(0, len(self.stocks), STOCKS_AT_ONCE):
            levels.add(self._drawn_from(start), self.demo.path, self._slice(start))
        return levels

    def _listed(self, stock: str, days: slice) -> slice:
        """Those of `days` on which a stock is listed."""
        first, last = self.listing(stock)
        start, stop, _ = days.indices(len(self.days))
        return slice(max(first, start), max(first, start, min(last + 1, stop)))

    def _bars_of(self, at: int, days: slice) -> Bars:
        """Bars of one stock, (n_days, n_bars) each."""
        bars = self._drawn_from(at // STOCKS_AT_ONCE * STOCKS_AT_ONCE)
        return Bars(*(values[days, :, at % STOCKS_AT_ONCE] for values in vars(bars).values()))

    def _drawn_from(self, start: int) -> Bars:
        """Bars of the stocks that the demo market draws together, drawn once."""
        demo = self.demo
        with self._lock:
            if start not in self._drawn:
                stocks = self._slice(start)
                bars = draw_bars(demo.spec, demo.universe, demo.path, demo.shape, demo.signal.intraday, stocks)
                self._drawn[start] = bars
            return self._drawn[start]

    def _slice(self, start: int) -> slice:
        return slice(start, min(start + STOCKS_AT_ONCE, len(self.stocks)))


def vendor_code(code: str) -> str:
    """``SH600000`` as ``sh.600000``."""
    return f"{code[:2].lower()}.{code[2:]}"
