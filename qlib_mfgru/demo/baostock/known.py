"""``Known``: what the vendor knows at the end of one day, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from qlib_mfgru.demo.baostock.market import PRICES, VendorMarket
from qlib_mfgru.demo.baostock.table import AMOUNT, FLAG, PRICE, RATIO, SHARES, TEXT, Table, Writer
from qlib_mfgru.demo.venue.calendar import open_days

MINUTE_FIELDS = ("date", "time", "code", *PRICES, "volume", "amount", "adjustflag")
DAY_FIELDS = ("date", "code", *PRICES, "preclose", "volume", "amount", "adjustflag", "turn", "tradestatus", "pctChg",
              "peTTM", "pbMRQ", "psTTM", "pcfNcfTTM", "isST")  # fmt: skip
VALUATIONS = ("peTTM", "pbMRQ", "psTTM", "pcfNcfTTM")
"""Fields that the demo market does not have: empty."""
BACKWARD, FORWARD, RAW = "1", "2", "3"
"""The values of ``adjustflag``."""
SECTORS = ("货币金融", "其他金融", "房地产", "食品饮料", "医药", "电子", "计算机", "传媒", "电力设备", "机械", "汽车",
           "化工", "有色金属", "公用事业", "交通运输")  # fmt: skip
"""The demo market's industries in the vendor's language."""


@dataclass(frozen=True)
class Known:
    """The market as known at the end of day `today`: later days, listings and adjustments do not exist.

    The calendar does, to the end of the year, as exchanges publish it.
    """

    market: VendorMarket
    today: pd.Timestamp

    @cached_property
    def n_days(self) -> int:
        """Trading days that are known."""
        return int(self.market.days.searchsorted(self.today, side="right"))

    def day(self, date: str) -> int:
        """Position of the last known trading day on or before a date (``""`` for today), -1 for none."""
        wanted = min(pd.Timestamp(date or self.today), self.today)
        return int(self.market.days.searchsorted(wanted, side="right")) - 1

    def trading_day(self, date: str) -> int | None:
        """Position of a date that is a known trading day, else None."""
        at = self.day(date)
        return at if at >= 0 and self.market.days[at] == pd.Timestamp(date or self.today) else None

    def calendar(self, start: str, end: str) -> Table:
        """All days of a span from the market's first one on, and which of them are trading days."""
        first = max(pd.Timestamp(start), self.market.days[0])
        last = min(pd.Timestamp(end), pd.Timestamp(self.today.year, 12, 31))
        dates = pd.date_range(first, last)
        trading = dates.isin(open_days(first, last, "ashare")) if len(dates) else np.zeros(0, dtype=bool)
        return Table({"calendar_date": (_texts(dates), TEXT), "is_trading_day": (trading.astype(int), FLAG)})

    def daily(self, code: str, start: str, end: str, flag: str = RAW) -> Table:
        """Daily rows of a stock or an index, suspended days among them."""
        of_index = code in self.market.indices
        if not of_index and not self._listed(code):
            return Table({name: (np.zeros(0), TEXT) for name in DAY_FIELDS})
        days = self._span(start, end)
        frame = self.market.levels(code).iloc[days] if of_index else self.market.daily(code, days)
        if of_index:
            frame = frame.assign(turn=np.nan, traded=True, is_st=False)
        scale = np.ones(len(frame)) if of_index else self._scale(code, frame.index, flag)
        return _day_table(frame, code, scale, flag)

    def minutes(self, code: str, frequency: str, start: str, end: str, flag: str = RAW) -> Table:
        """Minute bars of a stock; an index has none."""
        if code in self.market.indices or not self._listed(code):
            return Table({name: (np.zeros(0), TEXT) for name in MINUTE_FIELDS})
        frame = self.market.minutes(code, frequency, self._span(start, end))
        ends = pd.DatetimeIndex(frame.index)
        days = ends.normalize()
        scale = self._scale(code, days, flag)
        columns = {"date": (_texts(days), TEXT), "time": (_texts(ends, "%Y%m%d%H%M%S000"), TEXT)}
        return Table(columns | _bar_columns(frame, code, scale, flag))

    def events(self, code: str, start: str, end: str) -> Table:
        """Adjustment events; the forward factor is measured from the last known one, so that it changes with it."""
        back = self.market.events(code) if self._listed(code) else pd.Series(dtype=float)
        back = back[: self.today]
        fore = np.round(back / back.iloc[-1], 6) if len(back) else back
        within = (back.index >= pd.Timestamp(start)) & (back.index <= pd.Timestamp(end))
        values = back[within].to_numpy()
        return Table(
            {
                "code": (_same(code, len(values)), TEXT),
                "dividOperateDate": (_texts(pd.DatetimeIndex(back.index[within])), TEXT),
                "foreAdjustFactor": (fore[within].to_numpy(), RATIO),
                "backAdjustFactor": (values, RATIO),
                "adjustFactor": (values, RATIO),
            }
        )

    def basics(self) -> Table:
        """All securities ever listed until today: stocks are of type 1, indices of type 2."""
        days, rows = self.market.days, []
        for code in self.listed():
            first, last = self.market.listing(code)
            out = f"{days[last + 1]:%Y-%m-%d}" if last + 1 < self.n_days else ""
            name, status = self.name(code, self.n_days - 1), "0" if out else "1"
            rows.append((code, name, f"{days[first]:%Y-%m-%d}", out, "1", status))
        rows += [(code, self.name(code, 0), f"{days[0]:%Y-%m-%d}", "", "2", "1") for code in self.market.indices]
        return Table.of("code code_name ipoDate outDate type status", sorted(rows))

    def listed(self) -> list[str]:
        """Stocks that have traded until today, delisted ones among them."""
        return [code for code in self.market.stocks if self._listed(code)]

    def name(self, code: str, day: int) -> str:
        """Name of a stock on a day, with ST where it is; of an index otherwise."""
        if code in self.market.indices:
            return f"指数{code[3:]}"
        special = self.market.demo.universe.is_st[day, self.market.stocks.index(code)]
        return f"{'*ST' if special else ''}示例{code[3:]}"

    def sector(self, code: str) -> str:
        """Industry of a stock: a letter and a number each, as the regulator's are, in the demo market's order."""
        number = int(self.market.demo.universe.industry[self.market.stocks.index(code)])
        return f"{chr(ord('A') + number - 1)}{number:02d}{SECTORS[number - 1]}"

    def _listed(self, code: str) -> bool:
        return code in self.market.stocks and self.market.listing(code)[0] < self.n_days

    def _span(self, start: str, end: str) -> slice:
        """Positions of the known days from one date to another, both included."""
        first, stop = self.market.days.searchsorted(pd.Timestamp(start)), self.day(end) + 1
        return slice(int(first), max(int(first), stop))

    def _scale(self, code: str, days: pd.Index, flag: str) -> np.ndarray:
        """What an adjusted price is of the raw one on each day."""
        if flag == RAW:
            return np.ones(len(days))
        factor = self.market.factor(code)[: self.today]
        last = 1.0 if flag == BACKWARD else factor.iloc[-1]
        return factor.reindex(days).to_numpy() / last


