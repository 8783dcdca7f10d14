"""Weights of an index's members, carried from day to day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import WeightInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.read.tables import FULL_WEIGHT
from qlib_mfgru.ingest.write.stocks import StoredStocks

STALE = 31
"""Days before the calendar up to which the last weights before it still hold on its first day."""


def write_weights(
    stocks: StoredStocks, weights: VendorInput[WeightInput], table: pd.DataFrame, member: np.ndarray | None
) -> pd.Series:
    """Write ``$<market>_weight`` of the stocks that are here.

    Parameters
    ----------
    table : DataFrame
        Known weights, as `read_weights` gives them.
    member : ndarray of shape (n_days, n_stocks), bool, optional
        Whether a stock may have a weight, in the order of `stocks.codes`; by default on all days.

    Returns
    -------
    Series of length n_days
        Share of the index that the stocks here hold, by date, as known last; NaN before that.

    Raises
    ------
    InputError
        If no weight is of a stock here, or none of a day of the calendar.
    """
    codes = [code for code in sorted(stocks.closes) if code in table.columns]
    _check_usable(weights, table, codes, stocks.days)
    weights.warn("stocks left out: no price data", table.shape[1] - len(codes))
    known_weights, positions = on_calendar(table[codes], stocks.days)
    close = np.column_stack([stocks.closes[code] for code in codes])
    allowed = np.ones(close.shape, bool) if member is None else member[:, np.searchsorted(stocks.codes, codes)]
    _count_strangers(weights, known_weights > 0, ~allowed[positions], codes, stocks.days[positions])
    daily = drift_weights(known_weights, positions, close, allowed, carry=weights.source.carry)
    for code, values in zip(codes, daily.T, strict=True):
        span = np.flatnonzero(~np.isnan(values))
        if len(span):
            fields = {f"{weights.market}_weight": values[span[0] : span[-1] + 1]}
            stocks.writer.write_features(code, "day", int(span[0]), fields)
    last = day_text(stocks.days[positions[-1]])
    weights.note(
        f"known on {len(positions)} days up to {last}, moved with prices in between"
        f"{' and on to the end of the calendar' if weights.source.carry else ''}, at a constant total: that of the "
        f"stocks here, which hold {np.nansum(known_weights[-1]):.1%} of the index on {last}"
    )
    if member is not None:
        weighted = {code for code, weight in zip(codes, daily[-1], strict=True) if weight > 0}
        members = {code for code, is_member in zip(stocks.codes, member[-1], strict=True) if is_member}
        without = sorted(members - weighted)
        ended = len(stocks.days) - 1 > positions[-1] and not weights.source.carry
        hint = f" (the table ends on {last}; carry: true goes on with prices)" if ended else ""
        weights.warn(f"members of the last day without a weight{hint}", len(without), without)
    shares, positions = on_calendar(_held(table, codes), stocks.days)
    return pd.Series(shares[:, 0], index=stocks.writer.days[positions]).reindex(stocks.writer.days, method="ffill")


def _check_usable(weights: VendorInput[WeightInput], table: pd.DataFrame, codes: list[str], days: np.ndarray) -> None:
    """Refuse weights that are of no stock here, or of no day of the calendar."""
    files, first, last = ", ".join(path.name for path in weights.paths), table.index[0], table.index[-1]
    dated = f"{files} ({day_text(first)} .. {day_text(last)})"
    if first > days[-1] or last < days[0] - STALE:
        raise InputError(
            f"{weights.name}: no weight in {dated} is of the calendar, {day_text(days[0])} .. {day_text(days[-1])}"
        )
    if not codes:
        raise InputError(f"{weights.name}: no stock in {dated} has price data (e.g. {', '.join(table.columns[:3])})")


def _count_strangers(
    weights: VendorInput[WeightInput], weighted: np.ndarray, outside: np.ndarray, codes: list[str], days: np.ndarray
) -> None:
    """Count known weights of stocks that are no members that day; both masks of shape (n_known, n_stocks)."""
    cases = np.argwhere(weighted & outside)
    named = (f"{codes[stock]} {day_text(days[row])}" for row, stock in cases)
    weights.warn("known weights of stocks that are no members that day, kept on that day only", len(cases), named)


def _held(table: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    """Weights of the stocks here as a share of the index, by date; a list of part of it does not hold all."""
    total = table.sum(axis=1)
    return (table[codes].sum(axis=1) / total.where(total >= FULL_WEIGHT[0], 1.0)).to_frame()


def drift_weights(
    known_weights: np.ndarray, positions: np.ndarray, close: np.ndarray, allowed: np.ndarray, *, carry: bool
) -> np.ndarray:
    """Daily weights between and after the known ones: moved with prices, at an unchanged total.

    On day t after a known date k, ``w_i(t) = S_k * w_i(k) C_i(t) / C_i(k) / sum_j w_j(k) C_j(t) / C_j(k)``, with C the
    adjusted close, S_k the total weight at k of the stocks here, and the sum over those that are still allowed.

    Parameters
    ----------
    known_weights : ndarray of shape (n_known, n_stocks)
        NaN or 0 for stocks outside the index.
    positions : ndarray of shape (n_known,)
        Position in the calendar of the day from which each row holds, ascending.
    close : ndarray of shape (n_days, n_stocks)
        Adjusted closes, the last one carried over days without trade.
    allowed : ndarray of shape (n_days, n_stocks)
        Whether a stock may have a weight, e.g. is a member.
    carry : bool
        Go on after the last known weights, to the end of the calendar.

    Returns
    -------
    ndarray of shape (n_days, n_stocks)
        NaN where a stock has no weight.
    """
    weights = np.full(close.shape, np.nan)
    ends = np.append(positions[1:], len(close) if carry else positions[-1] + 1)
    for row, start, end in zip(known_weights, positions, ends, strict=True):
        if end <= start:
            continue
        row = np.where(row > 0, row, np.nan)
        moved = row * close[start:end] / close[start]
        moved[~allowed[start:end]] = np.nan
        moved[0] = row
        total = np.nansum(moved, axis=1, keepdims=True)
        weights[start:end] = np.nansum(row) * moved / np.where(total > 0, total, np.nan)
    return weights


def on_calendar(table: pd.DataFrame, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Known weights, and the position in the calendar of the first day on or after each date.

    Dates after the calendar are left out; of several that fall on one day the last one counts.
    """
    positions = np.searchsorted(days, table.index.to_numpy())
    inside = positions < len(days)
    table, positions = table[inside], positions[inside]
    last = np.append(positions[1:] != positions[:-1], True)[: len(positions)]
    return table.to_numpy(dtype="f8")[last], positions[last]
