"""Rules on a stock's intraday bars, and on bars and days together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.ranges import AMOUNT_TOLERANCE, RANGE_TOLERANCE, all_positive, mean_price, outside_range
from qlib_mfgru.provider.judge.series import PRICES, BarSeries, StockSeries
from qlib_mfgru.provider.judge.sums import against_day

CLOSE_TOLERANCE = 0.01
"""By how much the last bar's close, or any bar's price, may differ from the day's: bars of two sources differ."""

CENT = 0.0051
"""Yuan by which two prices that are both rounded to cents may differ."""

MOSTLY = 0.9
"""Share of a stock's days on which what holds is what its bars are made by."""

BAR_PRICE = Kind("bars whose amount / volume lies outside [low, high]", "bars", outcome="their $vwap is the stand-in")
BAR_ROUNDED = Kind(
    "bars whose amount / volume leaves [low, high] by the rounding to lots", "bars", "note", BAR_PRICE.outcome
)
BAR_VWAP = Kind("bars whose vwap lies outside [low, high]", "bars")
BAR_AMOUNT = Kind("bars whose amount / volume differs from vwap by more than 5 %", "bars", "systematic")
BAR_RANGE = Kind("bars whose open or close lies outside [low, high], or high < low", "bars")
BAR_NO_PRICE = Kind("bars with trade but a price that is missing or not positive", "bars", "fatal")
BAR_LARGE = Kind("bars with a number that is infinite or beyond float32", "bars", "fatal")
LAST_CLOSE = Kind("days whose last bar's close differs from the daily one by more than 1 %", "both")
FIRST_OPEN = Kind("days whose first bar's open differs from the daily one by more than 1 %", "both", role="systematic")
ANOTHER_CLOSE = Kind(
    "days whose last bar's close is not the daily one to a cent, while its open, or the bar before or after, has it",
    "both",
    role="chance",
    cause="values are a bar early or late, or open and close are swapped: look at stamps, and at the columns",
)
NO_CLOSE = Kind(
    "days whose last bar's close is not the daily one to a cent, of stocks whose last bars mostly are",
    "both",
    role="dated",
    cause="bars of another day, a bar early or late, or without the last one: look at that day's file",
)
DAY_SPAN = Kind("days whose bars leave the daily [low, high] by more than 1 %", "both")
FEW_BARS = Kind("days with fewer bars than the stock has on most days", role="note")

_SHIFTED = "it is in no file, or stamps are shifted by one bar: look at stamps and at the vendor's first and last times"
FIRST_BAR = Kind("days without the first bar of the session", role="everywhere", cause=_SHIFTED)
LAST_BAR = Kind("days without the last bar of the session", role="everywhere", cause=_SHIFTED)

_FLOAT32 = np.finfo(np.float32)


def bar_rules(series: StockSeries, bars: BarSeries) -> Iterator[Finding]:
    """Every rule that looks at bars."""
    factor, days = series.factor[bars.positions], series.bar_days
    yield bar_too_large(bars, factor, days)
    yield bar_missing_price(bars, days)
    yield bar_range(bars, days)
    yield from bar_price(bars, factor, days)
    if not np.isnan(bars.vwap).all():
        yield bar_vwap(bars, factor, days)
        yield bar_amount(bars, factor, days)
    yield few_bars(bars, days)
    yield from ends_absent(bars, days)
    yield last_close(series, bars)
    yield first_open(series, bars)
    yield from cent_rules(series, bars)
    yield day_span(series, bars)


def bar_price(bars: BarSeries, factor: np.ndarray, days: np.ndarray) -> Iterator[Finding]:
    """low * (1 - t) <= amount / volume <= high * (1 + t), where there is no vwap.

    t is `RANGE_TOLERANCE`, and `volume_step` / volume more before it is a fault. Evidence: amount / volume / close.
    """
    price = np.where(np.isnan(bars.vwap), mean_price(bars.amount, bars.volume), np.nan)
    fault = _in_range(BAR_PRICE, price, bars, factor, days, bars.volume_step / bars.volume)
    yield fault
    if bars.volume_step:
        yield _in_range(BAR_ROUNDED, np.where(fault.faulty, np.nan, price), bars, factor, days)


def bar_vwap(bars: BarSeries, factor: np.ndarray, days: np.ndarray) -> Finding:
    """low * 0.999 <= vwap <= high * 1.001; evidence: vwap / close."""
    return _in_range(BAR_VWAP, np.where(bars.with_trade, bars.vwap, np.nan), bars, factor, days)


