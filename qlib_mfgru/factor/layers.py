"""Layers of equal size, held from one rebalance to the next: what they earn and what they trade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qlib_mfgru.factor.schedule import Schedule


def assign_layers(factor: np.ndarray, n_layers: int = 10) -> np.ndarray:
    """Split each date's stocks into layers by their factor; every known stock is in exactly one.

    The stock in place k of n (from the least, k = 0 .. n-1) is in layer ``k * n_layers // n``, so sizes differ by one
    at most. Equal factors go by column.

    Parameters
    ----------
    factor : ndarray of shape (n_dates, n_stocks)
    n_layers : int

    Returns
    -------
    ndarray of int16, shape (n_dates, n_stocks)
        0 for the lowest factors, ``n_layers - 1`` for the TOP layer; -1 where the factor is unknown, and on a date with
        fewer stocks than layers.
    """
    known = np.isfinite(factor)
    count = known.sum(axis=1)
    order = np.argsort(factor, axis=1, kind="stable")  # NaN come last
    place = np.arange(factor.shape[1])
    inside = (place < count[:, None]) & (count >= n_layers)[:, None]
    ordered = np.where(inside, place * n_layers // np.maximum(count, 1)[:, None], -1).astype(np.int16)
    layers = np.empty(factor.shape, dtype=np.int16)
    np.put_along_axis(layers, order, ordered, axis=1)
    return layers


@dataclass(frozen=True)
class HeldLayers:
    """The layers, and all their stocks together as a last portfolio, held over all test dates.

    Attributes
    ----------
    days : ndarray of int64, shape (n_held,)
        Positions in the calendar of the days that have returns: a date without layers has none until the next date.
    returns : ndarray of shape (n_held, n_layers + 1)
        Daily, from price to price.
    turnover : ndarray of shape (n_dates, n_layers + 1)
        Two-sided; NaN on dates that build: the first one, those without layers, and those that follow one.
    """

    days: np.ndarray
    returns: np.ndarray
    turnover: np.ndarray

    @classmethod
    def over(cls, layers: np.ndarray, n_layers: int, schedule: Schedule, prices: np.ndarray) -> HeldLayers:
        """Buy the layers of each test date at its entry, and hold them to its exit.

        Parameters
        ----------
        layers : ndarray of shape (n_dates, n_stocks)
            Of `assign_layers`.
        n_layers : int
        schedule : Schedule
        prices : ndarray of shape (n_days, n_stocks)
            Of the entry, over the whole calendar, carried forward.
        """
        days, returns = [np.empty(0, np.int64)], [np.empty((0, n_layers + 1))]
        turnover = np.full((len(layers), n_layers + 1), np.nan)
        drifted: np.ndarray | None = None
        for date, entry, exit_ in schedule.periods():
            if not (layers[date] >= 0).any():
                drifted = None
                continue
            weights = equal_weights(layers[date], n_layers)
            if drifted is not None:
                turnover[date] = two_sided_turnover(drifted, weights)
            holding = Holding.over(weights, prices[entry : exit_ + 1].astype(np.float64))
            drifted = holding.drifted
            returns.append(holding.returns)
            days.append(np.arange(entry + 1, exit_ + 1))
        return cls(np.concatenate(days), np.concatenate(returns), turnover)


def equal_weights(layers: np.ndarray, n_layers: int) -> np.ndarray:
    """Weights of each layer, and of all its stocks together in a last column.

    Parameters
    ----------
    layers : ndarray of shape (n_stocks,)
        One date of `assign_layers`.

    Returns
    -------
    ndarray of shape (n_stocks, n_layers + 1)
        Columns sum to 1.
    """
    weights = np.zeros((len(layers), n_layers + 1))
    held = np.flatnonzero(layers >= 0)
    weights[held, layers[held]] = 1.0
    weights[held, n_layers] = 1.0
    return weights / weights.sum(axis=0)


@dataclass(frozen=True)
class Holding:
    """Portfolios that are bought once and held over a period, without trading and without costs.

    Attributes
    ----------
    returns : ndarray of shape (n_days, n_portfolios)
        Day by day from price to price.
    drifted : ndarray of shape (n_stocks, n_portfolios)
        Weights at the end, as prices have moved them.
    """

    returns: np.ndarray
    drifted: np.ndarray

    @classmethod
    def over(cls, weights: np.ndarray, prices: np.ndarray) -> Holding:
        """Hold `weights` over a period.

        Parameters
        ----------
        weights : ndarray of shape (n_stocks, n_portfolios)
            At the first price; columns sum to 1.
        prices : ndarray of shape (n_days + 1, n_stocks)
            Carried forward where there is no trade; known on the first day where a weight is not 0.
        """
        held = np.flatnonzero(weights.any(axis=1))
        growth = prices[:, held] / prices[0, held]
        value = growth @ weights[held]
        drifted = np.zeros(weights.shape)
        drifted[held] = weights[held] * growth[-1][:, None] / value[-1]
        return cls(value[1:] / value[:-1] - 1, drifted)


def two_sided_turnover(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Buys plus sells of a rebalance as a share of the portfolio's value: 2 where nothing is kept.

    Parameters
    ----------
    before, after : ndarray of shape (n_stocks, n_portfolios)
        Weights just before (drifted) and after.

    Returns
    -------
    ndarray of shape (n_portfolios,)
    """
    return np.abs(after - before).sum(axis=0)