def _day_table(frame: pd.DataFrame, code: str, scale: np.ndarray, flag: str) -> Table:
    columns = dict.fromkeys(DAY_FIELDS, (_same("", len(frame)), TEXT))
    columns["date"] = (_texts(pd.DatetimeIndex(frame.index)), TEXT)
    columns |= _bar_columns(frame, code, scale, flag)
    columns["preclose"] = (frame["preclose"].to_numpy() * scale, PRICE)
    columns |= {name: (frame[name].to_numpy(), RATIO) for name in ("turn", "pctChg")}
    columns["tradestatus"] = (frame["traded"].to_numpy().astype(int), FLAG)
    columns["isST"] = (frame["is_st"].to_numpy().astype(int), FLAG)
    return Table(columns)


def _bar_columns(frame: pd.DataFrame, code: str, scale: np.ndarray, flag: str) -> dict[str, tuple[np.ndarray, Writer]]:
    """What rows of days and of minutes share."""
    prices = {name: (frame[name].to_numpy() * scale, PRICE) for name in PRICES}
    return prices | {
        "code": (_same(code, len(frame)), TEXT),
        "volume": (frame["volume"].to_numpy(), SHARES),
        "amount": (frame["amount"].to_numpy(), AMOUNT),
        "adjustflag": (_same(flag, len(frame)), TEXT),
    }


def _same(text: str, n: int) -> np.ndarray:
    return np.full(n, text, dtype=object)


def _texts(days: pd.DatetimeIndex, pattern: str = "%Y-%m-%d") -> np.ndarray:
    return np.asarray(days.strftime(pattern), dtype=object)
