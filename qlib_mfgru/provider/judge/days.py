"""Rules on a stock's days."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.boards import RULES, ordinary_ratio
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.ranges import AMOUNT_TOLERANCE, RANGE_TOLERANCE, mean_price, outside_range
from qlib_mfgru.provider.judge.series import PRICES, StockSeries

DAY_PRICE = Kind("days whose amount / volume lies outside [low, high]", outcome="their $vwap is the stand-in")
DAY_ROUNDED = Kind(
    "days whose amount / volume leaves [low, high] by the rounding to lots", role="note", outcome=DAY_PRICE.outcome
)
DAY_VWAP = Kind("days whose vwap lies outside [low, high]", outcome="their $vwap is the stand-in")
DAY_AMOUNT = Kind("days whose amount / volume differs from vwap by more than 5 %", role="systematic")
NO_PRICE = Kind("days with trade but a price that is missing or not positive", role="fatal")
DAY_RANGE = Kind("days whose open or close lies outside [low, high], or high < low")
TOO_LARGE = Kind("days with a number that is infinite or beyond float32", role="fatal")
TINY_VOLUME = Kind("days with trade of less than one share")
BROKEN_CENTS = Kind(
    "days whose raw close is no whole cent, and is one once the factor is taken out of it",
    role="chance",
    cause="the prices are adjusted already, though prices: raw says that they are not: export raw ones, or write "
    "prices: adjusted, and volume: adjusted where the volume is divided by the factor",
)
ROUNDED = Kind(
    "days whose raw close is no whole cent, and whose adjusted one is",
    role="tendency",
    cause="the vendor rounded adjusted prices to cents, so that raw prices, returns and closes at a limit are off by "
    "parts of a cent: export them unrounded (get_price of JoinQuant: round=False), or raw ones",
)
NO_AMOUNT = Kind(
    "days with trade have no amount", role="hint", cause="whether volume is in shares or in lots cannot be judged"
)

LEAST_FEN = 50.0
"""A price in fen, of a share of half a yuan; those of whole yuan below it are looked at no further."""
LARGEST = 2e6
"""Shares from which on float32 leaves too little of a fraction to be seen."""

WHOLE_YUAN = Kind(
    "days whose four prices are all whole yuan",
    role="chance",
    cause="prices are in fen, 100 times too large, or rounded to yuan: mend them in the vendor's files, prices are in "
    "yuan",
)
BROKEN_SHARES = Kind(
    "days whose volume is no whole number of shares",
    role="tendency",
    cause="the volume is in a larger unit than said, scaled, or adjusted: write its unit, or volume: adjusted",
)

_CENT, _CENT_UNDONE = (0.002, 3e-7), (0.02, 1e-6)
"""Parts of a cent by which a price may miss it, and as a share of the price: one in float32, and one that was made by a
rounded factor."""
_FLOAT32 = np.finfo(np.float32)


def day_rules(series: StockSeries) -> Iterator[Finding]:
    """Every rule that looks at one day alone."""
    yield too_large(series)
    yield missing_price(series)
    yield day_range(series)
    yield from day_price(series)
    if not np.isnan(series.vwap).all():
        yield day_vwap(series)
        yield day_amount(series)
    yield no_amount(series)
    if series.board and RULES[series.board]:
        yield whole_yuan(series)
    if series.as_given and series.board:
        yield broken_cents(series, series.board)
        if RULES[series.board] and not series.undone:
            yield broken_shares(series)
    if not series.as_given and series.board:
        yield rounded(series, series.board)
    if series.lot:
        yield tiny_volume(series)


def day_price(series: StockSeries) -> Iterator[Finding]:
    """low * (1 - t) <= amount / volume <= high * (1 + t), where there is no vwap.

    t is `RANGE_TOLERANCE`, and `volume_step` / volume more before it is a fault. Evidence: amount / volume / close.
    """
    price = np.where(np.isnan(series.vwap), mean_price(series.amount, series.volume), np.nan)
    fault = _in_range(series, DAY_PRICE, price, series.volume_step / series.volume)
    yield fault
    if series.volume_step:
        yield _in_range(series, DAY_ROUNDED, np.where(fault.faulty, np.nan, price))


def day_vwap(series: StockSeries) -> Finding:
    """low * 0.999 <= vwap <= high * 1.001; evidence: vwap / close."""
    return _in_range(series, DAY_VWAP, np.where(series.traded, series.vwap, np.nan))


def day_amount(series: StockSeries) -> Finding:
    """|amount / volume / vwap - 1| <= 5 % (`AMOUNT_TOLERANCE`); evidence: that ratio."""
    ratio = mean_price(series.amount, series.volume) / np.where(series.vwap > 0, series.vwap, np.nan)
    judged = ~np.isnan(ratio)
    faulty = judged & (np.abs(ratio - 1) > AMOUNT_TOLERANCE)
    return Finding(DAY_AMOUNT, faulty, judged, series.days, ratio, series.factor, stated=series.stated)


def day_range(series: StockSeries) -> Finding:
    """low <= open, close <= high, to `RANGE_TOLERANCE`."""
    prices, priced = series.prices, series.priced
    faulty = prices["high"] < prices["low"] * (1 - 1e-6)
    for name in ("open", "close"):
        faulty |= outside_range(prices[name], prices["low"], prices["high"])
    return Finding(DAY_RANGE, faulty & priced, priced, series.days)


def missing_price(series: StockSeries) -> Finding:
    """A day with trade has four positive prices."""
    return Finding(NO_PRICE, series.traded & ~series.priced, series.traded, series.days)


def too_large(series: StockSeries) -> Finding:
    """Everything that is stored fits into float32, and no price rounds to 0."""
    prices = np.array([series.prices[name] * series.factor for name in PRICES])
    limits = [series.limit_up * series.factor, series.limit_down * series.factor]
    quantities = [series.volume / series.factor, series.amount, series.factor, series.market_cap]
    largest = np.fmax.reduce(np.abs([*prices, *limits, *quantities]), axis=0)
    smallest = np.fmin.reduce(np.where(prices > 0, prices, np.nan), axis=0)
    faulty = (largest > _FLOAT32.max) | (smallest < _FLOAT32.tiny)
    return Finding(TOO_LARGE, faulty, series.traded, series.days)


def tiny_volume(series: StockSeries) -> Finding:
    """A day with trade has a volume of at least one share (0.5, for what was rounded)."""
    return Finding(TINY_VOLUME, series.traded & (series.volume < 0.5), series.traded, series.days)


def broken_cents(series: StockSeries, board: str) -> Finding:
    """The close is whole cents only without the factor, which was thus in it already; since the board's first rule."""
    close = series.prices["close"]
    judged = series.priced & (series.factor != 1) & ~np.isnan(ordinary_ratio(series.days, board))
    faulty = ~_is_cents(close, *_CENT) & _is_cents(close / series.factor, *_CENT_UNDONE)
    return Finding(BROKEN_CENTS, judged & faulty, judged, series.days)


