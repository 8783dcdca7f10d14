"""Rules on a share's numbers as they are written: prices have a part of a yuan, volumes none of a share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.boards import RULES
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.series import PRICES, StockSeries

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


def scale_rules(series: StockSeries) -> Iterator[Finding]:
    """Both rules, on A-shares."""
    if series.board and RULES[series.board]:
        yield whole_yuan(series)
        if series.as_given and not series.undone:
            yield broken_shares(series)


def whole_yuan(series: StockSeries) -> Finding:
    """Not all four prices are whole, of a stock whose usual close is `LEAST_FEN` or more: a tick is a cent.

    A day at one price is one number, and no evidence.
    """
    prices = np.stack([series.prices[name] for name in PRICES])
    is_whole = (np.abs(prices - np.round(prices)) <= 1e-6 * prices).all(axis=0)
    close = prices[-1, series.priced]
    is_large = len(close) > 0 and np.median(close) >= LEAST_FEN
    judged = series.priced & (prices[1] > prices[2])
    return Finding(WHOLE_YUAN, judged & is_whole & is_large, judged, series.days)


def broken_shares(series: StockSeries) -> Finding:
    """The volume, below `LARGEST`, is whole to a hundredth and to what float32 leaves of it."""
    volume, judged = series.volume, series.traded & (series.volume < LARGEST)
    faulty = np.abs(volume - np.round(volume)) > 0.01 + 1e-7 * volume
    return Finding(BROKEN_SHARES, judged & faulty, judged, series.days)
