"""Stocks as the provider stores them: adjusted, and cut to the stock's life."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars
from qlib_mfgru.ingest.assemble.conventions import Calendars
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.provider.writer import ProviderWriter


class StoredStocks:
    """Writes stocks one after the other, and keeps what the tables of indices need.

    Parameters
    ----------
    writer : ProviderWriter
    calendars : Calendars
        The writer's, as day numbers.
    weighted : collection of str
        Codes whose closes are needed: stocks with a weight in some index.

    Attributes
    ----------
    lives : dict of str to (int, int)
        By code, as of `Stock.life`: positions in the calendar.
    closes : dict of str to ndarray of shape (n_days,)
        Adjusted closes of the weighted stocks, the last one carried over days without trade.
    n_trading : ndarray of int, shape (n_days,)
        Stocks that trade on each day.
    n_with_bars : ndarray of int, shape (n_bar_days,)
        Stocks that have a bar with trade on each day.
    has_level : ndarray of bool, shape (n_days,)
        Days on which any index has a level, or is among the stocks.
    last_traded : ndarray of shape (n_bar_days,)
        Position of the day's last bar, of the finest frequency, in which any stock traded; -1 without any.
    """

    def __init__(self, writer: ProviderWriter, calendars: Calendars, weighted: Collection[str]) -> None:
        self.writer = writer
        self.days = calendars.days
        self.bar_days = calendars.bar_days
        self.lives: dict[str, tuple[int, int]] = {}
        self.closes: dict[str, np.ndarray] = {}
        self.n_trading = np.zeros(len(self.days), dtype=int)
        self.n_with_bars = np.zeros(len(self.bar_days), dtype=int)
        self.has_level = np.zeros(len(self.days), dtype=bool)
        self.last_traded = np.full(len(self.bar_days), -1)
        self._weighted = weighted

    def write(self, stock: Stock) -> None:
        """Write a stock's daily and intraday features."""
        first, last = stock.life
        daily = {name: values[first : last + 1] for name, values in daily_fields(stock).items()}
        self.writer.write_features(stock.code, "day", first, daily)
        for bars in stock.bars:
            self._write_bars(stock, bars)
        if stock.bars:
            last_traded = stock.bars[0].last_traded
            self.n_with_bars += last_traded >= 0
            self.last_traded = np.maximum(self.last_traded, last_traded)
        self.lives[stock.code] = first, last
        self.n_trading += stock.live
        self.has_level |= stock.live & stock.is_index
        if stock.code in self._weighted:
            self.closes[stock.code] = carried_forward(stock.daily["close"] * stock.factor)

    def add(self, others: StoredStocks) -> None:
        """Take in stocks that another process has written."""
        self.writer.add(others.writer)
        self.lives |= others.lives
        self.closes |= others.closes
        self.n_trading += others.n_trading
        self.n_with_bars += others.n_with_bars
        self.has_level |= others.has_level
        self.last_traded = np.maximum(self.last_traded, others.last_traded)

    def _write_bars(self, stock: Stock, bars: DayBars) -> None:
        traded = bars.traded
        if traded.any():
            begin, end = ends(traded)
            fields = {name: values[begin : end + 1].ravel() for name, values in bar_fields(stock, bars).items()}
            self.writer.write_features(stock.code, bars.freq, begin * bars.volume.shape[1], fields)

    @property
    def codes(self) -> list[str]:
        """Codes of all stocks, ascending."""
        return sorted(self.lives)

    def alive(self) -> np.ndarray:
        """Whether a day lies within a stock's life; shape (n_days, n_stocks), in the order of `codes`."""
        firsts, lasts = np.array([self.lives[code] for code in self.codes]).T
        places = np.arange(len(self.days))[:, None]
        return (places >= firsts) & (places <= lasts)


def daily_fields(stock: Stock) -> dict[str, np.ndarray]:
    """Stored daily fields, each of shape (n_days,): prices and limits times the factor, volume by the factor."""
    fields = {name: stock.daily[name] * stock.factor for name in (*PRICES, "vwap")}
    fields |= {"volume": stock.daily["volume"] / stock.factor, "amount": stock.daily["amount"], "factor": stock.factor}
    for name, values in stock.extras.items():
        fields[name] = values * stock.factor if name.startswith("limit_") else values
    return fields


def bar_fields(stock: Stock, bars: DayBars) -> dict[str, np.ndarray]:
    """Stored fields of the bars of one frequency, each of shape (n_bar_days, bars_per_day)."""
    factor = stock.factor[stock.calendars.bar_span, None]
    fields = {name: values * factor for name, values in bars.prices.items()}
    return fields | {"vwap": bars.vwap * factor, "volume": bars.volume / factor, "amount": bars.amount}


def ends(days: np.ndarray) -> tuple[int, int]:
    """First and last position under a mask."""
    positions = np.flatnonzero(days)
    return int(positions[0]), int(positions[-1])