def rounded(series: StockSeries, board: str) -> Finding:
    """The close is whole cents only with the factor in it; since the board's first rule."""
    close = series.prices["close"]
    judged = series.priced & (series.factor != 1) & ~np.isnan(ordinary_ratio(series.days, board))
    faulty = _is_cents(close * series.factor, *_CENT) & ~_is_cents(close, *_CENT_UNDONE)
    return Finding(ROUNDED, judged & faulty, judged, series.days)


def _is_cents(price: np.ndarray, part: float, error: float) -> np.ndarray:
    cents = price * 100
    is_whole: np.ndarray = np.abs(cents - np.round(cents)) <= part + error * cents
    return is_whole


def whole_yuan(series: StockSeries) -> Finding:
    """Not all four prices are whole, of a stock whose usual close is `LEAST_FEN` or more: a tick is a cent.

    A day at one price is one number, and no evidence.
    """
    prices = np.stack([series.prices[name] for name in PRICES])
    judged = series.priced & (prices[1] > prices[2])
    is_whole = judged & (np.abs(prices - np.round(prices)) <= 1e-6 * prices).all(axis=0)
    if is_whole.any():
        is_whole &= np.median(prices[-1, series.priced]) >= LEAST_FEN
    return Finding(WHOLE_YUAN, is_whole, judged, series.days)


def broken_shares(series: StockSeries) -> Finding:
    """The volume, below `LARGEST`, is whole to a hundredth and to what float32 leaves of it."""
    volume, judged = series.volume, series.traded & (series.volume < LARGEST)
    faulty = np.abs(volume - np.round(volume)) > 0.01 + 1e-7 * volume
    return Finding(BROKEN_SHARES, judged & faulty, judged, series.days)


def no_amount(series: StockSeries) -> Finding:
    """A day's volume can be held against an amount, its own or that of its bars."""
    known = series.amount > 0
    if series.bars is not None:
        known[series.bars.positions] |= (series.bars.amount > 0).any(axis=1)
    return Finding(NO_AMOUNT, series.traded & ~known, series.traded, series.days)


def _in_range(series: StockSeries, kind: Kind, price: np.ndarray, more: np.ndarray | float = 0.0) -> Finding:
    prices = series.prices
    judged = ~np.isnan(price) & series.priced
    faulty = judged & outside_range(price, prices["low"], prices["high"], RANGE_TOLERANCE + more)
    close = prices["close"]
    return Finding(kind, faulty, judged, series.days, price / close, series.factor, close, series.undone, series.stated)
