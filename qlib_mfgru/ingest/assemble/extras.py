"""What a stock's day has besides its prices: special treatment, market capitalisation, industry, limit prices."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from qlib_mfgru.ingest.assemble.on_calendar import day_values, span_values, step_values
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.provider.judge import LISTED_BEFORE, beyond_limits, since_listing
from qlib_mfgru.provider.limits import derive_limits, reference_price, round_half_up

Limits = tuple[np.ndarray, np.ndarray]
"""Raw limit prices, up and down, each of shape (n_days,)."""
Rules = Callable[[np.ndarray], Limits]
"""The limits by the boards' rules, given which days are under special treatment."""


def add_extras(stock: Stock) -> None:
    """Fill `stock.extras` with the raw values that the inputs allow, each of shape (n_days,)."""
    conventions, days, values = stock.conventions, stock.calendars.days, stock.rows.values
    is_st, reference = _special_treatment(stock), _reference(stock)
    rules = partial(_rule_limits, stock, reference, _since_listing(stock, reference))
    if conventions.st_since_prices:
        is_st = _since_last_breach(stock, is_st, rules)
    if conventions.special_treatment:
        stock.extras["is_st"] = is_st
    if conventions.market_cap or (conventions.float_shares and conventions.raw_known):
        stock.extras["market_cap"] = _market_cap(stock)
        unknown = stock.live & np.isnan(stock.extras["market_cap"])
        stock.warn("live days without a market capitalisation", days, unknown)
        if unknown[stock.live].all() and stock.is_new:
            stock.report.warn("stocks without any market capitalisation", 1, [stock.code])
    if conventions.industry:
        if not len(values["industry"]) and stock.is_new:
            stock.report.warn("industry: stocks without any industry: unknown", 1, [stock.code])
        stock.extras["industry"] = step_values(values["industry"], days)
    if conventions.has_limits:
        if conventions.given_limits:
            _drop_wild_limits(stock, reference)
        for name, derived in zip(("limit_up", "limit_down"), rules(is_st), strict=True):
            vendors = stock.daily[name]
            stock.extras[name] = np.where(stock.live, np.where(vendors > 0, vendors, derived), np.nan)


def _special_treatment(stock: Stock) -> np.ndarray:
    """0 or 1; a day's own flag takes precedence over a span's, and over one of a day before; without any it is 0."""
    days, values = stock.calendars.days, stock.rows.values
    is_st = carried_forward(stock.daily["is_st"])
    for name, on_days in (("st_day", day_values), ("st_span", span_values), ("st_step", step_values)):
        if len(values[name]):
            is_st = np.where(np.isnan(is_st), on_days(values[name], days), is_st)
    if stock.conventions.st_holds:
        held = step_values(values["st_day"], days)
        lacking = np.isnan(is_st) & ~np.isnan(held)
        stock.warn("st: live days without a flag, taken as the one before", days, stock.live & lacking)
        is_st = np.where(lacking, held, is_st)
    return (is_st > 0).astype("f8")


def _market_cap(stock: Stock) -> np.ndarray:
    """As given on a day, else float shares times the last close, else the last one given."""
    days, values = stock.calendars.days, stock.rows.values
    market_cap = day_values(values["market_cap"], days)
    if stock.conventions.raw_known:
        # a suspended company keeps its last size
        of_shares = step_values(values["float_shares"], days) * carried_forward(stock.daily["close"])
        market_cap = np.where(np.isnan(market_cap), of_shares, market_cap)
    return np.where(np.isnan(market_cap), step_values(values["market_cap"], days), market_cap)


def _since_last_breach(stock: Stock, is_st: np.ndarray, rules: Rules) -> np.ndarray:
    """Special treatment from the day after the last close that its limits forbid; before, it cannot have applied."""
    beyond = beyond_limits(_live_close(stock), *rules(is_st))
    if not stock.is_new:
        what = "st: closes beyond its limits: an update clears the flag of the last days, an ingest that of all before"
        stock.warn(what, stock.calendars.days, beyond & (is_st > 0))
    breaches = np.flatnonzero(beyond)
    if len(breaches):
        is_st = is_st.copy()
        is_st[: breaches[-1] + 1] = 0
    return is_st


def _drop_wild_limits(stock: Stock, reference: np.ndarray) -> None:
    """Forget, and count, limits of the vendor that are more than twice the previous close, or less than half of it."""
    daily = stock.daily
    wild = stock.live & ((daily["limit_up"] > 2 * reference) | (daily["limit_down"] < reference / 2))
    wild &= daily["limit_up"] > 0
    wild |= stock.live & ((daily["limit_up"] < reference / 2) | (daily["limit_down"] > 2 * reference))
    for name in ("limit_up", "limit_down"):
        daily[name][wild] = np.nan
    stock.warn("days with limits given far from the previous close, taken as none", stock.calendars.days, wild)


def _reference(stock: Stock) -> np.ndarray:
    """The price that limits are measured from: the vendor's previous close, or ours."""
    # a file of float32 has 7.3499999 for 7.35, and a tenth more than that is rounded down
    vendors = round_half_up(stock.daily["prev_close"])
    return np.where(vendors > 0, vendors, reference_price(_live_close(stock), stock.factor))


def _since_listing(stock: Stock, reference: np.ndarray) -> np.ndarray:
    """As of `since_listing`; stocks whose prices say that they were listed on the calendar's first day are counted."""
    days = stock.calendars.dated
    first = int(np.searchsorted(stock.calendars.days, stock.rows.first_day))
    if not stock.conventions.session.has_boards:
        return np.full(len(days), LISTED_BEFORE)
    prices = {name: np.where(stock.live, stock.daily[name], np.nan) for name in ("high", "low")}
    session = since_listing(stock.code, days, prices, reference, first)
    if first == 0 and session[0] == 0 and stock.is_new:
        what = "stocks taken as listed on the calendar's first day: their prices leave the limits of ordinary shares"
        stock.report.warn(what, 1, [stock.code])
    return session


def _rule_limits(stock: Stock, reference: np.ndarray, session: np.ndarray, is_st: np.ndarray) -> Limits:
    """Limit prices of the boards' rules, measured from the `reference`, by trading days since listing.

    All NaN where the market has no such boards.
    """
    if not stock.conventions.session.has_boards:
        return np.full_like(stock.factor, np.nan), np.full_like(stock.factor, np.nan)
    return derive_limits(stock.code, stock.calendars.dated, reference, is_st, session)


def _live_close(stock: Stock) -> np.ndarray:
    return np.where(stock.live, stock.daily["close"], np.nan)
