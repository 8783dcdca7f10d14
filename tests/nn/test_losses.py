"""Losses against numpy and scipy, and what the default smoothing of the RankIC loss means."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import expit
from scipy.stats import rankdata, spearmanr

from qlib_mfgru.errors import InputError
from qlib_mfgru.nn import LOSSES, ICLoss, Loss, MSELoss, RankICLoss, ic, soft_ranks


def draw(n: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(4)
    label = random.standard_normal(n)
    return tuple(torch.from_numpy(x).to(dtype) for x in (0.3 * label + random.standard_normal(n), label))  # type: ignore[return-value]


def rank_ic_loss(scores: np.ndarray, label: np.ndarray, tau: float) -> float:
    standardised = (scores - scores.mean()) / scores.std()
    ranks = 0.5 + expit((standardised[:, None] - standardised) / tau).sum(axis=1)
    return -float(np.corrcoef(ranks, rankdata(label))[0, 1])


def test_those_that_settings_may_name() -> None:
    scores, label = draw(40)
    values = {name: float(kind()(scores, label)) for name, kind in LOSSES.items()}
    expected = {
        "ic": -np.corrcoef(scores, label)[0, 1],
        "rank_ic": rank_ic_loss(scores.numpy(), label.numpy(), 0.1),
        "mse": ((scores - label).numpy() ** 2).mean(),
    }
    assert values == pytest.approx(expected, abs=1e-12)
    assert [kind().title for kind in LOSSES.values()] == ["IC", "RankIC", "MSE"]


def test_the_ic_loss_is_minus_the_ic_to_the_bit() -> None:
    scores, label = draw(5000, torch.float32)
    assert float(ICLoss()(scores, label)) == -float(ic(scores, label))


@pytest.mark.parametrize("tau", [0.05, 0.1, 1.0])
def test_gradient_of_the_rank_ic_loss(tau: float) -> None:
    scores, label = draw(12)
    label[3] = label[5]
    assert torch.autograd.gradcheck(lambda x: RankICLoss(tau)(x, label), (scores.requires_grad_(),), atol=1e-7)


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e10])
def test_the_rank_ic_loss_knows_no_scale(scale: float) -> None:
    """Scores are standardised first, so that tau means the same for any network."""
    scores, label = draw(300, torch.float32)
    assert float(RankICLoss()(scale * scores, label)) == pytest.approx(float(RankICLoss()(scores, label)), abs=1e-5)


def test_a_small_tau_gives_the_exact_rank_ic() -> None:
    scores, label = draw(60)
    expected = -spearmanr(scores, label).statistic
    gaps = [abs(float(RankICLoss(tau)(scores, label)) - expected) for tau in (1.0, 0.1, 1e-5)]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-6


def test_what_the_default_tau_means() -> None:
    """Soft ranks of 5,000 normal scores are nearly the exact ones, and each still feels hundreds of others."""
    scores, _ = draw(5000)
    standardised = (scores - scores.mean()) / scores.std(correction=0)
    ranks = soft_ranks(standardised, RankICLoss().tau)
    assert np.corrcoef(ranks, rankdata(scores))[0, 1] > 0.999
    felt = ((standardised[:, None] - standardised).abs() < RankICLoss().tau).sum(dim=1).double()
    assert felt.median() > 200


def test_float32_at_the_reports_batch_size() -> None:
    scores, label = draw(5000)
    single, double = (scores.to(dtype).requires_grad_() for dtype in (torch.float32, torch.float64))
    for x in (single, double):
        RankICLoss()(x, label.to(x.dtype)).backward()
    assert single.grad is not None
    assert double.grad is not None
    assert (single.grad - double.grad).norm() / double.grad.norm() < 1e-5


@pytest.mark.parametrize("name", ["ic", "rank_ic"])
def test_constants_have_no_correlation_but_a_squared_error(name: str) -> None:
    _, label = draw(8)
    constant = torch.full_like(label, 0.1)
    loss: Loss = LOSSES[name]()
    assert torch.isnan(loss(constant, label))
    assert torch.isnan(loss(label, constant))
    assert float(MSELoss()(constant, constant + 2)) == pytest.approx(4.0)


@pytest.mark.parametrize("tau", [0, -0.1, "0.1", float("inf"), True])
def test_a_wrong_tau(tau: object) -> None:
    with pytest.raises(InputError, match=r"^tau is "):
        RankICLoss(tau)  # type: ignore[arg-type]
