"""Rules on a stock's market capitalisation: against what is traded of it, and from one day to the next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.series import StockSeries

LEAST_TURNOVER = 1e-5
"""Share of a company that changes hands on a day, at least, of most stocks on most days."""
LARGE_STEP, SIZE_STEP = 5.0, 50.0
"""How many times larger, or smaller, than a day before a company is seldom, and where only the unit is another.

Tradable shares grow tenfold where those of founders are set free.
"""

TOO_SMALL = Kind(
    "days on which more is traded than the whole market capitalisation",
    role="chance",
    cause="it is in a larger unit than said: write unit: ten_thousand for market_cap, or for float_shares",
    spares_stock=True,
)
TOO_LARGE = Kind(
    "days on which less is traded than a hundred thousandth of the market capitalisation",
    role="chance",
    cause="it is in a smaller unit than said: write unit: yuan for market_cap, or unit: shares for float_shares",
    spares_stock=True,
)
SIZE_JUMP = Kind(
    "days whose market capitalisation is 50 times that of the day before, or less by as much",
    cause="some rows of market_cap, or of float_shares, are in another unit",
    spares_stock=True,
)

SIZE_MOVE = Kind(
    "days whose market capitalisation is 5 to 50 times that of the day before, or less by as much",
    role="systematic",
    cause="shares that are set free, or from that day on market_cap, or float_shares, are in another unit",
    spares_stock=True,
)


def size_rules(series: StockSeries) -> Iterator[Finding]:
    """`LEAST_TURNOVER` <= amount / market capitalisation <= 1 on most days; no step of `SIZE_STEP`, or `LARGE_STEP`."""
    if np.isnan(series.market_cap).all():
        return
    traded = np.where(series.amount > 0, series.amount, series.volume * series.prices["close"])
    turnover = traded / np.where(series.market_cap > 0, series.market_cap, np.nan)
    judged = series.traded & ~np.isnan(turnover)
    for kind, faulty in ((TOO_SMALL, turnover > 1), (TOO_LARGE, turnover < LEAST_TURNOVER)):
        yield Finding(kind, judged & faulty, judged, series.days)
    places = np.flatnonzero(series.market_cap > 0)
    step, known = np.zeros(len(judged)), np.zeros(len(judged), dtype=bool)
    known[places[1:]] = True
    step[places[1:]] = np.abs(np.diff(np.log(series.market_cap[places])))
    is_jump = step > np.log(SIZE_STEP)
    yield Finding(SIZE_JUMP, is_jump, known, series.days)
    yield Finding(SIZE_MOVE, (step > np.log(LARGE_STEP)) & ~is_jump, known, series.days)