def bar_amount(bars: BarSeries, factor: np.ndarray, days: np.ndarray) -> Finding:
    """|amount / volume / vwap - 1| <= 5 % (`AMOUNT_TOLERANCE`); evidence: that ratio."""
    ratio = mean_price(bars.amount, bars.volume) / np.where(bars.vwap > 0, bars.vwap, np.nan)
    judged = ~np.isnan(ratio)
    return Finding(
        BAR_AMOUNT, judged & (np.abs(ratio - 1) > AMOUNT_TOLERANCE), judged, days, ratio, factor, stated=bars.stated
    )


def bar_range(bars: BarSeries, days: np.ndarray) -> Finding:
    """low <= open, close <= high, to `RANGE_TOLERANCE`."""
    prices, traded = bars.prices, bars.with_trade
    faulty = prices["high"] < prices["low"] * (1 - 1e-6)
    for name in ("open", "close"):
        faulty |= outside_range(prices[name], prices["low"], prices["high"])
    return Finding(BAR_RANGE, faulty & traded, traded, days)


def bar_missing_price(bars: BarSeries, days: np.ndarray) -> Finding:
    """A bar with trade has four positive prices."""
    traded = bars.with_trade
    return Finding(BAR_NO_PRICE, traded & ~all_positive(bars.prices), traded, days)


def bar_too_large(bars: BarSeries, factor: np.ndarray, days: np.ndarray) -> Finding:
    """|raw price * factor|, the volume / factor, and the amount fit into float32."""
    scale = factor[:, None]
    faulty = (bars.volume / scale > _FLOAT32.max) | (bars.amount > _FLOAT32.max)
    for name in PRICES:
        faulty |= np.abs(bars.prices[name] * scale) > _FLOAT32.max
    return Finding(BAR_LARGE, faulty, bars.priced, days)


def few_bars(bars: BarSeries, days: np.ndarray) -> Finding:
    """At least the median number of bars of the stock's days."""
    return Finding(FEW_BARS, bars.traded & ~bars.is_whole, bars.traded, days)


def ends_absent(bars: BarSeries, days: np.ndarray) -> Iterator[Finding]:
    """The vendor's first and last bar of the session, on days on which half of the bars are there."""
    n_slots = bars.priced.shape[1]
    judged = bars.traded & (bars.n_bars * 2 >= n_slots) & (n_slots > 2)
    yield Finding(FIRST_BAR, judged & ~bars.has_first, judged, days)
    yield Finding(LAST_BAR, judged & ~bars.has_last, judged, days)


def last_close(series: StockSeries, bars: BarSeries) -> Finding:
    """|close of the day's last bar / daily close - 1| <= 1 % (`CLOSE_TOLERANCE`)."""
    return against_day(LAST_CLOSE, series, bars, bars.last_close, series.prices["close"], CLOSE_TOLERANCE)


def first_open(series: StockSeries, bars: BarSeries) -> Finding:
    """|open of the day's first bar / daily open - 1| <= 1 % (`CLOSE_TOLERANCE`)."""
    return against_day(FIRST_OPEN, series, bars, bars.first_open, series.prices["open"], CLOSE_TOLERANCE)


def cent_rules(series: StockSeries, bars: BarSeries) -> Iterator[Finding]:
    """The daily close, to `CENT`, is that of the last bar, rather than a price beside it.

    The former is judged where `MOSTLY` all days are so: bars without the closing auction have another close on many.
    """
    close = series.prices["close"][bars.positions]
    is_last, *others = (np.abs(price - close) < CENT for price in (bars.last_close, *bars.others_for_close))
    judged, days = series.comparable & (close > 0), series.bar_days
    off = judged & ~is_last
    yield Finding(ANOTHER_CLOSE, off & np.any(others, axis=0), judged, days)
    if np.count_nonzero(judged & is_last) >= MOSTLY * np.count_nonzero(judged):
        yield Finding(NO_CLOSE, off, judged, days)


def day_span(series: StockSeries, bars: BarSeries) -> Finding:
    """Every bar within the day's [low, high], to `CLOSE_TOLERANCE`."""
    low, high = (series.prices[name][bars.positions] for name in ("low", "high"))
    judged = series.comparable & (low > 0)
    faulty = outside_range(bars.highest, low, high, CLOSE_TOLERANCE)
    faulty |= outside_range(bars.lowest, low, high, CLOSE_TOLERANCE)
    return Finding(DAY_SPAN, judged & faulty, judged, series.bar_days)


def _in_range(
    kind: Kind, price: np.ndarray, bars: BarSeries, factor: np.ndarray, days: np.ndarray, more: np.ndarray | float = 0.0
) -> Finding:
    judged = ~np.isnan(price) & (bars.prices["low"] > 0)
    faulty = judged & outside_range(price, bars.prices["low"], bars.prices["high"], RANGE_TOLERANCE + more)
    close = bars.prices["close"]
    return Finding(kind, faulty, judged, days, price / close, factor, close, bars.undone, bars.stated)
