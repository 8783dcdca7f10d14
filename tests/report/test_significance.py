"""t-values, bands and the best of several, against literal formulas, plain loops and known distributions."""

from __future__ import annotations

from math import e, erf, floor, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kurtosis, norm, skew

from qlib_mfgru.report.significance import (
    Band,
    compounded,
    deflated_sharpe,
    mean_block,
    newey_west_lag,
    newey_west_t,
    summed,
)


def moving_average(n: int, weights: tuple[float, ...], seed: int = 0) -> np.ndarray:
    """Noise of which neighbours share a part."""
    noise = np.random.default_rng(seed).standard_normal(n + len(weights) - 1)
    return np.convolve(noise, weights, mode="valid")


def by_hand(values: list[float], lag: int) -> float:
    """Newey and West's formula in loops."""
    n, mean = len(values), sum(values) / len(values)
    gamma = [sum((values[t] - mean) * (values[t - k] - mean) for t in range(k, n)) / n for k in range(lag + 1)]
    variance = gamma[0] + 2 * sum((1 - k / (lag + 1)) * gamma[k] for k in range(1, lag + 1))
    return mean / sqrt(variance / n)


@pytest.mark.parametrize(
    ("n", "overlap", "lag"), [(100, 0, 4), (307, 0, 5), (1534, 0, 7), (20, 0, 2), (20, 5, 5), (4, 9, 3), (1, 0, 0)]
)
def test_the_lag_is_the_rules_or_the_overlap(n: int, overlap: int, lag: int) -> None:
    assert newey_west_lag(n, overlap) == lag
    if n > lag + 1:
        assert lag == max(overlap, floor(4 * (n / 100) ** (2 / 9)))


@pytest.mark.parametrize("overlap", [0, 3, 12])
def test_t_against_the_formula(overlap: int) -> None:
    values = moving_average(80, (1.0, 1.0, 1.0)) + 0.3
    assert newey_west_t(values, overlap) == pytest.approx(by_hand(values.tolist(), max(overlap, 3)), rel=1e-12)
    with_holes = np.insert(values, [0, 40, 80], np.nan)
    assert newey_west_t(pd.Series(with_holes), overlap) == pytest.approx(newey_west_t(values, overlap), rel=1e-12)


def test_twelve_values_by_hand() -> None:
    """Deviations 1, 1, -1, -1, .. from a mean of 2: g0 = 1, g1 = 1/12, g2 = -10/12; two lags weigh them 2/3 and 1/3."""
    assert newey_west_lag(12) == 2
    expected = 2 / sqrt((1 + 2 * (2 / 3 * 1 / 12 - 1 / 3 * 10 / 12)) / 12)
    assert newey_west_t(np.tile([3.0, 3.0, 1.0, 1.0], 3)) == pytest.approx(expected)


def test_few_values_have_no_t() -> None:
    assert np.isnan(newey_west_t(np.arange(9.0)))
    assert np.isfinite(newey_west_t(np.arange(10.0)))


def test_overlap_inflates_the_naive_t_and_not_this_one() -> None:
    """Of sums of five neighbours without any mean the naive |t| exceeds 1.96 in half of all series."""
    series = [moving_average(400, (1.0,) * 5, seed) for seed in range(200)]
    naive = np.array([values.mean() / (values.std(ddof=1) / sqrt(len(values))) for values in series])
    robust = np.array([newey_west_t(values, 10) for values in series])
    assert (abs(naive) > 1.96).mean() > 0.3
    assert (abs(robust) > 1.96).mean() < 0.12


def test_no_t_of_less_than_two_values_or_equal_ones() -> None:
    for values in ([], [0.1], [np.nan, 0.1], [0.1, 0.1, 0.1]):
        assert np.isnan(newey_west_t(np.array(values)))


def days(values: np.ndarray) -> pd.Series:
    return pd.Series(values, pd.bdate_range("2020-01-01", periods=len(values)))


def test_a_band_is_as_wide_as_theory_has_it() -> None:
    """Sums of n independent values with mean 0.1 and deviation 1: 0.1 n +- 1.645 sqrt(n), drawn around their mean."""
    values = np.random.default_rng(1).standard_normal(600)
    values = (values - values.mean()) / values.std() + 0.1
    band = Band.around(days(values), summed)
    for n in (100, 300, 600):
        low, high = band.low.iloc[n - 1], band.high.iloc[n - 1]
        assert (low + high) / 2 == pytest.approx(0.1 * n, abs=2.5)
        assert (high - low) / 2 == pytest.approx(1.645 * sqrt(n), rel=0.15)
    assert band.low.index.equals(days(values).index)


