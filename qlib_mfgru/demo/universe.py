"""The stocks: industries, sizes, listings, suspensions, ST spells, dividends and splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.demo.spec import DemoSpec
from qlib_mfgru.demo.venue.names import stock_codes

# fmt: off
INDUSTRIES: tuple[str, ...] = (
    "Banks", "Non-bank finance", "Real estate", "Food and beverage", "Pharmaceuticals", "Electronics", "Computers",
    "Media", "Power equipment", "Machinery", "Cars", "Chemicals", "Metals", "Utilities", "Transport",
)
# fmt: on
"""Industry names; ``$industry`` is the position, from 1."""

DAYS_A_YEAR = 242


@dataclass(frozen=True)
class Universe:
    """What is known about the stocks before any price; arrays over stocks have shape (n_stocks,).

    Attributes
    ----------
    codes : tuple of str
        Instruments, e.g. ``SH600000``.
    industry : ndarray of int
        Code from 1.
    first, last : ndarray of int
        First and last day (both included) as positions in the calendar.
    float_cap : ndarray
        Float market capitalisation at the first price, yuan.
    issue_price : ndarray
        Raw price before the first day, yuan.
    volatility : ndarray
        Daily idiosyncratic volatility.
    is_st : ndarray of bool, shape (n_days, n_stocks)
        Nobody is where the session has no special treatment.
    suspended : ndarray of bool, shape (n_days, n_stocks)
    dividend : ndarray of shape (n_days, n_stocks)
        Cash dividend on the ex-day as a fraction of the previous close, else 0.
    split : ndarray of shape (n_days, n_stocks)
        Shares after the ex-day for one before, else 1.
    """

    codes: tuple[str, ...]
    industry: np.ndarray
    first: np.ndarray
    last: np.ndarray
    float_cap: np.ndarray
    issue_price: np.ndarray
    volatility: np.ndarray
    is_st: np.ndarray
    suspended: np.ndarray
    dividend: np.ndarray
    split: np.ndarray

    @property
    def listed(self) -> np.ndarray:
        """Whether the stock is listed; shape (n_days, n_stocks)."""
        day = np.arange(len(self.is_st))[:, None]
        return (day >= self.first) & (day <= self.last)


def draw_universe(spec: DemoSpec, days: pd.DatetimeIndex) -> Universe:
    """Draw the stocks and everything that happens to them except prices."""
    random = spec.stream("universe")
    n = spec.n_stocks
    float_cap = np.exp(np.log(6e9) + 1.1 * random.standard_normal(n))
    is_st, last = draw_st(random, spec, float_cap)
    first = draw_listings(random, spec, protected=np.asarray(is_st.any(axis=0)))
    dividend, split = draw_actions(random, spec, days, first)
    suspended = draw_suspensions(random, spec, last) & (dividend == 0) & (split == 1)
    suspended &= np.arange(spec.n_days)[:, None] > first
    return Universe(
        codes=stock_codes(spec.session, n),
        industry=random.integers(1, len(INDUSTRIES) + 1, n),
        first=first,
        last=last,
        float_cap=float_cap,
        issue_price=np.maximum(np.exp(np.log(20.0) + 0.6 * random.standard_normal(n)), 8.0).round(2),
        volatility=0.021 * np.exp(0.2 * random.standard_normal(n)),
        is_st=is_st & spec.rules.special_treatment,
        suspended=suspended,
        dividend=dividend,
        split=split,
    )


def draw_st(random: np.random.Generator, spec: DemoSpec, float_cap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ST spells of small stocks, and the last day of each stock: one ST stock in 200 (at least one) is delisted."""
    n, n_days = spec.n_stocks, spec.n_days
    is_st = np.zeros((n_days, n), dtype=bool)
    last = np.full(n, n_days - 1)
    small = np.argsort(float_cap)[: n // 2]
    stocks = random.choice(small, max(3, n // 16), replace=False)
    starts = random.integers(0, n_days * 4 // 5, len(stocks))
    lengths = random.integers(n_days // 8, n_days // 2, len(stocks))
    for stock, start, length in zip(stocks, starts, lengths, strict=True):
        is_st[start : start + length, stock] = True
    for stock in stocks[: max(1, n // 200)]:
        last[stock] = random.integers(n_days * 2 // 3, n_days - 10)
        is_st[n_days // 3 :, stock] = True
    return is_st, last


def draw_listings(random: np.random.Generator, spec: DemoSpec, protected: np.ndarray) -> np.ndarray:
    """First day of each stock: 8 % of those that are not `protected` (ST at some time) list later than day 0."""
    first = np.zeros(spec.n_stocks, dtype=int)
    new = random.choice(np.flatnonzero(~protected), max(2, spec.n_stocks * 8 // 100), replace=False)
    first[new] = random.integers(spec.n_days // 10, spec.n_days * 9 // 10, len(new))
    return first


def draw_actions(
    random: np.random.Generator, spec: DemoSpec, days: pd.DatetimeIndex, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Dividends and splits, at most one ex-day per stock and year, from May to July as in the real market."""
    dividend = np.zeros((spec.n_days, spec.n_stocks))
    split = np.ones((spec.n_days, spec.n_stocks))
    for year in np.unique(days.year):
        season = np.flatnonzero((days.year == year) & (days.month >= 5) & (days.month <= 7))
        if len(season) == 0:
            continue
        ex_day = random.choice(season, spec.n_stocks)
        pays, splits = random.random((2, spec.n_stocks)) < [[0.7], [0.2]]
        yields = random.uniform(0.002, 0.04, spec.n_stocks)
        ratios = random.choice([1.2, 1.3, 1.4, 1.5, 2.0], spec.n_stocks)
        seasoned = ex_day > first + 1
        stocks = np.arange(spec.n_stocks)
        dividend[ex_day, stocks] = np.where(pays & seasoned, yields, 0.0)
        split[ex_day, stocks] = np.where(splits & seasoned, ratios, 1.0)
    return dividend, split


def draw_suspensions(random: np.random.Generator, spec: DemoSpec, last: np.ndarray) -> np.ndarray:
    """Suspended days, about 0.7 % of all, in spells of 1 to 15 days; a stock's last day always trades."""
    suspended = np.zeros((spec.n_days, spec.n_stocks), dtype=bool)
    n_spells = max(3, round(spec.n_stocks * spec.n_days / DAYS_A_YEAR * 0.35))
    stocks = random.integers(0, spec.n_stocks, n_spells)
    starts = random.integers(1, spec.n_days, n_spells)
    lengths = np.minimum(random.geometric(0.2, n_spells), 15)
    for stock, start, length in zip(stocks, starts, lengths, strict=True):
        suspended[start : min(start + length, last[stock]), stock] = True
    return suspended
