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
    dusty = neutralize(WINSORIZERS[winsorize](tenths / 10), groups=industries)
    assert (np.abs(rank_ic(dusty, returns) - by_scipy) > 1e-4).sum() > 5  # the panel has ties that rounding breaks
    assert (assign_layers(dusty) != assign_layers(exact)).any(axis=1).sum() > 5


def test_clipped_values_equal_the_bound_that_they_are_clipped_to() -> None:
    """Median 0.2, MAD 0.6: in floating point 0.2 + 5 * 0.6 is above 3.2."""
    scores = np.array([[-0.4, -0.4, -0.4, -0.4, 0.2, 0.8, 0.8, 3.2, 7.2]])
    clipped = WINSORIZERS["mad"](scores)[0]
    assert clipped[7] == 3.2 < clipped[8] < 3.2 + 1e-14
    assert ranks(preprocess(scores, "mad", {}))[0, 7:].tolist() == [8.5, 8.5]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_without_ties_keep_their_bits(dtype: type) -> None:
    values = np.random.default_rng(0).standard_normal((30, 2000)).astype(dtype).astype(np.float64)
    values[values > 2] = np.nan
    tolerance = 1e-12 * np.nanmax(np.abs(values), axis=1)
    np.testing.assert_array_equal(merge_ties(values, tolerance).view(np.int64), values.view(np.int64))


def test_only_the_members_of_a_tie_move() -> None:
    values = np.array([[0.3, 0.1 + 0.2, np.nan, 0.7], [1.0, 2.0, 3.0, np.nan]])
    merged = merge_ties(values, np.array([1e-12, 1e-12]))
    assert values[0, 0] != values[0, 1]
    np.testing.assert_array_equal(merged, [[0.3, 0.3, np.nan, 0.7], [1.0, 2.0, 3.0, np.nan]])