def test_blocks_keep_what_depends_on_the_days_before() -> None:
    """Neighbours that share a half of their noise widen the sum; the same values in random order do not."""
    values = moving_average(1000, (1.0, 1.0, 1.0))
    shuffled = np.random.default_rng(2).permutation(values)
    wide, narrow = (Band.around(days(each), summed) for each in (values, shuffled))
    ratio = (wide.high - wide.low).iloc[-1] / (narrow.high - narrow.low).iloc[-1]
    assert 1.4 < ratio < sqrt(3)


def test_a_band_is_the_same_every_time_and_compounds() -> None:
    values = days(np.random.default_rng(3).standard_normal(50) / 100)
    once, again = Band.around(values, compounded), Band.around(values, compounded)
    pd.testing.assert_series_equal(once.low, again.low, check_exact=True)
    alike = Band.around(days(np.full(10, 0.01)), compounded)
    np.testing.assert_allclose(alike.low, 1.01 ** np.arange(1, 11))
    np.testing.assert_allclose(alike.high, alike.low)
    assert Band.around(days(np.empty(0)), summed).low.empty


@pytest.mark.parametrize(("n", "block"), [(1, 1), (27, 3), (307, 7), (1534, 12)])
def test_blocks_grow_with_the_cube_root(n: int, block: int) -> None:
    assert mean_block(n) == block


def test_deflated_sharpe_against_the_papers_formula() -> None:
    random = np.random.default_rng(4)
    trials = [days(0.01 * random.standard_t(5, 500) + mean) for mean in (0.0, 0.0003, 0.0011)]
    ratios = [float(each.mean() / each.std()) for each in trials]
    best, n = trials[int(np.argmax(ratios))], 3
    c = 0.5772156649015329
    chance = np.std(ratios, ddof=1) * ((1 - c) * norm.ppf(1 - 1 / n) + c * norm.ppf(1 - 1 / (n * e)))
    ratio, g3, g4 = max(ratios), skew(best), kurtosis(best, fisher=False)
    z = (ratio - chance) * sqrt(499) / sqrt(1 - g3 * ratio + (g4 - 1) / 4 * ratio**2)
    assert deflated_sharpe(trials) == pytest.approx((1 + erf(z / sqrt(2))) / 2, rel=1e-9)
    assert 0.05 < deflated_sharpe(trials) < 0.999


def test_the_best_of_many_without_skill_is_no_find() -> None:
    """The best of 50 alone looks sure; deflated it does not."""
    random = np.random.default_rng(5)
    trials = [days(0.01 * random.standard_normal(750)) for _ in range(50)]
    best = max(float(each.mean() / each.std()) * sqrt(750) for each in trials)
    assert norm.cdf(best) > 0.98
    assert deflated_sharpe(trials) < 0.8


def test_no_deflated_sharpe_of_one_trial_or_one_that_does_not_move() -> None:
    moves = days(np.array([0.01, -0.02, 0.03]))
    assert np.isnan(deflated_sharpe([moves]))
    assert np.isnan(deflated_sharpe([moves, moves * 0]))


@pytest.mark.parametrize(("n", "share"), [(10, 0.15), (20, 0.10), (250, 0.05)])
def test_how_often_white_noise_has_a_large_t(n: int, share: float) -> None:
    """As docs/factor_test.md says it."""
    noise = np.random.default_rng(5).standard_normal((4000, n))
    assert np.mean([abs(newey_west_t(values)) > 2 for values in noise]) == pytest.approx(share, abs=0.012)


def test_bands_of_twenty_dates_are_too_narrow() -> None:
    """As docs/factor_test.md says it: four of five hold the end of a curve of no skill, instead of nine of ten."""
    noise = np.random.default_rng(6).standard_normal((600, 20))
    bands = [Band.around(pd.Series(values), summed) for values in noise]
    assert np.mean([band.low.iloc[-1] < 0 < band.high.iloc[-1] for band in bands]) == pytest.approx(0.8, abs=0.05)
