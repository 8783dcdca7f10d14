"""Attention inside the compiled kernel against the same network in float64, where torch attends to all states."""

from __future__ import annotations

import pytest
import torch
from precision import RESOLUTION, Results, error, make_window

from qlib_mfgru.nn.attention import AttentionForm
from qlib_mfgru.nn.networks import Encoder


@pytest.fixture(autouse=True)
def compiled_only(processor: str) -> None:
    if processor == "DEFAULT":
        pytest.skip("tested with the networks")


def make_encoder(hidden: int, form: AttentionForm, size: float = 1.0) -> Encoder:
    torch.manual_seed(hidden)
    encoder = Encoder(6, hidden, form)
    with torch.no_grad():
        for parameter in encoder.attention.parameters():
            parameter.mul_(size)
    return encoder


def results(encoder: Encoder, window: torch.Tensor) -> Results:
    """Last and attended outputs, and gradients of a random sum of them."""
    window = window.detach().requires_grad_()
    outputs = torch.cat(encoder.gru.attended(window, encoder.attention), dim=1)
    weights = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(1)).to(outputs.dtype)
    parameters = dict(encoder.gru.named_parameters()) | dict(encoder.attention.named_parameters())
    gradients = torch.autograd.grad(outputs, [window, *parameters.values()], weights)
    return {"outputs": outputs.detach(), **dict(zip(["window", *parameters], gradients, strict=True))}


def by_torch(encoder: Encoder, form: AttentionForm, window: torch.Tensor, dtype: torch.dtype) -> Results:
    """The same by ``torch.nn.GRU`` and torch's softmax, not by our own backward."""
    other = Encoder(6, encoder.gru.hidden_size, form).to(dtype)
    other.load_state_dict(encoder.state_dict())
    other.gru.implementation = "torch"

    def attended(outputs: torch.Tensor) -> torch.Tensor:
        return (torch.softmax(other.attention.score(outputs), dim=0) * outputs).sum(dim=0)

    other.attention.forward = attended  # type: ignore[method-assign]
    return results(other, window.to(dtype))


@pytest.mark.parametrize("form", ["alstm", "literal"])
@pytest.mark.parametrize(("n", "steps", "hidden"), [(1, 1, 1), (7, 320, 30), (130, 40, 17), (65, 20, 64)])
def test_errors_are_no_larger_than_torchs(form: AttentionForm, n: int, steps: int, hidden: int) -> None:
    encoder, window = make_encoder(hidden, form), make_window(n, steps)
    exact, torchs = (by_torch(encoder, form, window, dtype) for dtype in (torch.float64, torch.float32))
    got = results(encoder, window)
    for name, value in got.items():
        mine, theirs = error(value, exact[name]), error(torchs[name], exact[name])
        if float(exact[name].norm()) < 1e-12:  # one step has one weight: nothing depends on its score
            assert float(value.norm()) < 1e-6, name
            continue
        if name == "score.0.bias":  # a constant added to all scores changes nothing: the sum nearly cancels
            assert float((value.double() - exact[name]).norm() / exact["score.0.weight"].norm()) < 3e-6
            continue
        assert mine < 5e-5, name
        assert mine <= max(4 * theirs, RESOLUTION), f"{name}: {mine:.1e} against {theirs:.1e}"


@pytest.mark.parametrize("size", [30.0, 1000.0])
def test_large_scores_do_not_overflow(size: float) -> None:
    """A softmax that is all but a maximum: sums are relative to the largest score so far."""
    encoder, window = make_encoder(30, "alstm", size), make_window(70, 50)
    exact = by_torch(encoder, "alstm", window, torch.float64)
    for name, value in results(encoder, window).items():
        assert torch.isfinite(value).all(), name
        if name in ("outputs", "weight_hh_l0") and size < 100:
            assert error(value, exact[name]) < 1e-3, name


def test_rows_and_threads_change_no_bit(threads: None) -> None:
    encoder, window = make_encoder(30, "alstm"), make_window(200, 40)
    order = torch.randperm(200, generator=torch.Generator().manual_seed(0))
    straight, permuted = (encoder.gru.attended(part, encoder.attention) for part in (window, window[order]))
    assert all(torch.equal(one[order], other) for one, other in zip(straight, permuted, strict=True))
    every = []
    for count in (1, 3):
        torch.set_num_threads(count)
        every.append(results(encoder, window))
    assert all(torch.equal(every[0][name], every[1][name]) for name in every[0])


def test_without_gradients_the_same_numbers() -> None:
    encoder, window = make_encoder(30, "alstm"), make_window(70, 33)
    with torch.no_grad():
        quick = torch.cat(encoder.gru.attended(window, encoder.attention), dim=1)
    assert torch.equal(quick, results(encoder, window)["outputs"])


def test_a_row_that_is_nan_stays_nan_and_alone() -> None:
    encoder, window = make_encoder(30, "alstm"), make_window(40, 12)
    poisoned = window.clone()
    poisoned[3, 5, 2] = torch.nan
    clean, dirty = (torch.cat(encoder.gru.attended(part, encoder.attention), dim=1) for part in (window, poisoned))
    others = torch.arange(40) != 3
    assert torch.isnan(dirty[3]).all()
    assert torch.equal(dirty[others], clean[others])
