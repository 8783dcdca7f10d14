"""Volume-weighted mean prices: of bars, and of days from whatever is known of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars
from qlib_mfgru.ingest.assemble.calendar import case_dates
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.prices import PRICES


def mean_price(
    prices: Mapping[str, np.ndarray], volume: np.ndarray, amount: np.ndarray, *, typical: bool
) -> tuple[np.ndarray, np.ndarray]:
    """amount / volume; without trade the price itself, and where the amount is unknown (o + h + l + c) / 4 or NaN.

    Returns
    -------
    vwap : ndarray
        Of the inputs' shape.
    guessed : ndarray
        Whether a bar with trade has an unknown amount.
    """
    stand_in = np.mean([prices[name] for name in PRICES], axis=0)
    traded = volume > 0
    known = traded & (amount > 0)
    guessed = traded & ~known & np.isfinite(stand_in)
    vwap = np.divide(amount, volume, out=stand_in.copy(), where=known)
    return (vwap if typical else np.where(guessed, np.nan, vwap)), guessed


def bar_vwap(stock: Stock, bars: DayBars) -> np.ndarray:
    """Vwap of the bars, shape (n_bar_days, 16); those out of [low, high] are counted and kept."""
    conventions = stock.conventions
    amount = bars.amount if conventions.raw_known else np.full_like(bars.amount, np.nan)
    vwap, guessed = mean_price(bars.prices, bars.volume, amount, typical=conventions.typical_vwap)
    stock.report.warn(f"bars without amount: $vwap is {conventions.vwap_stand_in}", int(guessed.sum()))
    outside = np.logical_or(vwap < bars.prices["low"] * 0.999, vwap > bars.prices["high"] * 1.001)
    stock.report.warn(
        "bars whose amount / volume lies outside [low, high] by more than 0.1 %, kept",
        int(outside.sum()),
        case_dates(stock.code, stock.calendars.bar_days, np.any(outside, axis=1)),
    )
    return vwap


def fill_day_vwap(stock: Stock, from_bars: Mapping[str, np.ndarray] | None) -> None:
    """Fill the daily vwap: the vendor's, daily amount / volume, the bars' amount / volume, or a stand-in.

    Parameters
    ----------
    from_bars : mapping of str to ndarray of shape (n_bar_days,), optional
        The days that the bars add up to; their amount also fills a missing daily one.
    """
    daily, conventions = stock.daily, stock.conventions
    amount = daily["amount"] if conventions.raw_known else np.full_like(daily["amount"], np.nan)
    vwap, guessed = mean_price(daily, daily["volume"], amount, typical=conventions.typical_vwap)
    if from_bars is not None and conventions.raw_known:
        _use_bars(stock, from_bars, vwap, guessed)
    given = daily["vwap"] > 0
    stock.report.warn(f"days without any amount: $vwap is {conventions.vwap_stand_in}", int((guessed & ~given).sum()))
    daily["vwap"] = np.where(given, daily["vwap"], vwap)


def _use_bars(stock: Stock, from_bars: Mapping[str, np.ndarray], vwap: np.ndarray, guessed: np.ndarray) -> None:
    """Take amount and vwap of days without a daily amount from their bars; changes `vwap` and `guessed`."""
    span, amount, volume = stock.calendars.bar_span, from_bars["amount"], from_bars["volume"]
    known = guessed[span] & (volume > 0) & (amount > 0)
    vwap[span] = np.divide(amount, volume, out=vwap[span].copy(), where=known)
    guessed[span] &= ~known
    daily_amount = stock.daily["amount"]
    missing = stock.live[span] & ~(daily_amount[span] > 0) & (amount > 0)
    daily_amount[span] = np.where(missing, amount, daily_amount[span])
    if known.any():
        stock.report.note("daily $vwap and $amount of days without a daily amount: from the day's bars")
