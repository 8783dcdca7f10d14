"""A stock before the judge: the record that is judged, and what becomes of its single faults."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qlib_mfgru.ingest.assemble.bars import stand_in_price
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.provider.boards import board_of
from qlib_mfgru.provider.judge import BarSeries, StockSeries, mended_factor, outside_range


@dataclass(frozen=True)
class Given:
    """What the vendor's daily rows say of the live days, before anything is made from bars.

    Attributes
    ----------
    live : ndarray of bool, shape (n_days,)
        Days with such a row.
    amount, vwap : ndarray of shape (n_days,)
        NaN where they are not given.
    """

    live: np.ndarray
    amount: np.ndarray
    vwap: np.ndarray

    @classmethod
    def of(cls, stock: Stock) -> Given:
        """Of a stock whose daily rows are screened."""
        known = (stock.daily[name] for name in ("amount", "vwap"))
        return cls(stock.live.copy(), *(np.where(values > 0, values, np.nan) for values in known))


def mend_factor(stock: Stock) -> None:
    """Put right the factor of single days on which it is plainly wrong, by that of their neighbours, and count them.

    Prices or volumes that came adjusted may have been so by the wrong factor, which then brings them back to raw ones.
    """
    if stock.conventions.all_raw:
        days, close = stock.calendars.days, np.where(stock.live, stock.daily["close"], np.nan)
        stock.factor, is_mended = mended_factor(days.astype("datetime64[D]"), close, stock.factor, _board(stock))
        stock.warn("days whose factor was lost, early or late, replaced by that of the day beside it", days, is_mended)


def series_of(stock: Stock, given: Given, is_stand_in: np.ndarray) -> StockSeries:
    """A stock that is complete but for the screening of its mean prices, as the judge sees it.

    Parameters
    ----------
    stock : Stock
    given : Given
    is_stand_in : ndarray of bool, shape (n_days,)
        Days whose vwap nobody gave.
    """
    daily, live, session = stock.daily, stock.live, stock.conventions.session
    unknown = np.full(len(live), np.nan)
    amount = given.amount if stock.conventions.raw_known else unknown
    # the vendor's, or the bars'; what is made of the daily amount is judged as that
    vwap = np.where(np.isnan(given.vwap) & (is_stand_in | (amount > 0)), np.nan, daily["vwap"])
    return StockSeries(
        code=stock.code,
        days=stock.calendars.days.astype("datetime64[D]"),
        prices={name: np.where(live, daily[name], np.nan) for name in PRICES},
        volume=np.where(live, daily["volume"], np.nan),
        amount=amount,
        vwap=np.where(live, vwap, np.nan),
        factor=stock.factor,
        limit_up=stock.extras.get("limit_up", unknown),
        limit_down=stock.extras.get("limit_down", unknown),
        market_cap=stock.extras.get("market_cap", unknown),
        apart=given.live,
        lot=session.lot,
        board=_board(stock),
        volume_step=stock.conventions.daily_step,
        bars=_bars_of(stock),
    )


def _board(stock: Stock) -> str | None:
    return board_of(stock.code) if stock.conventions.session.has_boards else None


def _bars_of(stock: Stock) -> BarSeries | None:
    """The finest bars; where raw prices are unknown their amounts say nothing."""
    if not stock.bars:
        return None
    bars, span = stock.bars[0], stock.calendars.bar_span
    unknown = np.full_like(bars.amount, np.nan)
    amount = bars.amount if stock.conventions.raw_known else unknown
    positions = np.arange(span.start, span.stop)
    return BarSeries(bars.prices, bars.volume, amount, unknown, positions, stock.conventions.bars_step)


def replace_mean_prices(stock: Stock) -> None:
    """Give the stand-in to days and bars, of every frequency, whose vwap lies outside [low, high]."""
    typical = stock.conventions.typical_vwap
    stock.daily["vwap"] = _within_range(stock.daily, stock.daily["vwap"], typical)
    for bars in stock.bars:
        bars.vwap = _within_range(bars.prices, bars.vwap, typical)


def _within_range(prices: dict[str, np.ndarray], vwap: np.ndarray, typical: bool) -> np.ndarray:
    stand_in = stand_in_price(prices) if typical else np.full_like(vwap, np.nan)
    return np.where(outside_range(vwap, prices["low"], prices["high"]), stand_in, vwap)
