"""The fused CUDA kernels against ``torch.nn.GRU`` in float64: on a GPU if there is one, else interpreted on the CPU."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

ON_GPU = torch.cuda.is_available()
if not ON_GPU:
    os.environ["TRITON_INTERPRET"] = "1"  # read when triton is imported
pytest.importorskip("triton")

from qlib_mfgru.nn.kernels.fused import fused_gru, supports  # noqa: E402

DEVICE = "cuda" if ON_GPU else "cpu"
TOLERANCE, PRODUCTS = (5e-5, 16) if ON_GPU else (5e-6, 4)
"""Largest error over largest value; and the error of a sum of products over that of torch's on the CPU: three products
of tensor cores keep 21 bits of 24, the interpreter multiplies in plain float32."""

SIZES = [(1, 1, 1), (7, 5, 1), (33, 5, 17), (1, 20, 30), (7, 20, 30), (33, 5, 30), (7, 1, 30), (7, 5, 64), (33, 1, 64)]
"""Rows, steps, hidden."""

Tensors = dict[str, torch.Tensor]


def weights(hidden: int, update_bias: float = 0.0, n_fields: int = 6, seed: int = 0) -> nn.GRU:
    """torch's GRU; a positive bias of the update gate makes its memory long."""
    torch.manual_seed(seed)
    gru = nn.GRU(n_fields, hidden)
    with torch.no_grad():
        gru.bias_ih_l0[hidden : 2 * hidden] += update_bias
    return gru


def window(n: int, steps: int, n_fields: int = 6, seed: int = 1) -> torch.Tensor:
    return torch.randn(steps, n_fields, n, generator=torch.Generator().manual_seed(seed))


def leaves(gru: nn.GRU) -> list[torch.Tensor]:
    return [parameter.detach().to(DEVICE).requires_grad_() for parameter in gru.parameters()]


def fused(gru: nn.GRU, x: torch.Tensor, all_states: bool) -> Tensors:
    """States, and the gradients of a weighted sum of them by everything, from our kernels."""
    x, parameters = x.to(DEVICE).clone().requires_grad_(), leaves(gru)
    states = fused_gru(x, *parameters, all_states)
    (states * summands(states.shape).to(DEVICE)).sum().backward()
    return named(states, x.grad, [parameter.grad for parameter in parameters])


def exact(gru: nn.GRU, x: torch.Tensor, all_states: bool, dtype: torch.dtype = torch.float64) -> Tensors:
    """The same from torch's GRU."""
    reference = nn.GRU(gru.input_size, gru.hidden_size).to(dtype)
    reference.load_state_dict(gru.state_dict())
    x = x.to(dtype).requires_grad_()
    outputs = reference(x.permute(0, 2, 1))[0].transpose(1, 2)
    states = outputs if all_states else outputs[-1]
    (states * summands(states.shape).to(dtype)).sum().backward()
    return named(states, x.grad, [parameter.grad for parameter in reference.parameters()])


def summands(shape: torch.Size) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


def named(states: torch.Tensor, x: torch.Tensor | None, parameters: list[torch.Tensor | None]) -> Tensors:
    found = dict(zip(["states", "window", "w", "u", "b", "c"], [states, x, *parameters], strict=True))
    assert all(tensor is not None for tensor in found.values())
    return {name: tensor.detach().cpu() for name, tensor in found.items() if tensor is not None}


def errors(got: Tensors, expected: Tensors) -> dict[str, float]:
    """Largest error over the largest value; what should be all 0 must be."""
    found = {}
    for name, tensor in expected.items():
        assert got[name].shape == tensor.shape
        error, scale = float((got[name].double() - tensor).abs().max()), float(tensor.abs().max())
        found[name] = error / scale if scale else error
    return found


