"""A stock's arrays as the provider stores them: adjusted, cut to the stock's life."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.ingest.assemble.bars import FREQ, SLOTS
from qlib_mfgru.ingest.assemble.setting import Setting, Stock
from qlib_mfgru.ingest.read.slices import PRICES
from qlib_mfgru.provider.writer import ProviderWriter, Span


def write_stock(writer: ProviderWriter, stock: Stock, setting: Setting) -> Span:
    """Write daily and 15-minute features; return the stock's span in the market ``all``."""
    first, last = (int(end) for end in np.flatnonzero(stock.live)[[0, -1]])
    daily = {name: values[first : last + 1] for name, values in daily_fields(stock).items()}
    writer.write_features(stock.code, "day", first, daily)
    if stock.bars is not None and stock.bars.traded.any():
        start, stop = (int(end) for end in np.flatnonzero(stock.bars.traded)[[0, -1]])
        fields = {name: values[start : stop + 1].ravel() for name, values in bar_fields(stock, setting).items()}
        writer.write_features(stock.code, FREQ, start * SLOTS, fields)
    return stock.code, writer.days[first], writer.days[last]


def daily_fields(stock: Stock) -> dict[str, np.ndarray]:
    """Stored daily fields, each of shape (n_days,): prices and limits times the factor, volume by the factor."""
    fields = {name: stock.daily[name] * stock.factor for name in (*PRICES, "vwap")}
    fields |= {"volume": stock.daily["volume"] / stock.factor, "amount": stock.daily["amount"], "factor": stock.factor}
    for name, values in stock.extras.items():
        fields[name] = values * stock.factor if name.startswith("limit_") else values
    return fields


def bar_fields(stock: Stock, setting: Setting) -> dict[str, np.ndarray]:
    """Stored 15-minute fields, each of shape (n_days, 16)."""
    if stock.bars is None or stock.bar_vwap is None:
        return {}
    factor = stock.factor[setting.bar_span, None]
    fields = {name: values * factor for name, values in stock.bars.prices.items()}
    return fields | {
        "vwap": stock.bar_vwap * factor,
        "volume": stock.bars.volume / factor,
        "amount": stock.bars.amount,
    }
