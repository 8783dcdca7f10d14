"""Preprocessing against loops over dates, and properties of its results."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from panels import SEEDS, assert_rows, dirty_panel, known_places

from qlib_mfgru.factor.preprocess import (
    WINSORIZERS,
    neutralize,
    preprocess,
    standardize,
    winsorize_mad,
    winsorize_quantile,
)


@SEEDS
def test_mad_against_a_loop(seed: int) -> None:
    panel = 3 * dirty_panel(seed) ** 3
    expected = panel.copy()
    for date, row in enumerate(panel):
        there = known_places(row)
        if not there:
            continue
        centre = statistics.median(row[there])
        reach = 2 * statistics.median([abs(value - centre) for value in row[there]])
        for place in there:
            if reach > 0:
                expected[date, place] = min(max(row[place], centre - reach), centre + reach)
    clipped = winsorize_mad(panel, 2)
    assert_rows(clipped, expected)
    assert np.nansum(clipped != panel) > np.isnan(panel).sum() + 10


def test_mad_of_zero_leaves_the_date_alone() -> None:
    row = np.array([[0.0, 0, 0, 0, 7, np.nan]])
    assert_rows(winsorize_mad(row), row)


@SEEDS
def test_quantiles_against_numpy(seed: int) -> None:
    panel = dirty_panel(seed)
    rows = [np.clip(row, *np.nanquantile(row, [0.1, 0.9])) if known_places(row) else row for row in panel]
    assert_rows(winsorize_quantile(panel, 0.1), np.stack(rows))


def exposures(seed: int, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Industries (one of them with a single stock, some unknown) and sizes."""
    random = np.random.default_rng(100 + seed)
    industry = random.integers(1, 6, shape).astype(float)
    industry[:, 0] = 31
    industry[:, 7] = np.nan
    size = 20 + random.standard_normal(shape)
    size[5, :4] = np.nan
    return industry, size


@SEEDS
def test_residuals_against_full_dummies(seed: int) -> None:
    panel = dirty_panel(seed)
    industry, size = exposures(seed, panel.shape)
    residuals = neutralize(panel, [size], industry)
    for date in range(len(panel)):
        there = [i for i in known_places(panel[date]) if industry[date, i] == industry[date, i] and size[date, i] > 0]
        assert known_places(residuals[date]) == there
        if not there:
            continue
        codes = sorted({industry[date, i] for i in there})
        design = np.array([[float(industry[date, i] == code) for code in codes] + [size[date, i]] for i in there])
        values = panel[date, there]
        fitted = design @ np.linalg.pinv(design) @ values
        np.testing.assert_allclose(residuals[date, there], values - fitted, atol=1e-10)
        np.testing.assert_allclose(design.T @ residuals[date, there], 0, atol=1e-9)


def test_a_constant_factor_and_a_lone_industry_leave_exact_zeros() -> None:
    industry, size = exposures(0, (12, 40))
    residuals = neutralize(np.full((12, 40), 0.1), [size], industry)
    assert set(np.unique(residuals[np.isfinite(residuals)])) == {0.0}
    lone = neutralize(dirty_panel(), [size], industry)[:, 0]
    assert set(lone[np.isfinite(lone)]) == {0.0}


def test_a_factor_made_of_its_exposures_is_zero() -> None:
    industry, size = exposures(0, (12, 40))
    residuals = neutralize(3 * size - industry, [size], industry)
    assert np.nanmax(np.abs(residuals)) == 0.0


def test_exposures_may_have_any_unit() -> None:
    """A total in won beside a logarithm: neither is left out, and powers of two change no digit."""
    industry, size = exposures(0, (12, 40))
    total = np.random.default_rng(5).standard_normal((12, 40))
    panel = dirty_panel() + 3 * size + total
    expected = neutralize(panel, [size, total], industry)
    np.testing.assert_array_equal(neutralize(panel, [size, 2.0**60 * total], industry), expected)
    np.testing.assert_allclose(neutralize(panel, [size, 1e16 * total], industry), expected, atol=1e-10)


def test_without_groups_there_is_a_constant() -> None:
    panel = dirty_panel()
    _, size = exposures(0, panel.shape)
    there = np.isfinite(panel[6])
    slope, intercept = np.polyfit(size[6, there], panel[6, there], 1)
    expected = panel[6, there] - slope * size[6, there] - intercept
    np.testing.assert_allclose(neutralize(panel, [size])[6, there], expected, atol=1e-10)


@SEEDS
def test_standardize_against_statistics(seed: int) -> None:
    panel = dirty_panel(seed)
    expected = panel.copy()
    for date, row in enumerate(panel):
        there = known_places(row)
        if there:
            mean, std = statistics.fmean(row[there]), statistics.pstdev(row[there])
            expected[date, there] = (row[there] - mean) / std if std > 1e-9 else 0.0
    np.testing.assert_allclose(standardize(panel), expected, atol=1e-10)


@pytest.mark.parametrize("winsorize", list(WINSORIZERS))
@pytest.mark.parametrize("size", [2.0**990, 2.0**-990, 2.0**-300])
def test_a_factor_has_no_unit(winsorize: str | None, size: float) -> None:
    """Scores of 1e298 have squares that no number holds: to the bit as those of 1."""
    panel, groups = (
        dirty_panel(3),
        {"industry": np.tile(np.arange(dirty_panel(3).shape[1]) % 3, (len(dirty_panel(3)), 1))},
    )
    finite = np.where(np.isfinite(panel), panel, np.nan)
    np.testing.assert_array_equal(preprocess(finite * size, winsorize, groups), preprocess(finite, winsorize, groups))
