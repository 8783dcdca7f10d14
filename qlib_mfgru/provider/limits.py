"""Daily limit prices from the boards' rules, for days on which the vendor gives none."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.boards import RULES, LimitRule, board_of
from qlib_mfgru.provider.fill import carried_forward

_FLOAT32 = 100 * float(np.finfo("f4").eps)
"""By how much a hundred may be off in float32."""


def derive_limits(
    code: str, days: np.ndarray, reference: np.ndarray, is_st: np.ndarray, session: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Raw limit prices, up and down, rounded half up to 0.01 yuan.

    Parameters
    ----------
    code : str
        e.g. ``SH600000``; its first digits say which board.
    days : ndarray of shape (n_days,)
        ``datetime64[D]``, ascending.
    reference : ndarray of shape (n_days,)
        The price that the day's limits are measured from, as `reference_price` gives it; NaN where unknown.
    is_st : ndarray of shape (n_days,)
        Nonzero where the share is under special treatment; NaN counts as not.
    session : ndarray of shape (n_days,)
        Trading days since the share was listed, 0 on its first one.

    Returns
    -------
    up, down : ndarray of shape (n_days,)
        NaN on days without a limit, without a reference, or before the board's first rule.
    """
    up, down = np.full(len(days), np.nan), np.full(len(days), np.nan)
    rules = RULES[board_of(code)]
    starts = days.searchsorted(np.array([rule.since for rule in rules], "datetime64[D]")).tolist()
    for rule, start, end in zip(rules, starts, [*starts, len(days)][1:], strict=True):
        if start < end:
            rise, fall = _ratios(rule, is_st[start:end], session[start:end])
            up[start:end] = round_half_up(reference[start:end] * (1 + rise))
            down[start:end] = round_half_up(reference[start:end] * (1 - fall))
    return up, down


def _ratios(rule: LimitRule, is_st: np.ndarray, session: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ratio = np.where(is_st > 0, rule.st_ratio, rule.ratio)
    ratio[session < rule.free_days] = np.nan
    if not rule.first_up:
        return ratio, ratio
    first = session == 0
    return np.where(first, rule.first_up, ratio), np.where(first, rule.first_down, ratio)


def reference_price(close: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """The previous raw close, adjusted for any ex-date since, rounded to 0.01 yuan.

    Parameters
    ----------
    close : ndarray of shape (n_days,)
        Raw closes, NaN on days without trade, across which the last one is carried.
    factor : ndarray of shape (n_days,)
        The adjustment factor (adjusted = raw * factor).

    Returns
    -------
    ndarray of shape (n_days,)
        NaN until the first close.
    """
    adjusted = carried_forward(close * factor)
    return round_half_up(np.concatenate([[np.nan], adjusted[:-1]]) / factor)


def round_half_up(price: np.ndarray) -> np.ndarray:
    """Round to 0.01, halves upwards, as the exchanges do.

    The tiny shift makes up for the binary representation: 10.05 * 1.1 is 11.0549999..., but the rule says 11.06. So it
    does for prices from files in float32, which hold 7.35 as 7.3499999; halves of a cent times a limit's percents are
    much farther from the next value.
    """
    return np.floor(price * (100 + _FLOAT32) + 0.5 + 1e-6) / 100
