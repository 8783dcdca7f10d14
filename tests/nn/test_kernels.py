"""The GRU's implementations against ``torch.nn.GRU`` in float64, and what only a kernel of our own can get wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from precision import RESOLUTION, Results, error, make_window
from torch import nn

from qlib_mfgru import native
from qlib_mfgru.nn import GRULayer


@pytest.fixture
def implementation(processor: str) -> str:
    """Name for `GRULayer.implementation`; every build of the compiled kernel has its turn."""
    return "plain" if processor == "DEFAULT" else "compiled"


def make_layer(hidden: int, implementation: str, update_bias: float = 0.0, n_fields: int = 6) -> GRULayer:
    torch.manual_seed(hidden)
    layer = GRULayer(n_fields, hidden)
    with torch.no_grad():
        layer.bias_ih_l0[hidden : 2 * hidden] += update_bias
    layer.implementation = implementation  # type: ignore[assignment]
    return layer


def results(layer: GRULayer, window: torch.Tensor, all_outputs: bool = False) -> Results:
    """Outputs, and gradients of a random sum of them."""
    window = window.detach().requires_grad_()
    outputs = layer(window, all_outputs=all_outputs)
    weights = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(1))
    names = [name for name, _ in layer.named_parameters()]
    gradients = torch.autograd.grad(outputs, [window, *layer.parameters()], weights.to(outputs.dtype))
    return {"outputs": outputs.detach(), **dict(zip(["window", *names], gradients, strict=True))}


def with_torch(layer: GRULayer, window: torch.Tensor, all_outputs: bool, dtype: torch.dtype) -> Results:
    other = GRULayer(layer.input_size, layer.hidden_size)
    other.load_state_dict(layer.state_dict())
    other.implementation = "torch"
    return results(other.to(dtype), window.to(dtype), all_outputs)


SIZES = [  # rows, steps, hidden
    (1, 1, 1),
    (7, 1, 30),
    (7, 320, 30),
    (1, 320, 17),
    (130, 40, 64),
    (65, 20, 128),
    (200, 320, 30),
    (4999, 24, 30),
]


@pytest.mark.parametrize("update_bias", [0.0, 3.0], ids=["fresh", "long memory"])
@pytest.mark.parametrize(("n", "steps", "hidden"), SIZES)
def test_errors_are_no_larger_than_torchs(
    implementation: str, n: int, steps: int, hidden: int, update_bias: float
) -> None:
    layer, window = make_layer(hidden, implementation, update_bias), make_window(n, steps)
    got = results(layer, window)
    exact = with_torch(layer, window, False, torch.float64)
    torchs = with_torch(layer, window, False, torch.float32)
    for name, value in got.items():
        mine, theirs = error(value, exact[name]), error(torchs[name], exact[name])
        assert mine < 5e-5, name
        assert mine <= max(4 * theirs, RESOLUTION), f"{name}: {mine:.1e} against {theirs:.1e}"


@pytest.mark.parametrize("n_fields", [1, 6, 11])
def test_all_outputs_and_other_widths(implementation: str, n_fields: int) -> None:
    layer, window = make_layer(13, implementation, n_fields=n_fields), make_window(70, 37, n_fields)
    exact = with_torch(layer, window, True, torch.float64)
    for name, value in results(layer, window, all_outputs=True).items():
        assert error(value, exact[name]) < 2e-6, name


def test_the_order_of_the_rows_changes_nothing_of_theirs(implementation: str) -> None:
    """To the bit in the compiled kernel; in plain torch the library's products may round by the place."""
    layer, window = make_layer(30, implementation), make_window(133, 40)
    order = torch.randperm(133, generator=torch.Generator().manual_seed(0))
    tolerance = 0.0 if implementation == "compiled" else 2e-6
    found = []
    for rows in (torch.arange(133), order):
        part = window[rows].detach().requires_grad_()
        outputs = layer(part)
        found.append((outputs, *torch.autograd.grad(outputs, part, torch.ones(133, 30))))
    for before, after in zip(*found, strict=True):
        torch.testing.assert_close(after, before[order], rtol=0, atol=tolerance)


def test_neighbours_and_their_number_change_no_bit(implementation: str) -> None:
    if implementation == "plain":
        pytest.skip("products of another width may round in another order")
    layer, window = make_layer(30, implementation), make_window(200, 50)
    alone = torch.cat([layer(window[i : i + 1]) for i in (0, 63, 64, 199)])
    assert torch.equal(alone, layer(window)[[0, 63, 64, 199]])


