"""Losses against numpy and scipy, and what the default smoothing of the RankIC loss means."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import expit
from scipy.stats import rankdata, spearmanr

from qlib_mfgru.errors import InputError
from qlib_mfgru.nn import LOSSES, ICLoss, Loss, MSELoss, PairwiseLoss, RankICLoss, TopICLoss, ic, soft_ranks


def draw(n: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(4)
    label = random.standard_normal(n)
    return tuple(torch.from_numpy(x).to(dtype) for x in (0.3 * label + random.standard_normal(n), label))  # type: ignore[return-value]


def rank_ic_loss(scores: np.ndarray, label: np.ndarray, tau: float) -> float:
    standardised = (scores - scores.mean()) / scores.std()
    ranks = 0.5 + expit((standardised[:, None] - standardised) / tau).sum(axis=1)
    return -float(np.corrcoef(ranks, rankdata(label))[0, 1])


def top_ic_loss(scores: np.ndarray, label: np.ndarray, half_life: float) -> float:
    depth = 1 - np.maximum(rankdata(scores), rankdata(label)) / len(scores)
    return -float(np.cov(scores, label, aweights=(weights := 0.5 ** (depth / half_life)), ddof=0)[0, 1]) / float(
        np.sqrt(np.prod([np.cov(values, aweights=weights, ddof=0) for values in (scores, label)]))
    )


def pairwise_loss(scores: np.ndarray, label: np.ndarray, steps: list[int]) -> float:
    n, values = len(scores), []
    for i in range(n):
        for step in steps:
            j = (i + step) % n
            if label[i] != label[j]:
                better, worse = (i, j) if label[i] > label[j] else (j, i)
                values.append(np.log1p(np.exp(scores[worse] - scores[better])))
    return float(np.mean(values))


def test_those_that_settings_may_name() -> None:
    scores, label = draw(40)
    values = {name: float(kind()(scores, label)) for name, kind in LOSSES.items()}
    expected = {
        "ic": -np.corrcoef(scores, label)[0, 1],
        "rank_ic": rank_ic_loss(scores.numpy(), label.numpy(), 0.1),
        "top_ic": top_ic_loss(scores.numpy(), label.numpy(), 0.2),
        "pairwise": pairwise_loss(
            scores.numpy(), label.numpy(), [1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 18, 19]
        ),
        "mse": ((scores - label).numpy() ** 2).mean(),
    }
    assert values == pytest.approx(expected, abs=1e-12)
    assert [kind().title for kind in LOSSES.values()] == ["IC", "RankIC", "top-weighted IC", "pairwise", "MSE"]


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


@pytest.mark.parametrize("half_life", [0, -0.1, "0.1", float("inf"), True])
def test_a_wrong_half_life(half_life: object) -> None:
    with pytest.raises(InputError, match=r"^half_life is "):
        TopICLoss(half_life)  # type: ignore[arg-type]


@pytest.mark.parametrize("half_life", [0.02, 0.2, 5.0])
def test_the_top_weighted_ic_is_that_of_numpy(half_life: float) -> None:
    scores, label = draw(500)
    expected = top_ic_loss(scores.numpy(), label.numpy(), half_life)
    assert float(TopICLoss(half_life)(scores, label)) == pytest.approx(expected, abs=1e-12)


def test_a_long_half_life_weighs_all_alike() -> None:
    scores, label = draw(500)
    assert float(TopICLoss(1e6)(scores, label)) == pytest.approx(float(ICLoss()(scores, label)), abs=1e-6)


@pytest.mark.parametrize("turn", [1, -1])
def test_the_top_weighted_ic_feels_what_is_high_by_score_or_by_label(turn: int) -> None:
    """A pair of scores that are swapped costs more where one of them is high, whichever of the two is."""
    label = torch.linspace(-2, 2, 400, dtype=torch.float64)
    loss, perfect = TopICLoss(0.1), label.clone()

    def cost(low: int, high: int) -> float:
        swapped = perfect.clone()
        swapped[low], swapped[high] = perfect[high], perfect[low]
        scores, labels = (swapped, label) if turn == 1 else (label, swapped)
        return float(loss(scores, labels) - loss(perfect, label))

    assert cost(380, 399) > 20 * cost(0, 19) > 0
    assert cost(0, 399) > 5 * cost(0, 200)


def test_no_gradient_passes_through_the_weights() -> None:
    scores, label = draw(50)
    ranks = torch.from_numpy(np.maximum(rankdata(scores), rankdata(label)))
    weights = 2 ** ((ranks / 50 - 1) / 0.2)
    x, y = scores.clone().requires_grad_(), scores.clone().requires_grad_()
    TopICLoss()(x, label).backward()
    parts = torch.stack([y, label])
    covariance = torch.cov(parts, aweights=weights, correction=0)
    (-covariance[0, 1] / (covariance[0, 0] * covariance[1, 1]).sqrt()).backward()
    torch.testing.assert_close(x.grad, y.grad)


def test_pairs_of_a_small_batch_are_counted_once() -> None:
    scores, label = draw(5)
    assert float(PairwiseLoss(16)(scores, label)) == pytest.approx(pairwise_loss(scores.numpy(), label.numpy(), [1, 2]))


def test_gradients_of_pairs_are_the_same_bits_on_several_threads() -> None:
    """Where they are added up by threads in any order they are not."""
    scores, label = draw(5000, torch.float32)
    scores.requires_grad_()
    threads, found = torch.get_num_threads(), set()
    torch.set_num_threads(2)
    try:
        for _ in range(60):
            (gradient,) = torch.autograd.grad(PairwiseLoss()(scores, label), scores)
            found.add(gradient.numpy().tobytes())
    finally:
        torch.set_num_threads(threads)
    assert len(found) == 1


def test_equal_labels_are_no_pair() -> None:
    scores = torch.tensor([3.0, 1.0, 2.0])
    label = torch.tensor([1.0, 1.0, 0.0])
    expected = (np.log1p(np.exp(2 - 3)) + np.log1p(np.exp(2 - 1))) / 2
    assert float(PairwiseLoss(1)(scores, label)) == pytest.approx(expected)
    assert torch.isnan(PairwiseLoss(1)(scores, torch.ones(3)))


@pytest.mark.parametrize("partners", [0, -1, 1.5, "1", True])
def test_a_wrong_number_of_partners(partners: object) -> None:
    with pytest.raises(InputError, match=r"^partners is "):
        PairwiseLoss(partners)  # type: ignore[arg-type]
