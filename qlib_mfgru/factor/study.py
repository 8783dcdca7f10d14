"""The test itself: from scores to ICs, layer returns and turnover of each pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.ic import pearson_ic, rank_autocorrelation, rank_ic
from qlib_mfgru.factor.layers import Holding, assign_layers, equal_weights, two_sided_turnover
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.factor.stage import Stage
from qlib_mfgru.report.scores import as_series, on_axes


@dataclass(frozen=True)
class PoolTest:
    """What one pool gives.

    Attributes
    ----------
    counts : DataFrame
        `Universe.counts`: a row a test date. Dates with fewer stocks than layers appear here only.
    ic, rank_ic : Series
        By test date, of the preprocessed factor with the return to the next deal.
    autocorrelation : Series
        Of the factor's ranks with those of the test date before.
    decay : DataFrame
        RankIC by test date, a column for each horizon in trading days from the deal.
    returns : DataFrame
        Daily returns, gross of costs: columns 1 (lowest factors) .. n_layers (TOP), indexed by day.
    pool_returns : Series
        Those of all the pool's stocks, equally weighted at each rebalance: the benchmark.
    turnover : DataFrame
        Two-sided, by test date, columns as in `returns`; the first date, and one after a date without layers, build
        and are NaN.
    """

    counts: pd.DataFrame
    ic: pd.Series
    rank_ic: pd.Series
    autocorrelation: pd.Series
    decay: pd.DataFrame
    returns: pd.DataFrame
    pool_returns: pd.Series
    turnover: pd.DataFrame

    @property
    def layers(self) -> list[int]:
        """1 (lowest factors) .. n_layers (TOP)."""
        return [int(layer) for layer in self.returns.columns]


@dataclass(frozen=True)
class FactorTest:
    """Results of all pools, and what they were made of.

    Attributes
    ----------
    settings : FactorTestSettings
    dates : DatetimeIndex
        Test dates.
    unfinished : int
        Test dates without an end of their holding period in the calendar.
    pools : dict of str to PoolTest
    """

    settings: FactorTestSettings
    dates: pd.DatetimeIndex
    unfinished: int
    pools: dict[str, PoolTest]


def run_factor_test(scores: Any, settings: FactorTestSettings) -> FactorTest:
    """Test a prediction in every pool, on the initialised provider.

    Parameters
    ----------
    scores : DataFrame or Series over (datetime, instrument)
        As pred.pkl is; the first column counts.
    settings : FactorTestSettings

    Raises
    ------
    InputError
        A bad prediction, a pool or field that the provider lacks, no date to test.
    """
    series = as_series(scores)
    stamps = series.index.get_level_values("datetime")
    stage = Stage.set_up(settings, stamps.min(), stamps.max())
    dense = on_axes(series, stage.dates, stage.stocks)
    pools = {pool: evaluate(stage, dense, pool) for pool in tqdm(settings.pools, desc="factor test", unit="pool")}
    return FactorTest(settings, stage.dates, stage.schedule.unfinished, pools)


def evaluate(stage: Stage, scores: np.ndarray, pool: str) -> PoolTest:
    """Test scores of shape (n_dates, n_stocks) in one pool."""
    columns, factor, counts = pool_factor(stage, scores, pool)
    schedule, dates = stage.schedule, stage.dates
    returns = stage.growth(schedule.entry, schedule.exit, columns)
    decay = {
        horizon: rank_ic(factor, stage.growth(schedule.entry, schedule.entry + horizon, columns))
        for horizon in stage.settings.horizons
    }
    daily, turnover = hold_layers(stage, factor, columns)
    return PoolTest(
        counts,
        pd.Series(pearson_ic(factor, returns), dates, name="ic"),
        pd.Series(rank_ic(factor, returns), dates, name="rank_ic"),
        pd.Series(rank_autocorrelation(factor), dates, name="rank_autocorrelation"),
        pd.DataFrame(decay, dates),
        daily.drop(columns="pool"),
        daily["pool"],
        turnover,
    )


def pool_factor(stage: Stage, scores: np.ndarray, pool: str) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """The preprocessed factor of a pool's stocks.

    Returns
    -------
    columns : ndarray of int64, shape (n_columns,)
        Stocks that take part on any date.
    factor : ndarray of shape (n_dates, n_columns)
        NaN where a stock takes no part, and on dates with fewer stocks than layers.
    counts : DataFrame
        `Universe.counts`.

    Raises
    ------
    InputError
        If no date has as many stocks as there are layers.
    """
    universe = stage.universe(pool, scores)
    enough = universe.kept.sum(axis=1) >= stage.settings.n_layers
    if not enough.any():
        most = int(universe.counts["kept"].max())
        raise InputError(
            f"{pool} has at most {most} stocks on a test date, too few for {stage.settings.n_layers} layers: set "
            "n_layers lower or leave the pool out"
        )
    kept = universe.kept & enough[:, None]
    columns = np.flatnonzero(kept.any(axis=0))
    factor = stage.preprocess(np.where(kept[:, columns], scores[:, columns], np.nan), columns)
    return columns, factor, universe.counts


def hold_layers(stage: Stage, factor: np.ndarray, columns: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Daily returns (columns 1 .. n_layers and ``pool``) and turnover (1 .. n_layers) of the layers.

    Dates without layers have no returns until the next date.
    """
    n_layers = stage.settings.n_layers
    layers = assign_layers(factor, n_layers)
    names: list[Any] = [*range(1, n_layers + 1), "pool"]
    parts, days = [], []
    turnover = np.full((len(factor), n_layers + 1), np.nan)
    drifted: np.ndarray | None = None
    for date, entry, exit_ in stage.schedule.periods():
        if not (layers[date] >= 0).any():
            drifted = None
            continue
        weights = equal_weights(layers[date], n_layers)
        if drifted is not None:
            turnover[date] = two_sided_turnover(drifted, weights)
        holding = Holding.over(weights, stage.prices[entry : exit_ + 1, columns].astype(np.float64))
        drifted = holding.drifted
        parts.append(holding.returns)
        days.append(stage.days[entry + 1 : exit_ + 1])
    returns = np.concatenate([np.empty((0, n_layers + 1)), *parts])
    index = pd.DatetimeIndex(np.concatenate([np.empty(0, dtype="datetime64[ns]"), *days]), name="datetime")
    daily = pd.DataFrame(returns, index, names)
    return daily, pd.DataFrame(turnover[:, :n_layers], stage.dates, names[:n_layers])
