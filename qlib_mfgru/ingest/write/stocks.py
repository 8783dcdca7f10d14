"""Stocks as the provider stores them: adjusted, and cut to the stock's life."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from qlib_mfgru.ingest.assemble.bars import FREQ, SLOTS
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
        By code, the first and last day with trade as positions in the calendar.
    closes : dict of str to ndarray of shape (n_days,)
        Adjusted closes of the weighted stocks, the last one carried over days without trade.
    n_live : int
        Days with trade, of all stocks together.
    """

    def __init__(self, writer: ProviderWriter, calendars: Calendars, weighted: Collection[str]) -> None:
        self.writer = writer
        self.days = calendars.days
        self.lives: dict[str, tuple[int, int]] = {}
        self.closes: dict[str, np.ndarray] = {}
        self.n_live = 0
        self._weighted = weighted

    def write(self, stock: Stock) -> None:
        """Write a stock's daily and 15-minute features."""
        first, last = _ends(stock.live)
        features = [("day", first, {name: values[first : last + 1] for name, values in daily_fields(stock).items()})]
        if stock.bars is not None and stock.bars.traded.any():
            begin, end = _ends(stock.bars.traded)
            bars = {name: values[begin : end + 1].ravel() for name, values in bar_fields(stock).items()}
            features.append((FREQ, begin * SLOTS, bars))
        for freq, start, fields in features:
            self.writer.write_features(stock.code, freq, start, fields)
        self.lives[stock.code] = first, last
        self.n_live += int(stock.live.sum())
        if stock.code in self._weighted:
            self.closes[stock.code] = carried_forward(stock.daily["close"] * stock.factor)

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


def bar_fields(stock: Stock) -> dict[str, np.ndarray]:
    """Stored 15-minute fields, each of shape (n_bar_days, 16)."""
    if stock.bars is None or stock.bar_vwap is None:
        return {}
    factor = stock.factor[stock.calendars.bar_span, None]
    fields = {name: values * factor for name, values in stock.bars.prices.items()}
    return fields | {
        "vwap": stock.bar_vwap * factor,
        "volume": stock.bars.volume / factor,
        "amount": stock.bars.amount,
    }


def _ends(days: np.ndarray) -> tuple[int, int]:
    """First and last position under a mask."""
    positions = np.flatnonzero(days)
    return int(positions[0]), int(positions[-1])
