"""A stock before the judge: the record that is judged, and what becomes of its single faults."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.ingest.assemble.bars import stand_in_price
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.provider.boards import board_of
from qlib_mfgru.provider.judge import BarSeries, StockSeries, outside_range


def series_of(stock: Stock, amount: np.ndarray, given: np.ndarray, is_stand_in: np.ndarray) -> StockSeries:
    """A stock that is complete but for the screening of its mean prices, as the judge sees it.

    Parameters
    ----------
    amount : ndarray of shape (n_days,)
        The vendor's daily amounts, without those that were added up from bars.
    given : ndarray of bool, shape (n_days,)
        Days with a live daily row of the vendor.
    is_stand_in : ndarray of bool, shape (n_days,)
        Days whose vwap nobody gave.
    """
    conventions, daily, live = stock.conventions, stock.daily, stock.live
    session, unknown = conventions.session, np.full(len(live), np.nan)
    of_amount = conventions.raw_known & live & (amount > 0)

    def on_live(values: np.ndarray) -> np.ndarray:
        return np.where(live, values, np.nan)

    return StockSeries(
        code=stock.code,
        days=stock.calendars.days.astype("datetime64[D]"),
        prices={name: on_live(daily[name]) for name in PRICES},
        volume=on_live(daily["volume"]),
        amount=np.where(of_amount, amount, np.nan),
        vwap=np.where(is_stand_in | of_amount, np.nan, on_live(daily["vwap"])),
        factor=stock.factor,
        limit_up=stock.extras.get("limit_up", unknown),
        limit_down=stock.extras.get("limit_down", unknown),
        apart=given,
        lot=session.lot,
        board=board_of(stock.code) if session.has_boards else None,
        bars=_bars_of(stock),
    )


def _bars_of(stock: Stock) -> BarSeries | None:
    """The finest bars; where raw prices are unknown their amounts say nothing."""
    if not stock.bars:
        return None
    bars, span = stock.bars[0], stock.calendars.bar_span
    amount = bars.amount if stock.conventions.raw_known else np.full_like(bars.amount, np.nan)
    return BarSeries(bars.prices, bars.volume, amount, np.arange(span.start, span.stop))


def replace_mean_prices(stock: Stock) -> None:
    """Give the stand-in to days and bars, of every frequency, whose vwap lies outside [low, high]."""
    typical = stock.conventions.typical_vwap
    stock.daily["vwap"] = _within_range(stock.daily, stock.daily["vwap"], typical)
    for bars in stock.bars:
        bars.vwap = _within_range(bars.prices, bars.vwap, typical)


def _within_range(prices: dict[str, np.ndarray], vwap: np.ndarray, typical: bool) -> np.ndarray:
    stand_in = stand_in_price(prices) if typical else np.full_like(vwap, np.nan)
    return np.where(outside_range(vwap, prices["low"], prices["high"]), stand_in, vwap)
