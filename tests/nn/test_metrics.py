"""The IC against numpy's correlation, at any scale, and NaN where it is undefined."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gru_reference import finite_difference

from qlib_mfgru.nn import ic


def draw(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    label = random.standard_normal(n)
    return 0.3 * label + random.standard_normal(n), label


def value(prediction: np.ndarray, label: np.ndarray, dtype: torch.dtype = torch.float64) -> float:
    return float(ic(torch.from_numpy(prediction).to(dtype), torch.from_numpy(label).to(dtype)))


@pytest.mark.parametrize("n", [2, 3, 10, 5000])
def test_is_the_pearson_correlation(n: int) -> None:
    prediction, label = draw(n)
    expected = np.corrcoef(prediction, label)[0, 1]
    assert value(prediction, label) == pytest.approx(expected, abs=1e-12)
    assert value(prediction, label, torch.float32) == pytest.approx(expected, abs=2e-6)


def test_literal_values() -> None:
    assert value(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])) == pytest.approx(1.0)
    assert value(np.array([1.0, 2.0, 3.0]), np.array([5.0, 4.0, 3.0])) == pytest.approx(-1.0)
    assert value(np.array([1.0, 0.0, -1.0, 0.0]), np.array([0.0, 1.0, 0.0, -1.0])) == pytest.approx(0.0)
    assert value(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])) == pytest.approx(0.8)


def test_loss_is_minus_the_ic() -> None:
    prediction, label = (torch.from_numpy(array) for array in draw(50))
    assert float(ic_loss(prediction, label)) == -float(ic(prediction, label))


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e-6, 1.0, 1e20])
def test_scale_does_not_matter(scale: float) -> None:
    """Training can shrink predictions without end, the loss is blind to it: their squares must not underflow."""
    prediction, label = draw(5000)
    expected = np.corrcoef(prediction, label)[0, 1]
    assert value(scale * prediction, label, torch.float32) == pytest.approx(expected, abs=2e-6)
    assert value(prediction, scale * label, torch.float32) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("shift", [-7.0, 0.1, 100.0])
def test_shift_does_not_matter(shift: float) -> None:
    prediction, label = draw(5000)
    expected = np.corrcoef(prediction, label)[0, 1]
    assert value(prediction + shift, label, torch.float32) == pytest.approx(expected, abs=2e-5)
    assert value(-prediction + shift, label, torch.float32) == pytest.approx(-expected, abs=2e-5)


@pytest.mark.parametrize("constant", [0.0, 1.0, 0.1, 1e-3, 123.456])
@pytest.mark.parametrize("n", [1, 2, 7, 5000])
def test_a_constant_has_no_ic(n: int, constant: float) -> None:
    """Also where the mean of n copies of a number is not that number in float32 (7 or 5000 times 0.1)."""
    label = draw(n)[1]
    assert np.isnan(value(np.full(n, constant), label, torch.float32))
    assert np.isnan(value(label, np.full(n, constant), torch.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, 3])
def test_a_value_that_is_no_number_gives_nan(bad: float, position: int) -> None:
    prediction, label = draw(10)
    prediction[position] = bad
    assert np.isnan(value(prediction, label, torch.float32))
    assert np.isnan(value(label, prediction, torch.float32))


def test_gradient() -> None:
    """Against finite differences, and orthogonal to what the IC cannot see: shifts and scalings."""
    prediction, label = draw(12)
    tensor = torch.from_numpy(prediction.copy()).requires_grad_()
    ic(tensor, torch.from_numpy(label)).backward()
    assert tensor.grad is not None
    gradient = tensor.grad.numpy()
    expected = finite_difference(lambda: float(np.corrcoef(prediction, label)[0, 1]), prediction)
    np.testing.assert_allclose(gradient, expected, atol=1e-9)
    assert gradient.sum() == pytest.approx(0.0, abs=1e-14)
    assert gradient @ prediction == pytest.approx(0.0, abs=1e-14)
