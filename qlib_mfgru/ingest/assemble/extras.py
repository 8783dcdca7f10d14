"""What a stock's day has beside its prices: special treatment, limits, size, industry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qlib_mfgru.ingest.assemble.calendar import day_values, fill_forward, step_values, when_text
from qlib_mfgru.ingest.assemble.setting import Setting, Stock, StockRows
from qlib_mfgru.ingest.report import Account
from qlib_mfgru.provider.limits import derive_limits, reference_price

LISTED_BEFORE = 10**6
"""Trading days since listing of a stock that was there on the calendar's first day."""


@dataclass(frozen=True)
class Known:
    """Which of the optional fields the inputs can tell.

    `st_from_prices` lets special treatment that is known of today only begin where prices allow it.
    """

    st: bool
    st_from_prices: bool
    float_shares: bool
    industry: bool
    limits: bool


def add_extras(stock: Stock, rows: StockRows, setting: Setting, known: Known, account: Account) -> None:
    """Fill `stock.extras` with raw values, each of shape (n_days,)."""
    is_st = _special_treatment(stock, rows, setting)
    if known.st_from_prices:
        is_st = _since_last_breach(stock, is_st, setting)
    if known.st:
        stock.extras["is_st"] = is_st
    if known.float_shares:
        shares = step_values(rows.values["float_shares"], setting.days)
        # a suspended company keeps its last size
        stock.extras["market_cap"] = shares * fill_forward(stock.daily["close"])
    if known.industry:
        stock.extras["industry"] = step_values(rows.values["industry"], setting.days)
    if not known.limits:
        return
    up, down = _derived_limits(stock, is_st, setting, account)
    for name, derived in (("limit_up", up), ("limit_down", down)):
        given = stock.daily[name]
        stock.extras[name] = np.where(stock.live, np.where(given > 0, given, derived), np.nan)


def _special_treatment(stock: Stock, rows: StockRows, setting: Setting) -> np.ndarray:
    """0 or 1; a day's own flag goes before a span's, and what is not said is 0."""
    flags = [
        fill_forward(stock.daily["is_st"]),
        day_values(rows.values["st_day"], setting.days) if "st_day" in rows.values else None,
        step_values(rows.values["st_step"], setting.days) if "st_step" in rows.values else None,
    ]
    result = np.full(len(setting.days), np.nan)
    for flag in flags:
        if flag is not None:
            result = np.where(np.isnan(result), flag, result)
    return (np.nan_to_num(result) > 0).astype("f8")


def _since_last_breach(stock: Stock, is_st: np.ndarray, setting: Setting) -> np.ndarray:
    """Special treatment from the day after the last close that its limits forbid; before, it cannot have held."""
    up, down = _rule_limits(stock, is_st, setting)
    breaches = np.flatnonzero(_outside(stock, up, down))
    if len(breaches):
        is_st = is_st.copy()
        is_st[: breaches[-1] + 1] = 0
    return is_st


def _derived_limits(
    stock: Stock, is_st: np.ndarray, setting: Setting, account: Account
) -> tuple[np.ndarray, np.ndarray]:
    up, down = _rule_limits(stock, is_st, setting)
    missing = stock.live & ~(stock.daily["limit_up"] > 0)
    outside = missing & _outside(stock, up, down)
    account.warn(
        "closes outside the derived limits (special treatment at the time unknown, or no limit that day)",
        int(outside.sum()),
        (f"{stock.code} {when_text(int(day))}" for day in setting.days[outside]),
    )
    return np.where(missing, up, np.nan), np.where(missing, down, np.nan)


def _rule_limits(stock: Stock, is_st: np.ndarray, setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    close = np.where(stock.live, stock.daily["close"], np.nan)
    given = stock.daily["prev_close"]
    reference = np.where(given > 0, given, reference_price(close, stock.factor))
    session = np.full(len(close), LISTED_BEFORE)
    if stock.first_row > 0:
        session[stock.first_row :] = np.arange(len(close) - stock.first_row)
    return derive_limits(stock.code, setting.days.astype("datetime64[D]"), reference, is_st, session)


def _outside(stock: Stock, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Whether a close lies beyond the limits by more than rounding."""
    close = np.where(stock.live, stock.daily["close"], np.nan)
    return np.logical_or(close > up + 0.006, close < down - 0.006)
