"""``run_factor_test``: from scores to the ICs, layer returns and turnover of each pool."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from qlib.log import get_module_logger
from tqdm.auto import tqdm

from qlib_mfgru.factor.exclusions import EligibleStocks
from qlib_mfgru.factor.ic import pearson_ic, rank_autocorrelation, rank_ic
from qlib_mfgru.factor.inputs import FactorTestInputs, too_small
from qlib_mfgru.factor.layers import HeldLayers, assign_layers
from qlib_mfgru.factor.preprocess import preprocess
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.provider.reader import market_session, provider_name
from qlib_mfgru.provider.session import Session
from qlib_mfgru.report.scores import as_series, equal_days, on_axes
from qlib_mfgru.report.show.shown import Shown, View


@dataclass(frozen=True, repr=False)
class PoolTest:
    """What one pool gives.

    Attributes
    ----------
    counts : DataFrame
        `EligibleStocks.counts`: one row per test date. Dates with fewer stocks than layers appear here only.
    ic, rank_ic : Series
        By test date, of the preprocessed factor with the return from its entry to its exit.
    autocorrelation : Series
        Of the factor's ranks with those of the test date before.
    decay : DataFrame
        RankIC by test date, a column for each horizon in trading days from the entry: with the return from the entry to
        the horizon.
    returns : DataFrame
        Daily returns, gross of costs: columns 1 (lowest factors) .. n_layers (TOP), indexed by day.
    pool_returns : Series
        Those of all the pool's stocks, equally weighted at each rebalance: the benchmark.
    turnover : DataFrame
        Two-sided, by test date, columns as in `returns`; the first date, and one after a date without layers, build
        and are NaN.
    marginal : DataFrame
        As `decay`, but with the return from the horizon before to this one; the first is from the entry.
    """

    counts: pd.DataFrame
    ic: pd.Series
    rank_ic: pd.Series
    autocorrelation: pd.Series
    decay: pd.DataFrame
    returns: pd.DataFrame
    pool_returns: pd.Series
    turnover: pd.DataFrame
    marginal: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def n_without_ic(self) -> int:
        """Test dates with layers but without a RankIC: all stocks have the same factor, and layers go by code."""
        return int((self.rank_ic.isna() & self._has_layers).sum())

    @property
    def by_code(self) -> bool:
        """Whether the layers go by code on more than half of their dates: what they earn is then none of the factor."""
        return 2 * self.n_without_ic > int(self._has_layers.sum())

    @property
    def _has_layers(self) -> pd.Series:
        return self.counts["kept"] >= self.layers[-1]

    def __repr__(self) -> str:
        mean = self.rank_ic.mean()
        return f"<PoolTest of {len(self.counts)} dates, {len(self.layers)} layers: mean RankIC {mean:.2%}>"

    @property
    def layers(self) -> list[int]:
        """1 (lowest factors) .. n_layers (TOP)."""
        return [int(layer) for layer in self.returns.columns]


@dataclass(frozen=True, repr=False)
class FactorTest(Shown):
    """Results of all pools, and what they were made of.

    Attributes
    ----------
    model : str
        What tables call the prediction's model.
    settings : FactorTestSettings
    dates : DatetimeIndex
        Test dates.
    unfinished : int
        Test dates without an end of their holding period in the calendar.
    pools : dict of str to PoolTest
    session : Session
        Of the market: its trading days a year make the annual figures.
    source : str
        The provider of the data, as charts name it.
    compared : tuple of FactorTest
        The same scores at each of the settings' `compare_entries`.
    """

    model: str
    settings: FactorTestSettings
    dates: pd.DatetimeIndex
    unfinished: int
    pools: dict[str, PoolTest]
    session: Session
    source: str = ""
    compared: tuple[FactorTest, ...] = ()

    @property
    def days(self) -> pd.DatetimeIndex:
        """Trading days of the layers' returns: of the pool that has most."""
        return max((pd.DatetimeIndex(pool.returns.index) for pool in self.pools.values()), key=len)

    def overlapping(self, horizon: int) -> int:
        """The most test dates after one that fall into its return over a horizon of trading days."""
        at = self.days.searchsorted(self.dates, side="right")
        at[0] -= self.settings.trade.days  # the days of returns begin after the first entry
        return int((at.searchsorted(at + horizon) - np.arange(1, len(at) + 1)).max())

    def view(self) -> View:
        """Its summary and the layers' curves."""
        from qlib_mfgru.factor.results.shown import view  # tables and plots are made of results

        return view(self)


def run_factor_test(scores: Any, settings: FactorTestSettings, model: str = "factor") -> FactorTest:
    """Test a prediction in every pool, on the initialised provider.

    Parameters
    ----------
    scores : DataFrame or Series over (datetime, instrument)
        As pred.pkl is; the first column counts.
    settings : FactorTestSettings
    model : str
        What tables call the prediction's model.

    Raises
    ------
    InputError
        A bad prediction, a pool or field that the provider lacks, no date to test.
    """
    series = as_series(scores)
    test = _run(series, settings, model)
    return replace(test, compared=tuple(_run(series, other, model) for other in settings.compared))


