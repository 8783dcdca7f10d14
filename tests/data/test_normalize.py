"""The two steps of the normalisation, on tensors."""

from __future__ import annotations

import numpy as np
import pytest

from qlib_mfgru.data.normalize import Moments, cross_sectional_moments, scale_in_time, standardise


def normalise(window: np.ndarray, scale: str, clip: float | None = None) -> np.ndarray:
    values = window.astype(np.float32)
    present = scale_in_time(values, scale)
    return standardise(values, present, cross_sectional_moments(values, present), clip)


def test_by_hand() -> None:
    """Two steps, one field, three stocks: (1, 3), (2, 2), (3, 1) over their means 2 -> 0.5, 1, 1.5 -> z-scores."""
    window = np.array([[[1.0, 2.0, 3.0]], [[3.0, 2.0, 1.0]]])
    z = np.sqrt(1.5)
    np.testing.assert_allclose(normalise(window, "mean"), [[[-z, 0, z]], [[z, 0, -z]]], rtol=1e-6)
    # over their last values: 1/3, 1, 3 and then 1, 1, 1
    first = np.array([1 / 3, 1, 3])
    expected = (first - first.mean()) / first.std()
    np.testing.assert_allclose(normalise(window, "last"), [[expected], [[0, 0, 0]]], atol=1e-6)


@pytest.mark.parametrize("scale", ["mean", "last"])
def test_small_moves_of_large_prices_keep_their_digits(scale: str) -> None:
    """Prices near 10,000 that move by 0.1 % a step: float32 holds them to 1e-3, the result is good to 2e-5."""
    random = np.random.default_rng(0)
    prices = 1e4 * np.exp(np.cumsum(0.001 * random.standard_normal((320, 6, 500)), axis=0))
    prices = prices.astype(np.float32).astype(np.float64)
    scaled = prices / (prices.mean(axis=0) if scale == "mean" else prices[-1])
    deviation = scaled.std(axis=2, keepdims=True)
    exact = (scaled - scaled.mean(axis=2, keepdims=True)) / np.where(deviation == 0, 1, deviation)
    rows = slice(None) if scale == "mean" else slice(0, 300)  # the last steps hardly differ from the last value
    np.testing.assert_allclose(normalise(prices, scale)[rows], exact[rows], rtol=0, atol=2e-5)


def test_a_series_without_scale_takes_no_part() -> None:
    random = np.random.default_rng(1)
    window = random.lognormal(size=(8, 2, 6))
    window[:, 1, 2] = 0.0  # a volume that is always 0 has no mean to be divided by
    got = normalise(window, "mean")
    others = [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(got[:, 1, 2], 0.0)
    np.testing.assert_allclose(got[:, 1, others], normalise(window[:, :, others], "mean")[:, 1], atol=1e-6)
    np.testing.assert_allclose(got[:, 0], normalise(window, "mean")[:, 0], atol=1e-6)


@pytest.mark.parametrize("n_stocks", [1, 5])
def test_a_constant_column_becomes_zero(n_stocks: int) -> None:
    window = np.tile(np.array([3.0, 4.0, 7.0])[:, None, None], (1, 2, n_stocks))
    np.testing.assert_array_equal(normalise(window, "mean"), np.zeros((3, 2, n_stocks)))


def test_clip() -> None:
    window = np.random.default_rng(2).lognormal(size=(4, 6, 50))
    plain = normalise(window, "mean")
    assert np.abs(plain).max() > 2
    np.testing.assert_array_equal(normalise(window, "mean", clip=2.0), plain.clip(-2, 2))


def test_each_sample_takes_the_moments_of_its_date() -> None:
    dates = np.array([1.0, 2.0]) * np.ones((2, 3, 1))
    taken = Moments(dates, 10 * dates).take(np.array([1, 1, 0]))
    assert taken.mean[0, 0].tolist() == [2.0, 2.0, 1.0]
    assert taken.inverse_std[1, 2].tolist() == [20.0, 20.0, 10.0]
