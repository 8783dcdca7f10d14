"""The two steps of the normalisation, on tensors."""

from __future__ import annotations

import numpy as np
import pytest

from qlib_mfgru.data import Field
from qlib_mfgru.data.normalize import (
    Moments,
    Run,
    Scale,
    cross_sectional_moments,
    scale_in_time,
    scaling_of,
    standardise,
)
from qlib_mfgru.data.panel import REPORT_FIELDS

PRICE, LEVEL = Field(name="p", kind="price"), Field(name="l", kind="level")
RAW, RAW_LEVEL = Field(name="r", kind="quantity", scale="none"), Field(name="s", kind="level", scale="none")


def normalise(
    window: np.ndarray, scale: Scale, clip: float | None = None, fields: tuple[Field, ...] | None = None
) -> np.ndarray:
    scaling = scaling_of(fields or (PRICE,) * window.shape[1], scale)
    values = window.astype(np.float32)
    present = scale_in_time(values, scaling)
    return standardise(values, present, cross_sectional_moments(values, present, scaling), clip)


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
def test_small_moves_of_large_prices_keep_their_digits(scale: Scale) -> None:
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


def test_neighbouring_fields_that_are_treated_alike_are_one_run() -> None:
    assert scaling_of(REPORT_FIELDS, "mean") == (Run(slice(0, 6), "mean", False),)
    assert scaling_of((PRICE, LEVEL, RAW_LEVEL, RAW, RAW, PRICE), "last") == (
        Run(slice(0, 1), "last", False),
        Run(slice(1, 2), "last", True),
        Run(slice(2, 3), "none", True),
        Run(slice(3, 5), "none", False),
        Run(slice(5, 6), "last", False),
    )


@pytest.mark.parametrize("scale", ["mean", "last"])
def test_raw_values_go_straight_to_the_z_score(scale: Scale) -> None:
    """Two steps, three stocks, values on both sides of 0; a price beside them is what it is alone."""
    raw, price = np.array([[-3.0, 0.0, 6.0], [5.0, 5.0, 2.0]]), np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    got = normalise(np.stack([price, raw], axis=1), scale, fields=(PRICE, RAW))
    expected = (raw - raw.mean(axis=1, keepdims=True)) / raw.std(axis=1, keepdims=True)
    np.testing.assert_allclose(got[:, 1], expected, rtol=1e-6)
    np.testing.assert_array_equal(got[:, :1], normalise(price[:, None], scale))


@pytest.mark.parametrize("fields", [(LEVEL, PRICE), (RAW_LEVEL, RAW)], ids=["scaled", "raw"])
def test_a_level_that_begins_within_the_window_takes_no_part(fields: tuple[Field, ...]) -> None:
    window = np.random.default_rng(4).lognormal(size=(8, 2, 6))
    others = [0, 1, 2, 4, 5]
    whole = normalise(window[:, :, others], "last", fields=fields)
    window[:3, 0, 3] = np.nan
    got = normalise(window, "last", fields=fields)
    np.testing.assert_array_equal(got[:, 0, 3], 0.0)
    np.testing.assert_allclose(got[:, 0, others], whole[:, 0], atol=1e-6)
    assert (got[:-1, 1] != 0).all()


def test_a_raw_price_that_is_missing_shows() -> None:
    """Only levels may be missing: a window without a price should not have been asked for."""
    window = np.ones((2, 1, 3))
    window[0, 0, 1] = np.nan
    assert np.isnan(normalise(window, "mean", fields=(Field(name="r", kind="price", scale="none"),))[0]).any()


@pytest.mark.parametrize("size", [1e-12, 3.3, 1e10])
def test_raw_values_of_any_size(size: float) -> None:
    """Equal ones are constant, whatever float32 makes of their sum; others are not, however small."""
    equal = np.full((1, 1, 4999), size)
    np.testing.assert_array_equal(normalise(equal, "mean", fields=(RAW,)), np.zeros_like(equal))
    spread = size * np.array([[[-1.0, 0.0, 1.0]]])
    np.testing.assert_allclose(
        normalise(spread, "mean", fields=(RAW,)), [[[-np.sqrt(1.5), 0, np.sqrt(1.5)]]], rtol=1e-5
    )
