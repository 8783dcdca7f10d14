"""Soft ranks against a direct sum over pairs, their gradient, and the exact ranks that they tend to."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import rankdata

from qlib_mfgru.nn import ranking, soft_ranks


def draw(n: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(n))


def direct(scores: torch.Tensor, tau: float) -> list[float]:
    """The definition, pair by pair."""
    return [0.5 + sum(1 / (1 + math.exp(-(a - b) / tau)) for b in scores.tolist()) for a in scores.tolist()]


@pytest.fixture(params=[1, 35, 1 << 20], ids=["a row at a time", "a few rows", "all rows"])
def pairs_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_PAIRS_AT_ONCE", request.param)


@pytest.mark.usefixtures("pairs_at_once")
@pytest.mark.parametrize("tau", [0.02, 0.5, 3.0])
def test_is_the_sum_over_pairs(tau: float) -> None:
    scores = draw(17)
    np.testing.assert_allclose(soft_ranks(scores, tau).numpy(), direct(scores, tau), rtol=0, atol=1e-12)


@pytest.mark.usefixtures("pairs_at_once")
@pytest.mark.parametrize("tau", [0.1, 1.0])
def test_gradient(tau: float) -> None:
    scores = draw(11).requires_grad_()
    assert torch.autograd.gradcheck(lambda values: soft_ranks(values, tau), (scores,), eps=1e-6, atol=1e-7)


def test_tends_to_the_exact_ranks() -> None:
    """Ties included: they share their mean rank."""
    scores = torch.tensor([0.3, -1.2, 0.3, 2.0, 0.0, 0.3, -1.2], dtype=torch.float64)
    exact = rankdata(scores.numpy())
    gaps = [np.abs(soft_ranks(scores, tau).numpy() - exact).max() for tau in (1.0, 0.3, 0.1, 0.03, 0.01)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 0.5
    assert gaps[-1] < 1e-12


def test_ranks_sum_to_those_of_any_order() -> None:
    assert float(soft_ranks(draw(50), 0.3).sum()) == pytest.approx(50 * 51 / 2)


def test_no_matrix_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of 5,000 is ranked in blocks of 4 MB, forwards and backwards."""
    sizes: list[int] = []
    above = ranking._above

    def watched(scores: torch.Tensor, rows: slice, tau: float) -> torch.Tensor:
        block = above(scores, rows, tau)
        sizes.append(block.numel() * block.element_size())
        return block

    monkeypatch.setattr(ranking, "_above", watched)
    scores = draw(5000).float().requires_grad_()
    soft_ranks(scores, 0.1).square().sum().backward()
    assert max(sizes) <= 4 << 20
    assert sum(sizes) == 2 * 5000 * 5000 * 4
