"""Causes of a finding, by the ratios of its cases."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.judge.bars import BAR_AMOUNT, BAR_PRICE, LAST_CLOSE
from qlib_mfgru.provider.judge.causes.cause import NAMED, Cause, Unit, is_near
from qlib_mfgru.provider.judge.causes.units import close_causes, sum_causes, unexplained, unit_causes
from qlib_mfgru.provider.judge.days import DAY_AMOUNT, DAY_PRICE
from qlib_mfgru.provider.judge.kinds import Finding
from qlib_mfgru.provider.judge.moves.factors import FACTOR
from qlib_mfgru.provider.judge.sums import AMOUNT_SUM, VOLUME_SUM

_NEAR = 0.1
"""A factor nearer to 1 than that, as a logarithm, tells nothing."""

VOLUME_ADJUSTED = Cause("the volume is already divided by the factor", (Unit("volume", "adjusted", "shares"),))
PRICES_ADJUSTED = Cause("the prices are already multiplied by the factor", (), "write prices: adjusted")
DAILY_ADJUSTED = Cause("daily volume is divided by the factor, the bars' is not", (), "write daily: {volume: adjusted}")
BARS_ADJUSTED = Cause("the bars' volume is divided by the factor, daily is not", (), "write bars: {volume: adjusted}")
AUCTIONS = Cause("auction bars are missing, or other bars of the day", (), "look at the vendor's first and last bars")
OTHERWISE = Cause(
    "bars are adjusted otherwise than daily rows",
    (),
    "give raw bars, or write bars: {prices: adjusted} if they are prices times the daily factor",
)
LOST = Cause("the factor is lost on and between these dates", (), "mend it in the vendor's files")
FORWARD = Cause(
    "prices do not fall on ex-dates: they are adjusted already, to the last day's, or the factor is lost before",
    (),
    "export raw prices, or write prices: adjusted without a factor",
    least=2,
)
SWAPPED = Cause("volume and amount are swapped", (), "write columns: {volume: .., amount: ..}")
VOLUME_RAW = Cause("the volume is not divided by the factor", (Unit("volume", "shares", "adjusted"),))
DAILY_RAW = Cause(
    "daily volume is not divided by the factor, or the bars' is",
    (),
    "write daily: {volume: shares}, or bars: {volume: adjusted} where only bars are off their amounts",
)


def fitting(finding: Finding, board: str) -> tuple[Cause, ...]:
    """Causes whose ratio a stock's cases have in the median.

    Parameters
    ----------
    finding : Finding
    board : str
        The stock's; empty where the market has none.
    """
    ratios, factor, price = (np.log(values) for values in finding.cases())
    if not len(ratios):
        return ()
    if finding.kind is FACTOR:
        return (FORWARD, LOST) if (ratios > 0).all() else (LOST,)
    if finding.kind is LAST_CLOSE:
        return tuple(close_causes(ratios)) or ((OTHERWISE,) if _is_otherwise(ratios, factor) else ())
    if finding.kind in (VOLUME_SUM, AMOUNT_SUM):
        return _of_sums(finding, ratios, factor)
    if finding.kind in (DAY_PRICE, DAY_AMOUNT, BAR_PRICE, BAR_AMOUNT):
        return _of_prices(finding, ratios, factor, price, bool(board) and board != "other")
    return ()


def _by_factor(ratio: np.ndarray, factor: np.ndarray) -> tuple[bool, bool]:
    """Whether the ratio is the factor, and whether it is the inverse of it; logarithms, of shape (n_cases,)."""
    adjusted = bool(np.median(np.abs(factor)) > _NEAR)
    return adjusted and is_near(ratio - factor), adjusted and is_near(ratio + factor)


def _of_prices(
    finding: Finding, ratio: np.ndarray, factor: np.ndarray, price: np.ndarray, is_ashare: bool
) -> tuple[Cause, ...]:
    """Causes of a mean price that is off; logarithms, each of shape (n_cases,)."""
    as_factor, as_inverse = _by_factor(ratio, factor)
    fits = (
        *((VOLUME_ADJUSTED,) if as_factor else ()),
        *((VOLUME_RAW if finding.undone else PRICES_ADJUSTED,) if as_inverse else ()),
        *unit_causes(ratio, price, finding.stated, is_ashare),
        *((SWAPPED,) if is_near(ratio + 2 * price) else ()),
    )
    return fits or tuple(unexplained(ratio))


def _of_sums(finding: Finding, ratio: np.ndarray, factor: np.ndarray) -> tuple[Cause, ...]:
    """Causes of bars that do not add up to the day; logarithms, each of shape (n_cases,)."""
    as_factor, as_inverse = _by_factor(ratio, factor)
    volume = finding.kind is VOLUME_SUM
    some_missing = bool(np.log(0.5) < np.median(ratio) < 0) and not as_inverse
    return (
        *((DAILY_ADJUSTED,) if as_factor and volume else ()),
        *((DAILY_RAW if finding.undone else BARS_ADJUSTED,) if as_inverse and volume else ()),
        *sum_causes(ratio, "volume" if volume else "amount", finding.stated),
        *((AUCTIONS,) if some_missing else ()),
    )


def _is_otherwise(ratio: np.ndarray, factor: np.ndarray) -> bool:
    """Whether closes are off by the factor, or by the factor over its last value."""
    return any(_by_factor(ratio, factor)) or (
        len(ratio) >= NAMED and (_is_constant(ratio - factor) or _is_constant(ratio))
    )


def _is_constant(ratio: np.ndarray) -> bool:
    return bool(np.median(np.abs(ratio - np.median(ratio))) < 0.002)