@pytest.mark.parametrize("update_bias", [0.0, 3.0], ids=["fresh", "long"])
@pytest.mark.parametrize("all_states", [False, True], ids=["last", "all"])
@pytest.mark.parametrize(("n", "steps", "hidden"), SIZES)
def test_states_and_gradients(n: int, steps: int, hidden: int, all_states: bool, update_bias: float) -> None:
    gru, x = weights(hidden, update_bias), window(n, steps)
    found = errors(fused(gru, x, all_states), exact(gru, x, all_states))
    assert max(found.values()) < TOLERANCE, found


@pytest.mark.parametrize("n_fields", [1, 5, 16])
def test_any_number_of_fields(n_fields: int) -> None:
    gru, x = weights(9, n_fields=n_fields), window(17, 4, n_fields)
    found = errors(fused(gru, x, True), exact(gru, x, True))
    assert max(found.values()) < TOLERANCE, found


@pytest.mark.parametrize("all_states", [False, True], ids=["last", "all"])
def test_sets_of_parameters_at_once_are_those_one_by_one(all_states: bool) -> None:
    grus, x = [weights(30, seed=seed) for seed in range(3)], window(17, 3).to(DEVICE)
    stacked = [torch.stack(each).detach().requires_grad_() for each in zip(*map(leaves, grus), strict=True)]
    together = x.clone().requires_grad_()
    states = fused_gru(together, *stacked, all_states)
    one_by_one = [fused(gru, x, all_states) for gru in grus]
    (states * summands(states.shape[1:]).to(DEVICE)).sum().backward()
    for number, alone in enumerate(one_by_one):
        assert torch.equal(states[number].cpu(), alone["states"])
        for name, parameter in zip("wubc", stacked, strict=True):
            assert parameter.grad is not None
            close = 1e-5 * float(alone[name].abs().max()) if ON_GPU else 0  # the tiles' sum may be split up otherwise
            torch.testing.assert_close(parameter.grad[number].cpu(), alone[name], rtol=0, atol=close)
    assert together.grad is not None
    torch.testing.assert_close(together.grad.cpu(), torch.stack([alone["window"] for alone in one_by_one]).sum(dim=0))


def test_a_row_does_not_depend_on_its_place() -> None:
    gru, x = weights(30), window(37, 4)
    order = torch.randperm(37, generator=torch.Generator().manual_seed(3))
    states, shuffled = (fused_gru(each.to(DEVICE), *leaves(gru), True) for each in (x, x[..., order].contiguous()))
    torch.testing.assert_close(shuffled, states[..., order], rtol=0, atol=0 if ON_GPU else 1e-6)


def test_rows_do_not_see_each_other() -> None:
    gru, x = weights(30), window(20, 6)
    poisoned = x.clone()
    poisoned[2, :, 3] = torch.nan
    clean, dirty = (fused_gru(each.to(DEVICE), *leaves(gru), False) for each in (x, poisoned))
    others = torch.arange(20, device=DEVICE) != 3
    assert torch.equal(dirty[:, others], clean[:, others])
    assert torch.isnan(dirty[:, 3]).all()


@pytest.mark.filterwarnings("ignore:overflow encountered in exp:RuntimeWarning")
@pytest.mark.parametrize("size", [1e4, 1e30])
def test_saturated_gates_give_no_nan(size: float) -> None:
    gru, x = weights(30), size * window(9, 4)
    got, expected, theirs = fused(gru, x, True), exact(gru, x, True), exact(gru, x, True, torch.float32)
    assert all(torch.isfinite(tensor).all() for tensor in got.values())
    assert errors(got, expected)["states"] < TOLERANCE + PRODUCTS * errors(theirs, expected)["states"]


def test_the_same_call_gives_the_same_bits() -> None:
    gru, x = weights(30), window(33, 4)
    first, second = fused(gru, x, True), fused(gru, x, True)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_without_gradients_the_states_are_the_same() -> None:
    gru, x = weights(17), window(20, 5).to(DEVICE)
    for all_states in (False, True):
        trained = fused_gru(x, *leaves(gru), all_states)
        with torch.no_grad():
            assert torch.equal(fused_gru(x, *leaves(gru), all_states), trained)


