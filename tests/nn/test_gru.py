"""``GRULayer`` against ``torch.nn.GRU`` in float64: names, outputs, gradients, and what a workspace could break."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gru_reference import gru, parameters
from torch import nn

from qlib_mfgru.nn import GRULayer

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")),
]


def layer_and_reference(n_fields: int = 6, hidden: int = 30) -> tuple[GRULayer, nn.GRU]:
    """A float32 layer and torch's own GRU in float64 with the same weights."""
    torch.manual_seed(0)
    layer = GRULayer(n_fields, hidden)
    reference = nn.GRU(n_fields, hidden).double()
    reference.load_state_dict(layer.state_dict())
    return layer, reference


def window(n: int, steps: int, n_fields: int = 6, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, steps, n_fields)).astype(np.float32))


def test_state_dict_is_torchs() -> None:
    layer, reference = layer_and_reference()
    assert list(layer.state_dict()) == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    assert list(layer.state_dict()) == list(reference.state_dict())
    nn.GRU(6, 30).load_state_dict(layer.state_dict())
    layer.load_state_dict(nn.GRU(6, 30).state_dict())


def test_initial_weights_are_torchs_under_the_same_seed() -> None:
    torch.manual_seed(3)
    layer = GRULayer(6, 30)
    torch.manual_seed(3)
    for mine, theirs in zip(layer.parameters(), nn.GRU(6, 30).parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_numpy_and_torch_agree_on_what_a_gru_is() -> None:
    """The reference of the other tests is itself checked: the hand-written loops equal torch's float64 GRU."""
    layer, reference = layer_and_reference(hidden=5)
    x = window(4, 9)
    outputs, _ = reference(x.double().permute(1, 0, 2))
    np.testing.assert_allclose(gru(parameters(layer), x.double().numpy()), outputs.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("all_outputs", [False, True], ids=["last", "all"])
@pytest.mark.parametrize(("n", "steps", "hidden"), [(2, 1, 1), (2, 5, 17), (1, 3, 30), (33, 320, 30)])
def test_outputs_and_gradients(device: str, all_outputs: bool, n: int, steps: int, hidden: int) -> None:
    layer, reference = layer_and_reference(hidden=hidden)
    layer = layer.to(device)
    x = window(n, steps)
    mine, theirs = x.clone().to(device).requires_grad_(), x.double().requires_grad_()
    got = layer(mine, all_outputs=all_outputs)
    outputs, _ = reference(theirs.permute(1, 0, 2))
    expected = outputs if all_outputs else outputs[-1]
    assert got.shape == ((steps, n, hidden) if all_outputs else (n, hidden))
    torch.testing.assert_close(got.cpu().double(), expected, rtol=0, atol=5e-6)

    weights = torch.randn(expected.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (got * weights.float().to(device)).sum().backward()
    (expected * weights).sum().backward()
    pairs = [(mine, theirs), *zip(layer.parameters(), reference.parameters(), strict=True)]
    for one, other in pairs:
        assert one.grad is not None
        assert other.grad is not None
        scale = float(other.grad.abs().max())
        torch.testing.assert_close(one.grad.cpu().double(), other.grad, rtol=0, atol=2e-5 * max(scale, 1.0))


def test_memory_layout_of_the_window_does_not_matter() -> None:
    """Batches are views of (n_steps, 6, n) memory; a window in its own order gives the same bits."""
    layer, _ = layer_and_reference()
    x = window(8, 12)
    as_batches_lie = x.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert not as_batches_lie.is_contiguous()
    assert torch.equal(layer(as_batches_lie), layer(x))


def test_two_forwards_before_a_backward_keep_their_gradients() -> None:
    """A workspace shared between calls would mix them up (as it would in the incremental network's branches)."""
    layer, _ = layer_and_reference()
    x, y = window(5, 6, seed=1), window(9, 4, seed=2)
    alone = [torch.autograd.grad(layer(part).sum(), list(layer.parameters())) for part in (x, y)]
    together = torch.autograd.grad(layer(x).sum() + layer(y).sum(), list(layer.parameters()))
    for first, second, both in zip(*alone, together, strict=True):
        torch.testing.assert_close(both, first + second, rtol=1e-5, atol=1e-6)


def test_a_second_backward_gives_the_same_gradients() -> None:
    layer, _ = layer_and_reference()
    loss = layer(window(5, 6), all_outputs=True).square().sum()
    first = torch.autograd.grad(loss, list(layer.parameters()), retain_graph=True)
    second = torch.autograd.grad(loss, list(layer.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_last_output_alone_is_the_last_of_all() -> None:
    layer, _ = layer_and_reference()
    x = window(5, 6)
    assert torch.equal(layer(x), layer(x, all_outputs=True)[-1])


def test_stocks_do_not_see_each_other() -> None:
    layer, _ = layer_and_reference()
    x = window(6, 10)
    poisoned = x.clone()
    poisoned[3] = torch.nan
    clean, dirty = layer(x), layer(poisoned)
    others = torch.arange(6) != 3
    torch.testing.assert_close(dirty[others], clean[others], rtol=0, atol=1e-6)
    assert torch.isnan(dirty[3]).all()


def test_the_same_call_gives_the_same_bits() -> None:
    layer, _ = layer_and_reference()
    x = window(500, 40)
    results = [(y := layer(x), *torch.autograd.grad(y.sum(), list(layer.parameters()))) for _ in range(2)]
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
