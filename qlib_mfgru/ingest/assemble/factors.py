"""Adjustment factors on the calendar: the vendor's by day, a table's, or those that previous closes make up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from qlib_mfgru.ingest.assemble.conventions import Conventions
from qlib_mfgru.ingest.assemble.on_calendar import day_values, step_values
from qlib_mfgru.ingest.read.spool import ALWAYS, StockRows
from qlib_mfgru.provider.boards import RULES, ordinary_ratio
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.provider.judge import WILD
from qlib_mfgru.provider.judge.moves.moves import LIMIT_MARGIN
from qlib_mfgru.provider.judge.moves.spikes import FREE_DAYS, TICKS

_HALF_TICK, _HALF_TICK_OF_OTHERS, _ROUNDING = 0.005, 0.0005, 1e-9
"""Of prices in cents, and of those of funds and the like in tenths of a cent."""
_SPARSE, _CHANGING = 0.2, 0.5
"""A table with fewer rows a day than the one, most of which change the factor, is one of events."""
_LEAST, _DENSE, _FRESH = 5, 0.5, 5
"""Factors that show how often there is one; their share of the days from which on it is one a day; days in a row for
which a table of such may not be there yet."""


def factor_on_calendar(
    rows: StockRows, daily: Mapping[str, np.ndarray], days: np.ndarray, conventions: Conventions, board: str | None
) -> np.ndarray:
    """Factor of each day, NaN where unknown; shape (n_days,).

    One from the daily rows holds until the next row, but not beyond the last one: an ex-date that nobody reports
    would turn into a false return. A table of factors is a list of changes, and the last one stays valid; if it is one
    of events, the factor is 1 before the first, and for a stock without any.

    Parameters
    ----------
    rows : StockRows
    daily : mapping of str to ndarray of shape (n_days,)
        The stock's daily rows on the calendar, with the fields ``factor``, ``close`` and ``prev_close``.
    days : ndarray of shape (n_days,)
        The calendar, in days since 1970.
    conventions : Conventions
    board : str, optional
        A key of `boards.RULES`.
    """
    if conventions.factorless:
        return np.ones(len(days))
    if conventions.factor_from_closes:
        made = day_values(rows.values["made"], days)
        factor = factor_of_closes(daily["close"], daily["prev_close"], board, made)
    else:
        factor = np.where(daily["factor"] > 0, daily["factor"], np.nan)
    n_reported = int(np.searchsorted(days, rows.daily["when"][-1])) + 1 if len(rows.daily) else 0
    factor[:n_reported] = carried_forward(factor[:n_reported])
    factor[n_reported:] = np.nan
    if not conventions.factor_table:
        return factor
    table = step_values(rows.values["factor"], days)
    if conventions.factor_events and np.isnan(factor).all():
        table = np.where(np.isnan(table), 1.0, table)
    return np.where(np.isnan(factor), table, factor)


def held_factor(
    rows: StockRows, daily: Mapping[str, np.ndarray], days: np.ndarray, conventions: Conventions
) -> np.ndarray | None:
    """Days with trade whose factor is that of a day before, though the vendor gives one a day; of shape (n_days,).

    None where it gives them by change or by event, and where the factor is none of the vendor's; parameters are those
    of `factor_on_calendar`.
    """
    given = daily["factor"] > 0
    is_table = conventions.factor_table and not given.any()
    if conventions.factorless or conventions.factor_from_closes or (is_table and conventions.factor_events):
        return None
    if is_table:
        given = np.isin(days, rows.values["factor"]["when"])
    known = np.flatnonzero(given)
    asked = daily["volume"] > 0 if len(rows.daily) else np.ones(len(days), dtype=bool)
    if len(known) < _LEAST or len(known) <= _DENSE * np.count_nonzero((asked | given)[known[0] : known[-1] + 1]):
        return None
    held = asked & ~given
    held[: known[0]] = False
    if is_table:
        held[known[-1] : known[-1] + 1 + _FRESH] = False
    return held


def same_price(board: str | None) -> float:
    """Yuan by which a rounded previous close may miss the last close on a `board` without any event between."""
    return (_HALF_TICK_OF_OTHERS if board == "other" else _HALF_TICK) + _ROUNDING


def factor_of_closes(
    close: np.ndarray, prev_close: np.ndarray, board: str | None = None, made: np.ndarray | None = None
) -> np.ndarray:
    """The running product of ``close(t-1) / prev_close(t)``, 1 on a stock's first day; shape (n_days,).

    `prev_close` is the exchange's, ex-rights; ``close(t-1)`` is the last one known. Where they are the `same_price`, or
    where `prev_close` is missing, the factor stays. So it does after days without a row where `prev_close` is above the
    last close: no payout raises a price, so it is the close of a row that is missing. Shares of boards without rules,
    funds among them, may be merged.

    Parameters
    ----------
    close, prev_close : ndarray of shape (n_days,)
        Raw; NaN on days without a row.
    board : str, optional
        A key of `boards.RULES`.
    made : ndarray of shape (n_days,), optional
        The product as it is known already, up to some day; NaN elsewhere.
    """
    known, before = close > 0, _last_close(close)
    moved = known & (prev_close > 0) & (np.abs(before - prev_close) > same_price(board))
    if board and RULES[board]:
        moved &= (prev_close < before) | (np.append(np.nan, close[:-1]) > 0)
    ratio = np.divide(before, prev_close, out=np.ones(len(close)), where=moved)
    if made is not None and len(given := np.flatnonzero(~np.isnan(made))):
        ratio[: given[-1]], ratio[given[-1]] = 1.0, made[given[-1]]
        product = np.where(np.isnan(made), np.cumprod(ratio), made)
    else:
        product = np.cumprod(ratio)
    return np.where(known | (before > 0), product, np.nan)


def possible_previous(close: np.ndarray, prev_close: np.ndarray) -> np.ndarray:
    """`prev_close`, NaN where it is `WILD` times both the day's and the last close, or less by as much."""
    if np.isnan(prev_close).all():
        return prev_close
    before = _last_close(close)
    near = [(prev_close < price * WILD) & (prev_close > price / WILD) for price in (before, close)]
    return np.where(np.isnan(before) | np.any(near, axis=0), prev_close, np.nan)


