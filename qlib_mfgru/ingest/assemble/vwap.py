"""Volume-weighted mean prices: of bars, and of days from whatever is known of them."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars, summarise
from qlib_mfgru.ingest.assemble.calendar import case_dates
from qlib_mfgru.ingest.assemble.setting import Setting
from qlib_mfgru.ingest.read.slices import PRICES
from qlib_mfgru.ingest.report import Account


def mean_price(
    prices: dict[str, np.ndarray], volume: np.ndarray, amount: np.ndarray, *, typical: bool
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


def bar_vwap(code: str, bars: DayBars, setting: Setting, account: Account) -> np.ndarray:
    """Vwap of the bars, shape (n_days, 16); those out of [low, high] are counted and kept."""
    amount = np.full_like(bars.amount, np.nan) if setting.raw_unknown else bars.amount
    vwap, guessed = mean_price(bars.prices, bars.volume, amount, typical=setting.typical_vwap)
    account.warn(f"bars without amount: $vwap is {_stand_in(setting)}", int(guessed.sum()))
    outside = np.logical_or(vwap < bars.prices["low"] * 0.999, vwap > bars.prices["high"] * 1.001)
    days = np.any(outside, axis=1)
    account.warn(
        "bars whose amount / volume lies outside [low, high] by more than 0.1 %, kept",
        int(outside.sum()), case_dates(code, setting.bar_days, days),
    )  # fmt: skip
    return vwap


def fill_day_vwap(
    code: str, daily: dict[str, np.ndarray], live: np.ndarray, bars: DayBars | None, setting: Setting, account: Account
) -> None:
    """Fill the daily vwap: the vendor's, daily amount / volume, the bars' amount / volume, or a stand-in."""
    amount = np.full_like(daily["amount"], np.nan) if setting.raw_unknown else daily["amount"]
    vwap, guessed = mean_price(daily, daily["volume"], amount, typical=setting.typical_vwap)
    if bars is not None and not setting.raw_unknown:
        span, whole = setting.bar_span, summarise(bars)
        found = guessed[span] & (whole["volume"] > 0) & (whole["amount"] > 0)
        vwap[span] = np.divide(whole["amount"], whole["volume"], out=vwap[span].copy(), where=found)
        guessed[span] &= ~found
        missing = live[span] & ~(daily["amount"][span] > 0)
        daily["amount"][span] = np.where(missing & (whole["amount"] > 0), whole["amount"], daily["amount"][span])
        if found.any():
            account.note("daily $vwap and $amount of days without a daily amount: from the day's bars")
    given = daily["vwap"] > 0
    account.warn(f"days without any amount: $vwap is {_stand_in(setting)}", int((guessed & ~given).sum()))
    daily["vwap"] = np.where(given, daily["vwap"], vwap)


def _stand_in(setting: Setting) -> str:
    return "(open + high + low + close) / 4" if setting.typical_vwap else "NaN"