def _run(series: pd.Series, settings: FactorTestSettings, model: str) -> FactorTest:
    """Test at one entry."""
    stamps = series.index.get_level_values("datetime")
    inputs = FactorTestInputs.read(settings, stamps.min(), stamps.max())
    dense = on_axes(series, inputs.dates, inputs.stocks)
    pools = {pool: _test(pool, inputs, dense) for pool in tqdm(settings.pools, desc="factor test", unit="pool")}
    unfinished, session = inputs.schedule.unfinished, market_session()
    return FactorTest(model, settings, inputs.dates, unfinished, pools, session, provider_name())


def _test(pool: str, inputs: FactorTestInputs, scores: np.ndarray) -> PoolTest:
    """Test scores of shape (n_dates, n_stocks) in one pool."""
    factor = PoolFactor.of(pool, inputs, scores)
    factor.warn_of_equals(inputs.dates)
    entry, exit_, dates = inputs.schedule.entry, inputs.schedule.exit, inputs.dates
    returns = inputs.returns(entry, exit_, factor.columns)
    decay, marginal = _by_horizon(factor, inputs)
    n_layers = inputs.settings.n_layers
    layers = assign_layers(factor.values, n_layers)
    held = HeldLayers.over(layers, n_layers, inputs.schedule, inputs.prices[:, factor.columns])
    days, names = inputs.days[held.days].rename("datetime"), list(range(1, n_layers + 1))
    return PoolTest(
        counts=factor.counts,
        ic=pd.Series(pearson_ic(factor.values, returns), dates, name="ic"),
        rank_ic=pd.Series(rank_ic(factor.values, returns), dates, name="rank_ic"),
        autocorrelation=pd.Series(rank_autocorrelation(factor.values), dates, name="rank_autocorrelation"),
        decay=decay,
        returns=pd.DataFrame(held.returns[:, :-1], days, names),
        pool_returns=pd.Series(held.returns[:, -1], days, name="pool"),
        turnover=pd.DataFrame(held.turnover[:, :-1], dates, names),
        marginal=marginal,
    )


def _by_horizon(factor: PoolFactor, inputs: FactorTestInputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`PoolTest.decay` and `PoolTest.marginal`."""
    entry, horizons = inputs.schedule.entry, sorted(inputs.settings.horizons)

    def with_return(begin: int, end: int) -> np.ndarray:
        return rank_ic(factor.values, inputs.returns(entry + begin, entry + end, factor.columns))

    whole = {horizon: with_return(0, horizon) for horizon in inputs.settings.horizons}
    stretches = {horizons[0]: whole[horizons[0]]} | {end: with_return(begin, end) for begin, end in pairwise(horizons)}
    return pd.DataFrame(whole, inputs.dates), pd.DataFrame(stretches, inputs.dates)


@dataclass(frozen=True)
class PoolFactor:
    """The preprocessed factor of a pool's stocks.

    Attributes
    ----------
    pool : str
    columns : ndarray of int64, shape (n_columns,)
        Stocks that take part on any date.
    values : ndarray of shape (n_dates, n_columns)
        NaN where a stock takes no part, and on dates with fewer stocks than layers.
    counts : DataFrame
        `EligibleStocks.counts`.
    """

    pool: str
    columns: np.ndarray
    values: np.ndarray
    counts: pd.DataFrame

    @classmethod
    def of(cls, pool: str, inputs: FactorTestInputs, scores: np.ndarray) -> PoolFactor:
        """Exclude stocks and preprocess the scores, (n_dates, n_stocks), of those that are left.

        Raises
        ------
        InputError
            If no date has as many stocks as there are layers.
        """
        settings = inputs.settings
        rules = {**inputs.excluded, "no score": np.isnan(scores)}
        eligible = EligibleStocks.among(inputs.members[pool], rules, inputs.dates)
        enough = eligible.mask.sum(axis=1) >= settings.n_layers
        if not enough.any():
            raise too_small(pool, f"{eligible.counts['kept'].max()} stocks on a test date", settings.n_layers)
        mask = eligible.mask & enough[:, None]
        columns = np.flatnonzero(mask.any(axis=0))
        exposures = {name: values[:, columns] for name, values in inputs.exposures.items()}
        values = preprocess(np.where(mask[:, columns], scores[:, columns], np.nan), settings.winsorize, exposures)
        return cls(pool, columns, values, eligible.counts)

    def warn_of_equals(self, dates: pd.DatetimeIndex) -> None:
        """Warn of dates on which all factors are equal, so that there is no IC and layers go by code.

        It may hold on all dates of a small pool, whose stocks are each alone in an industry: the other pools go on.
        """
        scored, equal = np.isfinite(self.values).any(axis=1), equal_days(self.values)
        if not equal.any():
            return
        get_module_logger("mfgru").warning(
            f"{self.pool}: all stocks have the same factor on {equal.sum()} of {scored.sum()} test dates, the first of "
            f"them {dates[equal][0]:%Y-%m-%d}: these have no IC, and their layers go by code"
        )
