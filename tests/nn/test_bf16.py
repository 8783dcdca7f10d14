"""Products of bfloat16 in the compiled recurrence: what is rounded, and how far that moves results."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from qlib_mfgru import native
from qlib_mfgru.nn.attention import TemporalAttention
from qlib_mfgru.nn.gru import GRULayer

UNITS = (-1.4426950408889634, -1.4426950408889634, 2 * 1.4426950408889634)
"""The kernel's weights are those of r, z, n in these units when they are rounded (native/units.h)."""
needs_bf16 = pytest.mark.skipif(native.library("bf16") is None, reason="no AVX-512 BF16 here, or no build for it")


def rounded(x: torch.Tensor) -> torch.Tensor:
    """To bfloat16, in float64 from there on."""
    return x.float().bfloat16().double()


def reference(layer: GRULayer, window: torch.Tensor) -> torch.Tensor:
    """The last state in float64 but for what is multiplied; window (n, steps, fields)."""
    w, u, b, c = (parameter.detach().double() for parameter in layer.parameters())
    scale = torch.tensor(UNITS, dtype=torch.float64).repeat_interleave(layer.hidden_size)
    w, u = (rounded(matrix * scale[:, None]) / scale[:, None] for matrix in (w, u))
    h = torch.zeros(len(window), layer.hidden_size, dtype=torch.float64)
    for x in window.transpose(0, 1):
        of_x, of_h = ((rounded(values) @ matrix.T).chunk(3, 1) for values, matrix in ((x, w), (h, u)))
        (b_r, b_z, b_n), (c_r, c_z, c_n) = b.chunk(3), c.chunk(3)
        r = torch.sigmoid(of_x[0] + of_h[0] + b_r + c_r)
        z = torch.sigmoid(of_x[1] + of_h[1] + b_z + c_z)
        n = torch.tanh(of_x[2] + b_n + r * (of_h[2] + c_n))
        h = n + z * (h - n)
    return h


def layer_of(hidden: int, fields: int, precision: native.Precision = "bf16") -> GRULayer:
    torch.manual_seed(0)
    layer = GRULayer(fields, hidden)
    layer.implementation, layer.precision = "compiled", precision
    return layer


def batch(n: int, steps: int, fields: int) -> torch.Tensor:
    return torch.randn(steps, fields, n, generator=torch.Generator().manual_seed(1)).permute(2, 0, 1)


def passed(layer: GRULayer, window: torch.Tensor) -> list[torch.Tensor]:
    """The last state, and the gradients of its weighted sum by window and parameters."""
    x = window.detach().clone().requires_grad_()
    last = layer(x)
    weights = torch.linspace(-1, 1, last.numel(), dtype=last.dtype).view_as(last)
    return [last.detach(), *torch.autograd.grad((last * weights).sum(), [x, *layer.parameters()])]


@needs_bf16
@pytest.mark.parametrize(("n", "fields", "hidden"), [(1, 1, 1), (7, 6, 30), (163, 5, 17), (81, 11, 64)])
def test_one_step_multiplies_rounded_numbers_and_nothing_else_is_rounded(n: int, fields: int, hidden: int) -> None:
    """Odd and even numbers of fields, states and samples: what is left over pairs with 0."""
    layer, window = layer_of(hidden, fields), batch(n, 1, fields)
    np.testing.assert_allclose(layer(window).detach().numpy(), reference(layer, window).numpy(), atol=3e-7)


@needs_bf16
def test_many_steps_round_each_state() -> None:
    """A state that lies between two numbers of bfloat16 may be rounded to the other one here: nearly all are not."""
    layer, window = layer_of(30, 6), batch(300, 40, 6)
    off = (layer(window).double() - reference(layer, window)).abs()
    unrounded = (layer(window) - layer_of(30, 6, "float32")(window)).abs()
    assert off.median() < 2e-5 < 1e-4 < unrounded.median()
    assert off.max() < 2e-3


@needs_bf16
@pytest.mark.parametrize(("n", "steps", "fields", "hidden"), [(163, 27, 6, 30), (5, 9, 11, 64), (64, 14, 1, 17)])
def test_gradients_are_as_near_as_rounded_products_allow(n: int, steps: int, fields: int, hidden: int) -> None:
    layer, window = layer_of(hidden, fields), batch(n, steps, fields)
    exact = nn.GRU(fields, hidden).double()
    exact.load_state_dict(layer.state_dict())
    x = window.double().requires_grad_()
    last = exact(x.transpose(0, 1))[0][-1]
    weights = torch.linspace(-1, 1, last.numel(), dtype=torch.float64).view_as(last)
    right = [last, *torch.autograd.grad((last * weights).sum(), [x, *exact.parameters()])]
    for got, expected in zip(passed(layer, window), right, strict=True):
        off = float((got - expected).detach().abs().max() / expected.detach().abs().max())
        assert 1e-6 < off < 0.02


@needs_bf16
def test_bits_are_the_same_on_any_number_of_threads_and_float32_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    window = batch(500, 20, 6)
    before = passed(layer_of(30, 6, "float32"), window)
    results = []
    for count in (1, 2, 3, 8):
        monkeypatch.setattr("qlib_mfgru.nn.kernels.compiled.n_threads", lambda count=count: count)
        results.append(passed(layer_of(30, 6), window))
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))
    monkeypatch.undo()
    after = passed(layer_of(30, 6, "float32"), window)
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert not torch.equal(results[0][0], before[0])


@needs_bf16
def test_attention_multiplies_rounded_numbers_too() -> None:
    torch.manual_seed(0)
    attention, window = TemporalAttention(30), batch(100, 20, 6)
    found = {precision: layer_of(30, 6, precision).attended(window, attention)[1] for precision in ("float32", "bf16")}
    off = (found["bf16"] - found["float32"]).abs().max() / found["float32"].abs().max()
    assert 1e-5 < off < 0.02
