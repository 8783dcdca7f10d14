"""Tables and series of a factor test, each registered with the file and the heading that it gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.factor.entry import DEFAULT_ENTRY
from qlib_mfgru.factor.ic import ICStatistics
from qlib_mfgru.factor.results.conventions import absent_rules, heading, notes, printed
from qlib_mfgru.factor.results.doubts import doubts
from qlib_mfgru.factor.study import FactorTest, PoolTest
from qlib_mfgru.report import measures
from qlib_mfgru.report.markdown import numbers_as
from qlib_mfgru.report.outputs import Outputs
from qlib_mfgru.report.published import beside, published
from qlib_mfgru.report.record import scalars
from qlib_mfgru.report.significance import newey_west_t

outputs: Outputs[FactorTest] = Outputs()

SUMMARY_COLUMNS = tuple(published("factor_tests").columns)
"""Columns of the Huatai report's figures 15 and 24. In a table of ours `figure` is empty."""
_OF_TOP = ("annual_excess", "information_ratio", "monthly_win_rate", "turnover")
"""Measures of the TOP layer in these columns."""


@outputs.table("summary.csv")
def summary(test: FactorTest) -> pd.DataFrame:
    """The Huatai report's table of this run: one row per pool, `SUMMARY_COLUMNS`.

    Figures of a TOP layer that mostly goes by code (`PoolTest.by_code`) are NaN.
    """
    rows = []
    for pool, result in test.pools.items():
        ic, top = ICStatistics.of(result.rank_ic), _measures(test, result, _top(result))
        of_top = [np.nan if result.by_code else top[name] for name in _OF_TOP]
        rows.append((pool.upper(), test.model, ic.mean, ic.std, ic.ir, ic.positive_share, *of_top, pd.NA))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def by_entry(test: FactorTest) -> pd.DataFrame:
    """`summary` with t (NW) and the number of dates, of the test and of those that are compared.

    A column says at which entry, unless all buy at the usual one.
    """
    frames = [
        summary(each)
        .assign(entry=each.settings.entry)
        .merge(statistics(each)[["pool", "rank_ic_t_nw", "n_dates"]], on="pool")
        for each in (test, *test.compared)
    ]
    rows = pd.concat(frames, ignore_index=True)
    return rows.drop(columns="entry") if set(rows["entry"]) == {DEFAULT_ENTRY} else rows


