"""Ties: values that are equal on paper rank as equals, against the same test in whole numbers and fractions."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from panels import SEEDS
from scipy.stats import rankdata, spearmanr

from qlib_mfgru.factor.ic import rank_ic, ranks
from qlib_mfgru.factor.layers import assign_layers
from qlib_mfgru.factor.preprocess import WINSORIZERS, merge_ties, neutralize, preprocess

N_DATES, N_STOCKS = 40, 120


def panel(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores as whole numbers of tenths, with fat tails; industries of 10 stocks, whose means are often a multiple of
    0.1 apart; returns. All (n_dates, n_stocks)."""
    random = np.random.default_rng(seed)
    tenths = np.round(10 * random.standard_t(2, (N_DATES, N_STOCKS))).astype(int)
    industries = random.permuted(np.tile(np.arange(N_STOCKS) // 10, (N_DATES, 1)), axis=1)
    return tenths, industries, 0.03 * random.standard_normal((N_DATES, N_STOCKS))


def exact_factor(tenths: np.ndarray, industries: np.ndarray, winsorize: str | None) -> list[int]:
    """One date's residuals without rounding, as whole multiples of a common unit."""
    values = [Fraction(int(value)) for value in tenths]
    if winsorize == "mad":
        centre = statistics.median(values)
        reach = 5 * statistics.median(abs(value - centre) for value in values)
        values = [min(max(value, centre - reach), centre + reach) for value in values]
    groups = {code: [v for v, c in zip(values, industries, strict=True) if c == code] for code in set(industries)}
    means = {code: sum(group, Fraction(0)) / len(group) for code, group in groups.items()}
    residuals = [value - means[code] for value, code in zip(values, industries, strict=True)]
    unit = math.lcm(*(residual.denominator for residual in residuals))
    return [int(residual * unit) for residual in residuals]


def exact_places(tenths: np.ndarray, industries: np.ndarray, winsorize: str | None) -> np.ndarray:
    """Place of each residual among a date's different residuals, (n_dates, n_stocks)."""
    rows = [exact_factor(*row, winsorize) for row in zip(tenths, industries, strict=True)]
    return np.array([[sorted(set(row)).index(value) for value in row] for row in rows], dtype=float)


def less_means(values: np.ndarray, industries: np.ndarray) -> np.ndarray:
    """Values less their industries' means, with the rounding errors that this leaves."""
    rows = zip(values, industries, strict=True)
    return np.array([row - (np.bincount(code, row) / np.bincount(code))[code] for row, code in rows])


@SEEDS
@pytest.mark.parametrize("winsorize", ["mad", None])
def test_ranks_ics_and_layers_are_those_of_exact_residuals(seed: int, winsorize: str | None) -> None:
    tenths, industries, returns = panel(seed)
    exact = exact_places(tenths, industries, winsorize)
    factor = preprocess(tenths / 10, winsorize, {"industry": industries.astype(float)})
    np.testing.assert_array_equal(ranks(factor), [rankdata(row) for row in exact])
    by_scipy = [spearmanr(a, b).statistic for a, b in zip(exact, returns, strict=True)]
    np.testing.assert_allclose(rank_ic(factor, returns), by_scipy, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(assign_layers(factor), assign_layers(exact))
    dusty = less_means(WINSORIZERS[winsorize](tenths / 10), industries)
    assert (np.abs(rank_ic(dusty, returns) - by_scipy) > 1e-4).sum() > 5  # the panel has ties that rounding breaks
    assert (assign_layers(dusty) != assign_layers(exact)).any(axis=1).sum() > 5


def test_clipped_values_equal_the_bound_that_they_are_clipped_to() -> None:
    """Median 0.2, MAD 0.6: in floating point 0.2 + 5 * 0.6 is above 3.2."""
    scores = np.array([[-0.4, -0.4, -0.4, -0.4, 0.2, 0.8, 0.8, 3.2, 7.2]])
    clipped = WINSORIZERS["mad"](scores)[0]
    assert clipped[7] == clipped[8] == pytest.approx(3.2, abs=1e-14)
    assert ranks(preprocess(scores, "mad", {}))[0, 7:].tolist() == [8.5, 8.5]


@pytest.mark.parametrize("shift", [0.0, 1e10])
@pytest.mark.parametrize("winsorize", ["mad", "quantile", None])
def test_scores_that_are_not_neutralised_keep_their_order(shift: float, winsorize: str | None) -> None:
    """A far-off score, or a level far from 0, merges nothing."""
    scores = np.random.default_rng(0).standard_normal((20, 2000)) + shift
    scores[:, 7] = 1e8 + shift
    clipped = WINSORIZERS[winsorize](scores)
    np.testing.assert_array_equal(ranks(preprocess(scores, winsorize, {})), ranks(clipped))


def test_a_far_off_score_leaves_other_industries_as_they_are() -> None:
    tenths, industries, _ = panel(0)
    factor = neutralize(tenths / 10, groups=industries)
    spoilt = np.where(np.arange(N_STOCKS) == 5, 1e10, tenths / 10)
    others = industries != industries[:, [5]]
    np.testing.assert_allclose(neutralize(spoilt, groups=industries)[others], factor[others], rtol=0, atol=1e-14)
    among_others = ranks(np.where(others, neutralize(spoilt, groups=industries), np.nan))
    np.testing.assert_array_equal(among_others, ranks(np.where(others, factor, np.nan)))


def test_values_without_ties_keep_their_bits() -> None:
    values = np.random.default_rng(0).standard_normal((30, 2000))
    industries = np.tile(np.arange(2000) % 30, (30, 1))
    plain = less_means(values, industries)
    np.testing.assert_array_equal(neutralize(values, groups=industries).view(np.int64), plain.view(np.int64))


def test_only_the_members_of_a_tie_move() -> None:
    values = np.array([0.3, 0.1 + 0.2, 0.7, 0.1])
    assert values[0] != values[1]
    assert merge_ties(values, np.full(4, 1e-15)).tolist() == [0.3, 0.3, 0.7, 0.1]
    assert merge_ties(values, np.full(4, 1e-18)).tolist() == values.tolist()


def test_the_larger_error_of_two_neighbours_counts() -> None:
    values, error = np.array([1.0, 1.5, 2.0, 2.5]), np.array([0.0, 0.6, 0.1, 0.0])
    assert merge_ties(values, error).tolist() == [1.0, 1.0, 1.0, 2.5]
