"""IC and RankIC against numpy and scipy, at any scale, and NaN where they are undefined."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gru_reference import finite_difference
from scipy.stats import rankdata, spearmanr

from qlib_mfgru.nn import METRIC_TITLES, METRICS, ic, rank_ic
from qlib_mfgru.nn.metrics import average_ranks


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


class TestRankIC:
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    @pytest.mark.parametrize("levels", [None, 7, 2], ids=["no ties", "ties", "two values"])
    def test_is_spearmans(self, dtype: torch.dtype, levels: int | None) -> None:
        prediction, label = (torch.from_numpy(array).to(dtype) for array in draw(500))
        if levels is not None:
            prediction, label = (
                torch.round(values * levels / 4).clamp(0, levels - 1) for values in (prediction, label)
            )
        expected = spearmanr(prediction.numpy(), label.numpy()).statistic
        assert float(rank_ic(prediction, label)) == pytest.approx(expected, abs=1e-12)

    def test_average_ranks(self) -> None:
        values = torch.tensor([3.0, 1.0, 3.0, -2.0, 3.0, 1.0])
        assert average_ranks(values).tolist() == [5.0, 2.5, 5.0, 1.0, 5.0, 2.5]
        many = torch.from_numpy(np.random.default_rng(3).integers(0, 50, 2000).astype(np.float32))
        np.testing.assert_array_equal(average_ranks(many).numpy(), rankdata(many.numpy()))

    def test_sees_the_order_alone(self) -> None:
        prediction, label = (torch.from_numpy(array) for array in draw(100))
        assert float(rank_ic(prediction.exp(), label**3)) == float(rank_ic(prediction, label))
        assert float(ic(prediction.exp(), label)) != pytest.approx(float(ic(prediction, label)), abs=1e-3)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_a_value_that_is_no_number_gives_nan(self, bad: float) -> None:
        prediction, label = (torch.from_numpy(array) for array in draw(10))
        prediction[4] = bad
        assert np.isnan(float(rank_ic(prediction, label)))
        assert np.isnan(float(rank_ic(label, prediction)))

    def test_a_constant_has_none(self) -> None:
        assert np.isnan(float(rank_ic(torch.full((9,), 0.1), torch.arange(9.0))))


def test_every_metric_has_a_title() -> None:
    assert METRICS.keys() == METRIC_TITLES.keys() == {"ic", "rank_ic"}