def entry_behind_model(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `by_entry` among others, with the column of the entry, if there is one, behind that of the model."""
    if "entry" not in rows:
        return rows
    others = list(rows.columns.drop("entry"))
    place = others.index("model") + 1
    return rows[[*others[:place], "entry", *others[place:]]]


@outputs.table("comparison.csv", heading=heading, notes=notes)
def comparison(test: FactorTest) -> pd.DataFrame:
    """The Huatai report's models and this run, pool by pool; pools and markets that the report lacks stand alone."""
    ours = by_entry(test)
    both = entry_behind_model(beside(printed(test), ours))
    both["pool"] = pd.Categorical(both["pool"], list(dict.fromkeys(ours["pool"])), ordered=True)
    both["n_dates"] = both["n_dates"].astype("Int64")
    return both.sort_values("pool", kind="stable").reset_index(drop=True)


@outputs.table("statistics.csv", heading="More statistics")
def statistics(test: FactorTest) -> pd.DataFrame:
    """What else is known of each pool: one row per pool."""
    return pd.DataFrame([{"pool": pool.upper(), **_statistics(test, result)} for pool, result in test.pools.items()])


def _statistics(test: FactorTest, result: PoolTest) -> dict[str, Any]:
    rank, linear = ICStatistics.of(result.rank_ic), ICStatistics.of(result.ic)
    spread, year = long_short(result), test.session.days_per_year
    return {
        "rank_ic_t": rank.t_statistic,
        "rank_ic_t_nw": rank.t_newey_west,
        "ic_mean": linear.mean,
        "ic_std": linear.std,
        "icir": linear.ir,
        "ic_t": linear.t_statistic,
        "ic_t_nw": linear.t_newey_west,
        "rank_autocorrelation": float(result.autocorrelation.mean()),
        "long_short_return": measures.annual_return(spread, year),
        "long_short_sharpe": measures.sharpe(spread, year),
        "n_dates": len(_tested(result)),
        "n_dates_too_small": len(result.counts) - len(_tested(result)),
        "mean_stocks": float(_tested(result)["kept"].mean()),
    }


@outputs.table("layers.csv", heading="Layers", notes=doubts)
def layers(test: FactorTest) -> pd.DataFrame:
    """All measures of all layers, from 1 (lowest factors) to the TOP layer, then long-short: one row each."""
    rows = []
    for pool, result in test.pools.items():
        rows += [{"pool": pool.upper(), "layer": layer, **_measures(test, result, layer)} for layer in result.layers]
        of_spread = measures.of_returns(long_short(result), test.session.days_per_year)
        traded = result.turnover[[1, _top(result)]].mean().sum()
        rows.append({"pool": pool.upper(), "layer": "long_short", **of_spread, "turnover": traded})
    return pd.DataFrame(rows)


@outputs.table(heading="Mean RankIC by horizon in trading days", formats=numbers_as(".2%"))
def decay(test: FactorTest) -> pd.DataFrame:
    """Mean RankIC by horizon in trading days: one row per pool."""
    means = {pool.upper(): result.decay.mean() for pool, result in test.pools.items()}
    return pd.DataFrame(means).T.rename_axis("pool").reset_index()


@outputs.table(heading="RankIC t (NW) by horizon in trading days", formats=numbers_as(".2f"))
def decay_t(test: FactorTest) -> pd.DataFrame:
    """t of the mean RankIC by horizon, whose returns overlap where it is longer than the time between test dates."""
    horizons = test.settings.horizons
    t_values = {
        pool.upper(): {days: newey_west_t(result.decay[days], test.overlapping(days)) for days in horizons}
        for pool, result in test.pools.items()
    }
    return pd.DataFrame(t_values).T.rename_axis("pool").reset_index()


@outputs.table(heading="Mean RankIC of each stretch of trading days alone", formats=numbers_as(".2%"))
def marginal(test: FactorTest) -> pd.DataFrame:
    """Mean RankIC with the return between one horizon and the next: one row per pool."""
    stretches = test.settings.stretches
    means = {
        pool.upper(): result.marginal.reindex(columns=list(stretches)).mean() for pool, result in test.pools.items()
    }
    return pd.DataFrame(means).T.rename(columns=stretches).rename_axis("pool").reset_index()


@outputs.table("exclusions.csv", heading="Stocks per test date, by reason of exclusion", formats=numbers_as(".1f"))
def exclusions(test: FactorTest) -> pd.DataFrame:
    """Stocks per test date, by rule that the market has: means over all test dates, one row per pool."""
    means = {pool.upper(): _counts(test, result).mean() for pool, result in test.pools.items()}
    return pd.DataFrame(means).T.rename_axis("pool").reset_index()


@outputs.pickle("ic.pkl")
def ic_series(test: FactorTest) -> pd.DataFrame:
    """IC, RankIC and rank autocorrelation by test date; columns (pool, name), as in all series."""
    return _by_pool({p: pd.concat([r.ic, r.rank_ic, r.autocorrelation], axis=1) for p, r in test.pools.items()})


@outputs.pickle("decay.pkl")
def decay_series(test: FactorTest) -> pd.DataFrame:
    """RankIC by test date and horizon."""
    return _by_pool({pool: result.decay for pool, result in test.pools.items()})


@outputs.pickle("marginal.pkl")
def marginal_series(test: FactorTest) -> pd.DataFrame:
    """RankIC by test date and horizon, with the return since the horizon before."""
    return _by_pool({pool: result.marginal for pool, result in test.pools.items()})


@outputs.pickle("layers.pkl")
def layer_series(test: FactorTest) -> pd.DataFrame:
    """Daily returns of the layers, and of their pool."""
    return _by_pool({pool: result.returns.assign(pool=result.pool_returns) for pool, result in test.pools.items()})


@outputs.pickle("turnover.pkl")
def turnover_series(test: FactorTest) -> pd.DataFrame:
    """Two-sided turnover of the layers by test date."""
    return _by_pool({pool: result.turnover for pool, result in test.pools.items()})


@outputs.pickle("exclusions.pkl")
def exclusion_series(test: FactorTest) -> pd.DataFrame:
    """Stocks by test date and rule that the market has."""
    return _by_pool({pool: _counts(test, result) for pool, result in test.pools.items()})


def metrics(test: FactorTest) -> dict[str, float]:
    """By which runs are compared: ``<pool>.rank_ic_mean``, ``<pool>.top_annual_excess``, where they are known."""
    return scalars([summary(test)[["pool", "rank_ic_mean", "top_annual_excess"]]], by=["pool"])


def long_short(result: PoolTest) -> pd.Series:
    """Daily return of one unit in the TOP layer and minus one in layer 1: gross leverage 2 on one unit of capital."""
    return result.returns[_top(result)] - result.returns[1]


def _measures(test: FactorTest, result: PoolTest, layer: int) -> dict[str, float]:
    of_layer = measures.measure(result.returns[layer], result.pool_returns, test.session.days_per_year)
    return {**of_layer, "turnover": float(result.turnover[layer].mean())}


def _top(result: PoolTest) -> int:
    return result.layers[-1]


def _tested(result: PoolTest) -> pd.DataFrame:
    """Counts of the dates that have layers."""
    return result.counts[result.counts["kept"] >= _top(result)]


def _counts(test: FactorTest, result: PoolTest) -> pd.DataFrame:
    return result.counts.drop(columns=absent_rules(test), errors="ignore")


def _by_pool(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, axis=1)
