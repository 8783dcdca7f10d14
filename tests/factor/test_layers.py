"""Layers, what they earn and what they trade, against share counts kept by hand."""

from __future__ import annotations

import numpy as np
import pytest
from panels import SEEDS, dirty_panel, known_places

from qlib_mfgru.factor.layers import Holding, assign_layers, equal_weights, two_sided_turnover


@SEEDS
def test_every_stock_is_in_one_layer_and_layers_follow_the_factor(seed: int) -> None:
    panel = dirty_panel(seed)
    layers = assign_layers(panel, 10)
    for row, values in zip(layers, panel, strict=True):
        there = known_places(values)
        if len(there) < 10:
            assert (row == -1).all()
            continue
        assert set(np.flatnonzero(row >= 0)) == set(there)
        sizes = np.bincount(row[there], minlength=10)
        assert sizes.max() - sizes.min() <= 1
        for layer in range(9):
            assert values[row == layer].max() <= values[row == layer + 1].min()


def test_23_stocks_in_10_layers() -> None:
    sizes = np.bincount(assign_layers(dirty_panel(), 10)[4, :23])
    assert sizes.tolist() == [3, 2, 2, 3, 2, 2, 3, 2, 2, 2]


def test_200_layers() -> None:
    """More than a byte has numbers."""
    layers = assign_layers(np.arange(400.0)[None], 200)[0]
    assert layers.tolist() == [place // 2 for place in range(400)]
    assert equal_weights(layers, 200)[:, :-1].sum(axis=1).tolist() == [0.5] * 400


def test_equal_factors_go_by_column() -> None:
    assert assign_layers(np.full((1, 6), 0.1), 3).tolist() == [[0, 0, 1, 1, 2, 2]]


def test_weights_are_equal_and_the_last_portfolio_holds_all() -> None:
    weights = equal_weights(np.array([0, 0, -1, 1, 1, 1]), 2)
    assert weights[:, 0].tolist() == [0.5, 0.5, 0, 0, 0, 0]
    assert weights[:, 1] == pytest.approx([0, 0, 0, 1 / 3, 1 / 3, 1 / 3])
    assert weights[:, 2] == pytest.approx([0.2, 0.2, 0, 0.2, 0.2, 0.2])


def test_a_holding_is_what_its_shares_are_worth() -> None:
    random = np.random.default_rng(0)
    prices = 10 * np.exp(np.cumsum(0.05 * random.standard_normal((6, 23)), axis=0))
    layers = assign_layers(dirty_panel(), 10)[4, :23]
    weights = equal_weights(layers, 10)
    holding = Holding.over(weights, prices)
    for portfolio in range(11):
        shares = [1e6 * weights[i, portfolio] / prices[0, i] for i in range(23)]
        worth = [sum(s * p for s, p in zip(shares, day, strict=True)) for day in prices]
        expected = [worth[day + 1] / worth[day] - 1 for day in range(5)]
        np.testing.assert_allclose(holding.returns[:, portfolio], expected, atol=1e-13)
        last = [s * p / worth[-1] for s, p in zip(shares, prices[-1], strict=True)]
        np.testing.assert_allclose(holding.drifted[:, portfolio], last, atol=1e-13)


def test_layers_by_size_make_up_the_pool() -> None:
    prices = np.exp(np.random.default_rng(1).standard_normal((4, 23)) / 10)
    layers = assign_layers(dirty_panel(), 10)[4, :23]
    returns = Holding.over(equal_weights(layers, 10), prices).returns
    value = np.cumprod(1 + returns, axis=0)
    assert value[:, :10] @ np.bincount(layers) / 23 == pytest.approx(value[:, 10])


def test_stocks_that_are_not_held_may_lack_prices() -> None:
    prices = np.array([[1.0, np.nan, 2.0], [2.0, np.nan, 2.0]])
    holding = Holding.over(equal_weights(np.array([0, -1, 1]), 2), prices)
    assert holding.returns.tolist() == [[1.0, 0.0, 0.5]]
    assert holding.drifted[:, 2] == pytest.approx([2 / 3, 0, 1 / 3])


def test_turnover_counts_both_sides() -> None:
    before, after = np.array([[0.6, 1.0], [0.4, 0.0]]), np.array([[0.5, 0.0], [0.5, 1.0]])
    assert two_sided_turnover(before, after) == pytest.approx([0.2, 2.0])
