"""Units of volume, amount and price that explain a ratio, among those that a mapping can have stated."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.judge.causes.cause import Cause, Unit, is_near
from qlib_mfgru.provider.judge.kinds import Stated

_SHARE_PRICES = (0.5, 300.0)
"""Yuan between which shares trade, but for a few."""
_POWERS = (1e-4, 1e-3, 1e-2, 1e-1, 1e1, 1e2, 1e3, 1e4)


def _volume(value: str, other: str) -> Unit:
    return Unit("volume", value, other)


def _amount(value: str, other: str) -> Unit:
    return Unit("amount", value, other)


UNIT_CAUSES: tuple[tuple[float, Cause], ...] = (
    (1e2, Cause("the volume is in lots of 100", (_volume("lots", "shares"),))),
    (1e-2, Cause("the volume is in shares, not in lots", (_volume("shares", "lots"),))),
    (1e-3, Cause("the amount is in thousands", (_amount("thousand", "yuan"),))),
    (1e-4, Cause("the amount is in ten thousands", (_amount("ten_thousand", "yuan"),))),
    (1e3, Cause("the amount is not in thousands", (_amount("yuan", "thousand"),))),
    (1e4, Cause("the amount is not in ten thousands", (_amount("yuan", "ten_thousand"),))),
    (1e4, Cause("the volume is in ten thousands", (_volume("ten_thousand", "shares"),))),
    (1e-4, Cause("the volume is not in ten thousands", (_volume("shares", "ten_thousand"),))),
    (1e2, Cause("the volume is in ten thousands, not in lots", (_volume("ten_thousand", "lots"),))),
    (1e-2, Cause("the volume is in lots, not in ten thousands", (_volume("lots", "ten_thousand"),))),
    (
        1e-1,
        Cause(
            "the volume is in lots and the amount in thousands",
            (_volume("lots", "shares"), _amount("thousand", "yuan")),
        ),
    ),
    (
        1e1,
        Cause(
            "the volume is in shares and the amount in yuan",
            (_volume("shares", "lots"), _amount("yuan", "thousand")),
        ),
    ),
    (1e-1, Cause("the amount is in ten thousands, not in thousands", (_amount("ten_thousand", "thousand"),))),
    (1e1, Cause("the amount is in thousands, not in ten thousands", (_amount("thousand", "ten_thousand"),))),
    (
        1e-2,
        Cause(
            "the volume is in lots and the amount in ten thousands",
            (_volume("lots", "shares"), _amount("ten_thousand", "yuan")),
        ),
    ),
    (
        1e2,
        Cause(
            "the volume is in shares and the amount in yuan",
            (_volume("shares", "lots"), _amount("yuan", "ten_thousand")),
        ),
    ),
)
"""By amount / volume / price: which of the two is in another unit than stated; the likely ones first."""
OTHER_UNITS = Cause("bars and days are in different units", (), "look at volume and amount of bars and daily")


def unit_causes(ratio: np.ndarray, price: np.ndarray, stated: Stated | None, is_ashare: bool) -> list[Cause]:
    """What explains amount / volume / price by units; prices alone where they are those of no share, and the mean is.

    Parameters
    ----------
    ratio, price : ndarray of shape (n_cases,)
        Logarithms; the price is the raw close.
    stated : Stated, optional
        The units that the mapping states; without it any may have been.
    is_ashare : bool
        Prices are in yuan, of shares.
    """
    power = _power(ratio)
    if power is None:
        return []
    if is_ashare and not _is_share_price(price) and _is_share_price(price + ratio):
        return [_price_scale(power)]
    return [cause for off, cause in UNIT_CAUSES if off == power and _is_possible(cause, stated)]


def unexplained(ratio: np.ndarray) -> list[Cause]:
    """A cause of amount / volume / price that is a power of ten of no unit; a logarithm, of shape (n_cases,)."""
    power = _power(ratio)
    if power is None:
        return []
    what = f"amount / volume is {power:g} times the price, which no unit of the mapping explains"
    return [Cause(what, (), "look at volume, amount and prices in the vendor's files")]


def sum_causes(ratio: np.ndarray, setting: str, stated: Stated | None) -> list[Cause]:
    """What explains that bars add up to `ratio` times the day's `setting`, by units; a logarithm, (n_cases,)."""
    power = _power(ratio)
    if power is None:
        return []
    off = power if setting == "volume" else 1 / power
    for each, cause in UNIT_CAUSES:
        if (
            np.isclose(each, off)
            and [unit.setting for unit in cause.units] == [setting]
            and _is_possible(cause, stated)
        ):
            what = f"{OTHER_UNITS.what}, the bars' {setting} {power:g} times the daily one"
            return [
                Cause(what, (), f"{cause.advised('daily')} if the bars' fits its prices, else look at that of bars")
            ]
    return [OTHER_UNITS]


def close_causes(ratio: np.ndarray) -> list[Cause]:
    """What explains that the bars' close is `ratio` times the daily one, by a power of ten; a logarithm, (n_cases,)."""
    power = _power(ratio)
    if power is None:
        return []
    unit = ", in fen" if power in (1e2, 1e-2) else ""
    side, times = ("bars", power) if power > 1 else ("days", 1 / power)
    return [Cause(f"prices of {side} are {times:g} times the others{unit}", (), _MEND)]


def _power(ratio: np.ndarray) -> float | None:
    """The power of ten that most cases are near to, if any but 1; logarithms, of shape (n_cases,)."""
    return next((power for power in _POWERS if is_near(ratio - np.log(power))), None)


def _price_scale(power: float) -> Cause:
    if power < 1:
        unit = ", in fen" if power == 1e-2 else ""
        return Cause(f"the prices are {1 / power:g} times too large{unit}", (), _MEND)
    return Cause(f"the prices are {power:g} times too small", (), _MEND)


_MEND = "mend them in the vendor's files: prices are in yuan"


def _is_share_price(price: np.ndarray) -> bool:
    low, high = np.log(_SHARE_PRICES)
    return bool(low < np.median(price) < high)


def _is_possible(cause: Cause, stated: Stated | None) -> bool:
    """Whether what the mapping states is what the cause replaces."""
    if stated is None:
        return True
    of = {"volume": "shares" if stated.volume == "adjusted" else stated.volume, "amount": stated.amount}
    return all(unit.other == of[unit.setting] for unit in cause.units)
