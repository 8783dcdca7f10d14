"""A stock before the judge: the record that is judged, and what becomes of its single faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qlib_mfgru.ingest.assemble.bars import stand_in_price
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.stamps import MINUTES_A_DAY
from qlib_mfgru.provider.judge import BarSeries, StockSeries, mended_factor, outside_range
from qlib_mfgru.provider.judge.moves.events import wrong_previous
from qlib_mfgru.provider.session import Session


@dataclass(frozen=True)
class Given:
    """What the vendor's daily rows say of the live days, before anything is made from bars.

    Attributes
    ----------
    live : ndarray of bool, shape (n_days,)
        Days with such a row.
    amount, vwap, prev_close : ndarray of shape (n_days,)
        NaN where they are not given.
    """

    live: np.ndarray
    amount: np.ndarray
    vwap: np.ndarray
    prev_close: np.ndarray

    @classmethod
    def of(cls, stock: Stock) -> Given:
        """Of a stock whose daily rows are screened."""
        known = (stock.daily[name] for name in ("amount", "vwap", "prev_close"))
        return cls(stock.live.copy(), *(np.where(values > 0, values, np.nan) for values in known))


def mend_factor(stock: Stock) -> None:
    """Put right the factor of single days on which it is plainly wrong, by that of their neighbours, and count them.

    Prices or volumes that came adjusted may have been so by the wrong factor, which then brings them back to raw ones.
    """
    if stock.conventions.all_raw:
        factor, is_mended = mended_factor(stock.moves, stock.factor)
        if is_mended.any():
            stock.unmended, stock.factor = stock.moves, factor
            stock.forget_moves()
        what = "days whose factor was lost, early or late, replaced by that of the day beside it"
        stock.warn(what, stock.calendars.days, is_mended)


def leave_out_previous(stock: Stock) -> None:
    """Forget previous closes that the day's open shows to be wrong, which limits would be measured from."""
    if stock.conventions.factorless or stock.conventions.daily_adjusted:
        return
    daily, days = stock.daily, stock.calendars.dated
    prices = {name: np.where(stock.live, daily[name], np.nan) for name in ("open", "close")}
    wrong = wrong_previous(days, prices, daily["prev_close"], stock.moves, stock.board)
    daily["prev_close"] = np.where(wrong, np.nan, daily["prev_close"])


def series_of(stock: Stock, given: Given, is_stand_in: np.ndarray) -> StockSeries:
    """A stock that is complete but for the screening of its mean prices, as the judge sees it.

    Parameters
    ----------
    stock : Stock
    given : Given
    is_stand_in : ndarray of bool, shape (n_days,)
        Days whose vwap nobody gave.
    """
    daily, live, conventions = stock.daily, stock.live, stock.conventions
    is_raw = not (conventions.factorless or conventions.daily_adjusted)
    unknown = np.full(len(live), np.nan)
    # derived limits of prices that nobody adjusts are wrong on every ex-date
    limits = stock.extras if conventions.given_limits or not conventions.factorless else {}
    amount = given.amount if conventions.raw_known else unknown
    # the vendor's, or the bars'; what is made of the daily amount is judged as that
    vwap = np.where(np.isnan(given.vwap) & (is_stand_in | (amount > 0)), np.nan, daily["vwap"])
    return StockSeries(
        code=stock.code,
        days=stock.calendars.dated,
        prices={name: np.where(live, daily[name], np.nan) for name in PRICES},
        volume=np.where(live, daily["volume"], np.nan),
        amount=amount,
        vwap=np.where(live, vwap, np.nan),
        factor=stock.factor,
        limit_up=limits.get("limit_up", unknown),
        limit_down=limits.get("limit_down", unknown),
        market_cap=stock.extras.get("market_cap", unknown),
        prev_close=np.where(live & is_raw, given.prev_close, np.nan),
        previous_makes_factor=conventions.factor_from_closes,
        is_adjusted=not conventions.factorless,
        factor_held=stock.factor_held,
        without_volume=stock.without_volume,
        after_gap=stock.has_row & ~np.append(False, stock.has_row[:-1]),
        apart=given.live,
        as_given=is_raw,
        spiked=stock.spiked,
        lot=conventions.session.lot,
        board=stock.board,
        volume_step=conventions.daily_step,
        undone=conventions.daily_volume_adjusted,
        stated=conventions.daily_units,
        file_of=_file_of(stock),
        bars=_bars_of(stock),
        known_moves=stock.moves,
        unmended=stock.unmended,
    )


def _bars_of(stock: Stock) -> BarSeries | None:
    """The finest bars; where raw prices are unknown their amounts say nothing."""
    if not stock.bars:
        return None
    conventions, bars, span = stock.conventions, stock.bars[0], stock.calendars.bar_span
    unknown = np.full_like(bars.amount, np.nan)
    first_end, last_end = conventions.bar_edges
    return BarSeries(
        prices=bars.prices,
        volume=bars.volume,
        amount=bars.amount if conventions.raw_known else unknown,
        vwap=unknown,
        positions=np.arange(span.start, span.stop),
        has_first=bars.begin <= first_end,
        has_last=bars.end >= last_end,
        ends=_ends(conventions.session, bars.freq),
        volume_step=conventions.bars_step,
        undone=conventions.bars_volume_adjusted,
        stated=conventions.bars_units,
    )


@lru_cache(maxsize=8)
def _ends(session: Session, freq: str) -> np.ndarray:
    ends = session.bar_ends(freq).astype("f8")
    return np.where(session.in_call(ends), np.nan, ends)


def _file_of(stock: Stock) -> Callable[[np.datetime64, str], str]:
    """Names the file of a day's bars, or of its daily row where there are any."""
    rows = stock.rows

    def file_of(day: np.datetime64, unit: str) -> str:
        is_bar = unit == "bars" or not len(rows.daily)
        table, number = rows.bars if is_bar else rows.daily, day.astype("i8")
        place = np.searchsorted(table["when"], number * MINUTES_A_DAY + 1 if is_bar else number)
        return rows.files[table[min(place, len(table) - 1)]["file"]]

    return file_of


def replace_mean_prices(stock: Stock) -> None:
    """Give the stand-in to days and bars, of every frequency, whose vwap lies outside [low, high]."""
    typical = stock.conventions.typical_vwap
    stock.daily["vwap"] = _within_range(stock.daily, stock.daily["vwap"], typical)
    for bars in stock.bars:
        bars.vwap = _within_range(bars.prices, bars.vwap, typical)


def _within_range(prices: dict[str, np.ndarray], vwap: np.ndarray, typical: bool) -> np.ndarray:
    is_outside = outside_range(vwap, prices["low"], prices["high"])
    if not is_outside.any():
        return vwap
    return np.where(is_outside, stand_in_price(prices) if typical else np.nan, vwap)
