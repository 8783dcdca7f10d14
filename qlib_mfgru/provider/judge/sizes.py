"""Rules on a stock's market capitalisation: against what is traded of it, and from one day to the next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.series import StockSeries

LEAST_TURNOVER = 1e-5
"""Share of a company that changes hands on a day, at least, of most stocks on most days."""
SIZE_STEP = 50.0
"""From which on a company that is that many times larger, or smaller, than a day before is in another unit."""

TURNOVER = Kind(
    "days on which more than the whole company is traded, or less than a hundred thousandth",
    role="systematic",
    cause="the market capitalisation, or the float shares, are in another unit: look at unit of market_cap or "
    "float_shares",
    spares_stock=True,
)
SIZE_JUMP = Kind(
    "days whose market capitalisation is 50 times that of the day before, or less by as much",
    cause="some rows of market_cap, or of float_shares, are in another unit",
    spares_stock=True,
)


def size_rules(series: StockSeries) -> Iterator[Finding]:
    """`LEAST_TURNOVER` <= amount / market capitalisation <= 1, which is the evidence; and no step of `SIZE_STEP`."""
    traded = np.where(series.amount > 0, series.amount, series.volume * series.prices["close"])
    turnover = traded / np.where(series.market_cap > 0, series.market_cap, np.nan)
    judged = series.traded & ~np.isnan(turnover)
    faulty = judged & ((turnover > 1) | (turnover < LEAST_TURNOVER))
    yield Finding(TURNOVER, faulty, judged, series.days, turnover)
    places = np.flatnonzero(series.market_cap > 0)
    step, known = np.zeros(len(judged), dtype=bool), np.zeros(len(judged), dtype=bool)
    known[places[1:]] = True
    step[places[1:]] = np.abs(np.diff(np.log(series.market_cap[places]))) > np.log(SIZE_STEP)
    yield Finding(SIZE_JUMP, step, known, series.days)
