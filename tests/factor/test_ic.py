"""IC and its statistics against scipy and the statistics module."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from panels import SEEDS, assert_rows, dirty_panel, known_places, returns_panel
from scipy.stats import pearsonr, rankdata, spearmanr

from qlib_mfgru.factor.ic import ICStatistics, pearson_ic, rank_autocorrelation, rank_ic, ranks
from qlib_mfgru.report.significance import newey_west_t


def by_scipy(function, left: np.ndarray, right: np.ndarray) -> list[float]:
    """A correlation date by date over the stocks of both sides."""
    actual = []
    for a, b in zip(left, right, strict=True):
        there = sorted(set(known_places(a)) & set(known_places(b)))
        usable = len(there) >= 2 and len(set(a[there])) > 1 and len(set(b[there])) > 1
        actual.append(function(a[there], b[there]).statistic if usable else np.nan)
    return actual


@SEEDS
def test_ranks_against_scipy(seed: int) -> None:
    panel = np.tile(dirty_panel(seed), (12, 1))
    actual = ranks(panel)
    for row, values in zip(actual, panel, strict=True):
        assert known_places(row) == known_places(values)
        np.testing.assert_array_equal(row[known_places(row)], rankdata(values[known_places(values)]))


@SEEDS
def test_ic_against_scipy(seed: int) -> None:
    factor, returns = dirty_panel(seed), returns_panel(seed)
    rank, linear = rank_ic(factor, returns), pearson_ic(factor, returns)
    assert_rows(rank, by_scipy(spearmanr, factor, returns))
    assert_rows(linear, by_scipy(pearsonr, factor, returns))
    assert np.isnan(rank[[2, 3]]).all()
    assert np.isfinite(rank[[0, 1, 4]]).all()


def test_rank_ic_of_three_stocks_is_known() -> None:
    assert rank_ic(dirty_panel(), returns_panel())[1] == pytest.approx(0.5)


def test_autocorrelation_looks_one_date_back() -> None:
    factor = dirty_panel()
    actual = rank_autocorrelation(factor)
    assert np.isnan(actual[0])
    assert_rows(actual[1:], by_scipy(spearmanr, factor[1:], factor[:-1]))


def test_statistics() -> None:
    series = 3 * [0.05, -0.01, np.nan, 0.03, 0.0]
    actual = ICStatistics.of(np.array(series))
    values = 3 * [0.05, -0.01, 0.03, 0.0]
    assert actual.n_dates == 12
    assert actual.mean == pytest.approx(statistics.fmean(values))
    assert actual.std == pytest.approx(statistics.stdev(values))
    assert actual.ir == pytest.approx(actual.mean / actual.std)
    assert actual.positive_share == 0.5
    assert actual.t_statistic == pytest.approx(actual.mean / actual.std * 12**0.5)
    assert actual.t_newey_west == newey_west_t(np.array(values))


def test_statistics_of_nothing_are_nan() -> None:
    actual = ICStatistics.of(np.array([np.nan]))
    assert actual.n_dates == 0
    assert np.isnan(
        [actual.mean, actual.std, actual.ir, actual.positive_share, actual.t_statistic, actual.t_newey_west]
    ).all()