def test_the_number_of_threads_changes_no_bit(implementation: str, threads: None) -> None:
    if implementation == "plain":
        pytest.skip("torch's own products may split their sums")
    layer, window = make_layer(30, implementation), make_window(300, 30)
    every = []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        every.append(results(layer, window))
    for others in every[1:]:
        assert all(torch.equal(others[name], every[0][name]) for name in every[0])


@pytest.mark.parametrize("size", [1e4, 1e15, 1e30])
def test_saturated_gates_give_numbers(implementation: str, size: float) -> None:
    layer, window = make_layer(30, implementation), make_window(40, 12) * size
    assert all(torch.isfinite(value).all() for value in results(layer, window).values())


def test_a_row_that_is_nan_stays_nan_and_alone(implementation: str) -> None:
    layer, window = make_layer(30, implementation), make_window(40, 12)
    poisoned = window.clone()
    poisoned[3, 5, 2] = torch.nan
    others = torch.arange(40) != 3
    assert torch.isnan(layer(poisoned)[3]).all()
    assert torch.equal(layer(poisoned)[others], layer(window)[others])


def test_the_caller_keeps_its_denormals(implementation: str) -> None:
    """The kernel treats them as 0 inside, and gives the processor's setting back."""
    before = torch.tensor([1e-40]) * 1
    results(make_layer(30, implementation), make_window(100, 5))
    assert torch.equal(torch.tensor([1e-40]) * 1, before)


def test_gradients_far_below_float32_are_zero_not_slow_or_nan(implementation: str) -> None:
    """Through 320 steps of gates that forget, a gradient falls below anything that float32 can hold."""
    layer, window = make_layer(30, implementation, update_bias=-8.0), make_window(20, 320)
    gradient = results(layer, window)["window"]
    assert torch.isfinite(gradient).all()
    assert float(gradient[:, 0].abs().max()) < 1e-37
    assert float(gradient[:, -1].abs().max()) > 1e-3


def test_without_gradients_the_same_numbers(implementation: str) -> None:
    layer, window = make_layer(30, implementation), make_window(70, 33)
    for all_outputs in (False, True):
        with torch.no_grad():
            quick = layer(window, all_outputs=all_outputs)
        assert torch.equal(quick, results(layer, window, all_outputs)["outputs"])


def test_automatic_choice(processor: str) -> None:
    layer = GRULayer(6, 30)
    assert layer.chosen() == ("plain" if processor == "DEFAULT" else "compiled")
    assert layer.double().chosen() == "plain"  # the kernel knows float32 only


def test_what_was_not_built_cannot_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "capability", lambda: "DEFAULT")
    with pytest.raises(RuntimeError, match="install a C\\+\\+ compiler"):
        make_layer(30, "compiled")(make_window(3, 4))


def test_what_is_forced_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = GRULayer(6, 5)
    layer.implementation = "torch"
    called = []
    forward = nn.GRU.forward
    monkeypatch.setattr(nn.GRU, "forward", lambda *args: called.append(1) or forward(*args))
    layer(make_window(3, 4))
    assert called


@pytest.mark.parametrize(
    "bad",
    [
        lambda window: window[..., :5],
        lambda window: window.transpose(1, 2),
        lambda window: window[:, :0],
        lambda window: window[0],
        torch.Tensor.double,
        lambda window: window.to("meta"),
    ],
    ids=["a field too few", "fields first", "no step", "one sample", "float64", "another device"],
)
def test_windows_that_do_not_fit_are_refused(implementation: str, bad: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """A kernel that read them would read other memory."""
    with pytest.raises(ValueError, match=r"windows must have the shape \(n, n_steps, 6\), torch.float32"):
        make_layer(30, implementation)(bad(make_window(7, 4)))


def test_no_sample_gives_no_output(implementation: str) -> None:
    layer, window = make_layer(30, implementation), make_window(7, 4)[:0]
    got = results(layer, window)
    assert got.pop("outputs").shape == (0, 30)
    assert got.pop("window").shape == window.shape
    assert all(not gradient.any() for gradient in got.values())


def test_the_compiled_kernel_refuses_float64() -> None:
    layer = make_layer(30, "compiled").double()
    with pytest.raises(ValueError, match="takes float32 on the CPU"):
        layer(make_window(3, 4).double())