def test_two_forwards_before_a_backward_keep_their_gradients() -> None:
    gru, windows = weights(17), (window(5, 6, seed=4), window(9, 4, seed=5))
    shared = leaves(gru)
    sum(fused_gru(x.to(DEVICE), *shared, False).sum() for x in windows).backward()
    alone = []
    for x in windows:
        parameters = leaves(gru)
        fused_gru(x.to(DEVICE), *parameters, False).sum().backward()
        alone.append([parameter.grad for parameter in parameters])
    for both, first, second in zip(shared, *alone, strict=True):
        torch.testing.assert_close(both.grad, first + second)


def test_inputs_need_not_be_contiguous() -> None:
    gru, x = weights(17), window(9, 5)
    scattered = x.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    assert not scattered.is_contiguous()
    expected = fused_gru(x.to(DEVICE), *leaves(gru), False)
    assert torch.equal(fused_gru(scattered.to(DEVICE), *leaves(gru), False), expected)


def test_what_it_cannot_do_it_refuses() -> None:
    assert supports(30, 6)
    assert not supports(65, 6)
    assert not supports(30, 17)
    with pytest.raises(ValueError, match=r"not hidden 128 and 6 fields; use torch\.nn\.GRU"):
        fused_gru(window(3, 2).to(DEVICE), *leaves(weights(128)), False)
    with pytest.raises(ValueError, match=r"float32 only, not \['torch\.float32', 'torch\.float64'\]"):
        fused_gru(window(3, 2).double().to(DEVICE), *leaves(weights(5)), False)


@pytest.mark.skipif(ON_GPU, reason="emulates what a GPU does")
@pytest.mark.parametrize(("products", "exact_enough"), [(3, True), (1, False)], ids=["tf32x3", "tf32"])
def test_three_products_of_halves_are_exact_enough_and_one_is_not(
    monkeypatch: pytest.MonkeyPatch, products: int, exact_enough: bool
) -> None:
    """The kernels with every product made as tensor cores make it: from factors rounded to 11 bits."""
    from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

    def dot(_: Any, a: Any, b: Any, d: Any, *__: Any) -> Any:
        big_a, big_b = halves(a.data)[0], halves(b.data)[0]
        product = big_a @ big_b
        if products == 3:
            product = (big_a @ halves(b.data)[1] + halves(a.data)[1] @ big_b) + product
        return TensorHandle(product + d.data, d.dtype.scalar)

    monkeypatch.setattr(InterpreterBuilder, "create_dot", dot)
    gru, x = weights(30, 3.0), window(20, 12)
    found = errors(fused(gru, x, False), exact(gru, x, False))
    assert (max(found.values()) < 5e-6) == exact_enough, found
    assert (max(found.values()) < 5e-5) == exact_enough, found


def halves(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A float32 array as the sum of two of 11 bits each, as the kernel's ``tf32x3`` splits it."""

    def rounded(array: np.ndarray) -> np.ndarray:
        bits = np.ascontiguousarray(array, dtype=np.float32).view(np.int32)
        return ((bits + 0x1000) & ~0x1FFF).view(np.float32)

    big = rounded(values)
    return big, rounded(values - big)


@pytest.mark.skipif(not ON_GPU, reason="needs a GPU")
@pytest.mark.parametrize("update_bias", [0.0, 3.0], ids=["fresh", "long"])
@pytest.mark.parametrize("hidden", [30, 64])
def test_the_reports_size_on_a_gpu(hidden: int, update_bias: float) -> None:
    """Not worse than 4 times torch's own float32 GRU (on the CPU: cuDNN would use tf32)."""
    gru, x = weights(hidden, update_bias), window(999, 320)
    expected = exact(gru, x, False)
    ours, theirs = errors(fused(gru, x, False), expected), errors(exact(gru, x, False, torch.float32), expected)
    assert all(ours[name] < min(TOLERANCE, max(4 * theirs[name], 1e-6)) for name in ours), (ours, theirs)
