"""Rules on what the bars of a day add up to, against the daily row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.ranges import AMOUNT_TOLERANCE
from qlib_mfgru.provider.judge.series import BarSeries, StockSeries

USUAL_TOLERANCE = 0.005
"""By how much the bars of most of a stock's days may differ from the daily row, to the same side.

Half of all real days agree to one in a hundred thousand, in each of 400 stocks; on a quarter of a stock's days at most
the bars miss more than that.
"""

FEW_DAYS = 3
"""Days that may all be to one side by chance."""

VOLUME_SUM = Kind("days whose bars' volume differs from the daily one by more than 5 %", "both", role="systematic")
AMOUNT_SUM = Kind("days whose bars' amount differs from the daily one by more than 5 %", "both", role="systematic")

_MISSING = "a share of each day is missing in the bars: auctions, odd lots, block or after-hours trades"
_BEYOND = "a share of each day is missing in the daily row, or twice in the bars: auctions, or block trades"
VOLUME_LESS, VOLUME_MORE, AMOUNT_LESS, AMOUNT_MORE = (
    Kind(f"days whose bars' {what} is {side} than the daily one by 0.5 %, as it mostly is", "both", "tendency",
         cause=cause)
    for what in ("volume", "amount") for side, cause in (("less", _MISSING), ("more", _BEYOND))
)  # fmt: skip


def sum_rules(series: StockSeries, bars: BarSeries) -> Iterator[Finding]:
    """Both sums, day by day and mostly."""
    for total, less, more in (
        (volume_sum(series, bars), VOLUME_LESS, VOLUME_MORE),
        (amount_sum(series, bars), AMOUNT_LESS, AMOUNT_MORE),
    ):
        yield total
        yield from usual_share(series, bars, total, less, more)


def volume_sum(series: StockSeries, bars: BarSeries) -> Finding:
    """|sum of the bars' volume / daily volume - 1| <= 5 % (`AMOUNT_TOLERANCE`)."""
    return against_day(VOLUME_SUM, series, bars, np.nansum(bars.volume, axis=1), series.volume, AMOUNT_TOLERANCE)


def amount_sum(series: StockSeries, bars: BarSeries) -> Finding:
    """|sum of the bars' amount / daily amount - 1| <= 5 %, where every bar's amount is known."""
    total = np.where(bars.priced, bars.amount, 0.0).sum(axis=1)
    return against_day(AMOUNT_SUM, series, bars, total, series.amount, AMOUNT_TOLERANCE)


def usual_share(series: StockSeries, bars: BarSeries, total: Finding, less: Kind, more: Kind) -> Iterator[Finding]:
    """Sums are not off to one side on most days, by more than `USUAL_TOLERANCE` and what rounding to lots takes.

    Where most are off by more than 5 % that is said already.
    """
    ratio, judged = total.evidence, total.judged
    if ratio is None or total.is_most or judged.sum() <= FEW_DAYS:
        return
    tolerance: np.ndarray | float = USUAL_TOLERANCE
    if total.kind is VOLUME_SUM and bars.volume_step:
        tolerance += np.nan_to_num(bars.n_bars * bars.volume_step / series.volume[bars.positions])
    yield Finding(less, judged & (ratio < 1 - tolerance), judged, total.days)
    yield Finding(more, judged & (ratio > 1 + tolerance), judged, total.days)


def against_day(
    kind: Kind, series: StockSeries, bars: BarSeries, ours: np.ndarray, daily: np.ndarray, tolerance: float
) -> Finding:
    """Compare a figure of the bars' days with the day's own; evidence: the first by the second."""
    daily = daily[bars.positions]
    judged = series.comparable & (ours > 0) & (daily > 0)
    ratio = np.divide(ours, daily, out=np.full(len(ours), np.nan), where=judged)
    faulty = judged & (np.abs(ratio - 1) > tolerance)
    factor = series.factor[bars.positions]
    undone = series.undone if kind is VOLUME_SUM else False
    return Finding(kind, faulty, judged, series.bar_days, ratio, factor, undone=undone, stated=series.stated)
