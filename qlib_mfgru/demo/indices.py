"""The four indices: stocks by size, reconstituted half-yearly, weighted by float capitalisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.demo.bars import Bars
from qlib_mfgru.demo.prices import DailyPath
from qlib_mfgru.demo.universe import Universe
from qlib_mfgru.demo.venue.names import Index

LOOK_BACK = 120
"""Days over which the capitalisation that ranks the stocks is averaged."""
BASE_LEVEL = 1000.0


@dataclass(frozen=True)
class IndexBook:
    """Members and weights of all indices.

    Attributes
    ----------
    indices : tuple of Index
        The largest first.
    bucket : ndarray of int, shape (n_days, n_stocks)
        Position in `indices` of the one that the stock is in on that day, -1 for none.
    weights : ndarray of shape (n_days, n_stocks)
        Weight in that index as a fraction, 0 for none: known before the day opens.
    """

    indices: tuple[Index, ...]
    bucket: np.ndarray
    weights: np.ndarray

    def weight(self, index: int) -> np.ndarray:
        """Weights of the stocks in one index; sums to 1 on every day; shape (n_days, n_stocks)."""
        return np.where(self.bucket == index, self.weights, 0.0)


def float_cap(path: DailyPath) -> np.ndarray:
    """Float market capitalisation at the close, yuan; shape (n_days, n_stocks)."""
    return path.close / 100 * path.shares


def build_indices(indices: tuple[Index, ...], universe: Universe, path: DailyPath, days: pd.DatetimeIndex) -> IndexBook:
    """Choose the members on each reconstitution day, and weight them by the previous close's capitalisation."""
    cap = float_cap(path)
    previous = np.concatenate([universe.float_cap[None], cap[:-1]])
    listed = universe.listed
    bucket = np.full(cap.shape, -1)
    changes = reconstitution_days(days)
    for day, until in zip(changes, [*changes[1:], len(days)], strict=True):
        size = previous[max(0, day - LOOK_BACK) : day + 1].mean(axis=0)
        bucket[day:until] = choose_members(indices, size, listed[day] & ~universe.is_st[day])
    bucket[~listed] = -1
    weights = np.zeros_like(cap)
    for index in range(len(indices)):
        member_cap = np.where(bucket == index, previous, 0.0)
        weights += member_cap / member_cap.sum(axis=1, keepdims=True)
    return IndexBook(indices, bucket, weights)


def reconstitution_days(days: pd.DatetimeIndex) -> list[int]:
    """The first day, and the first trading day on or after each 15 June and 15 December, as positions."""
    dates = [pd.Timestamp(year, month, 15) for year in np.unique(days.year) for month in (6, 12)]
    changes = {int(days.searchsorted(date)) for date in dates if days[0] < date <= days[-1]}
    return sorted({0} | changes)


def choose_members(indices: tuple[Index, ...], size: np.ndarray, eligible: np.ndarray) -> np.ndarray:
    """Cut the eligible stocks, the largest first, into the buckets of `indices`; shape (n_stocks,), -1 for none."""
    ranked = np.argsort(np.where(eligible, -size, np.inf), kind="stable")[: eligible.sum()]
    edges = np.round(np.cumsum([index.share for index in indices]) * len(ranked)).astype(int)
    bucket = np.full(len(size), -1)
    for index, stocks in enumerate(np.split(ranked, edges)[:-1]):
        bucket[stocks] = index
    return bucket


class IndexLevels:
    """Adds up the indices' bars while the stocks' bars pass by, slice after slice."""

    def __init__(self, book: IndexBook, n_bars: int) -> None:
        n_days, n_indices = len(book.bucket), len(book.indices)
        self._book = book
        self._points = np.zeros((n_indices, n_days, n_bars + 1))
        self._volume = np.zeros((n_indices, n_days))
        self._amount = np.zeros((n_indices, n_days))

    def add(self, bars: Bars, path: DailyPath, stocks: slice) -> None:
        """Add the stocks' weighted returns since the previous close, at the open and at each bar's close."""
        points = np.concatenate([bars.open[:, :1], bars.close], axis=1) / path.reference[:, None, stocks] - 1
        traded = path.traded[:, stocks]
        for index in range(len(self._book.indices)):
            weights = self._book.weight(index)[:, stocks] * traded
            self._points[index] += np.einsum("dbs,ds->db", points, weights)
            inside = (weights > 0)[:, None]
            self._volume[index] += (bars.volume * inside).sum(axis=(1, 2))
            self._amount[index] += (bars.amount * inside).sum(axis=(1, 2))

    def daily(self, index: int) -> dict[str, np.ndarray]:
        """Daily fields of one index, each of shape (n_days,); the level before the first day is `BASE_LEVEL`.

        High and low are those of the open and the bars' closes.
        """
        returns = self._points[index]
        closes = BASE_LEVEL * np.cumprod(1 + returns[:, -1])
        levels = np.concatenate([[BASE_LEVEL], closes[:-1]])[:, None] * (1 + returns)
        return {
            "open": levels[:, 0],
            "high": levels.max(axis=1),
            "low": levels.min(axis=1),
            "close": closes,
            "volume": self._volume[index],
            "amount": self._amount[index],
            "factor": np.ones(len(closes)),
        }