def followed_previous(days: np.ndarray, close: np.ndarray, prev_close: np.ndarray, board: str | None) -> np.ndarray:
    """`prev_close`, NaN where no limit lets the day's close follow it, but the last close.

    Not on a stock's first days, and not after days without a row, where there may be no limit.

    Parameters
    ----------
    days : ndarray of shape (n_days,)
        ``datetime64[D]``.
    close, prev_close : ndarray of shape (n_days,)
        Raw; NaN on days without a row.
    board : str, optional
        A key of `boards.RULES`.
    """
    before, limit = np.append(np.nan, close[:-1]), ordinary_ratio(days, board) + LIMIT_MARGIN
    has_limit = np.cumsum(close > 0) > FREE_DAYS
    follows, follows_last = (np.abs(close - price) <= limit * price + TICKS for price in (prev_close, before))
    return np.where(has_limit & follows_last & ~follows, np.nan, prev_close)


def _last_close(close: np.ndarray) -> np.ndarray:
    """The last close known before each day; shape (n_days,)."""
    return np.append(np.nan, carried_forward(np.where(close > 0, close, np.nan))[:-1])


def is_event_table(stocks: Iterable[StockRows], days: np.ndarray) -> bool:
    """Whether dated factors are a list of events: far fewer than days between the first and the last, and changing.

    Stocks with less than two rows say nothing.
    """
    n_steps = n_changes = n_days = 0
    for rows in stocks:
        table = rows.values["factor"]
        table = table[table["when"] > ALWAYS]
        if len(table) > 1:
            n_steps += len(table) - 1
            n_changes += int((np.diff(table["value"]) != 0).sum())
            n_days += int(np.diff(np.searchsorted(days, table["when"][[0, -1]]))[0])
    return n_steps > 0 and n_steps < _SPARSE * n_days and n_changes > _CHANGING * n_steps
