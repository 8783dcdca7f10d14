"""The way of one stock: screened, completed from its bars, and given the fields beside its prices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars
from qlib_mfgru.ingest.assemble.extras import add_extras
from qlib_mfgru.ingest.assemble.screen import screen_bars, screen_days
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.assemble.vwap import bar_vwap, fill_day_vwap


def assemble(stock: Stock) -> bool:
    """Bring daily rows and bars together, in place; whether the stock has any day to store.

    Rows of suspended days, and of days without a factor, are counted out of ``daily`` and ``bars``.
    """
    screen_days(stock)
    from_bars = None
    if stock.bars is not None:
        screen_bars(stock, stock.bars)
        from_bars = stock.bars.daily()
        _complete_days(stock, stock.bars, from_bars)
        stock.bar_vwap = bar_vwap(stock, stock.bars)
    if not stock.live.any():
        return False
    fill_day_vwap(stock, from_bars)
    add_extras(stock)
    return True


def _complete_days(stock: Stock, bars: DayBars, from_bars: Mapping[str, np.ndarray]) -> None:
    """Take the daily bar of days that have bars but no live daily row from them."""
    span, bar_days, traded = stock.calendars.bar_span, stock.calendars.bar_days, bars.traded
    lacking = traded & ~stock.live[span]
    if stock.conventions.has_daily:
        stock.warn("days without a live daily row, made from their bars", bar_days, lacking)
        stock.warn("live days without bars", bar_days, stock.live[span] & ~traded)
        # prices of one of the two may be adjusted otherwise than stated
        low, high = stock.daily["low"][span] * 0.99, stock.daily["high"][span] * 1.01
        outside = np.logical_or(from_bars["high"] > high, from_bars["low"] < low)
        stock.warn("days whose bars leave the daily [low, high] by more than 1 %, kept", bar_days, outside)
    for name, values in from_bars.items():
        stock.daily[name][span] = np.where(lacking, values, stock.daily[name][span])
    stock.live[span] |= lacking
