"""Attention over the outputs of a recurrent layer (figure 8 of the report)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import nn
from torch.autograd.function import once_differentiable

AttentionForm = Literal["alstm", "literal"]

_STEPS_AT_ONCE = 8  # what a few steps need stays in the cache


class TemporalAttention(nn.Module):
    """``o = sum_i softmax_i(u_i) z_i`` over the outputs z_1 .. z_M.

    Parameters
    ----------
    hidden_size : int
    form : {"alstm", "literal"}
        ``alstm``, which the report's code follows (qlib's ALSTM): ``u_i = v . tanh(W z_i + b)`` with W of shape
        (hidden_size // 2, hidden_size); ``literal``, the report's formula: ``u_i = tanh(w . z_i + b)``.
    """

    def __init__(self, hidden_size: int, form: AttentionForm = "alstm") -> None:
        super().__init__()
        if form == "alstm":
            width = max(1, hidden_size // 2)
            self.score = nn.Sequential(nn.Linear(hidden_size, width), nn.Tanh(), nn.Linear(width, 1, bias=False))
        elif form == "literal":
            self.score = nn.Sequential(nn.Linear(hidden_size, 1), nn.Tanh())
        else:
            raise ValueError(f"attention form must be 'alstm' or 'literal', not {form!r}")

    def forward(self, outputs: torch.Tensor) -> torch.Tensor:
        """Weighted outputs (n, hidden_size) of `outputs` (n_steps, n, hidden_size).

        The recurrence gives (n_steps, hidden_size, n) memory behind that view, which is read as it lies there.
        """
        return _Attended.apply(outputs.transpose(1, 2), *self.weights()).t()

    def weights(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """W (a, hidden_size), b (a,) and v (a,) of ``u_i = v . tanh(W z_i + b)``; the literal form is that of a = 1."""
        first, *second = (layer for layer in self.score if isinstance(layer, nn.Linear))
        return first.weight, first.bias, second[0].weight[0] if second else first.weight.new_ones(1)


class _Attended(torch.autograd.Function):
    """``o`` (h, n) from z (n_steps, h, n), W (a, h), b (a,), v (a,); keeps the weights, and computes tanh again."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, w: torch.Tensor, b: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        weights = z.new_empty(len(z), z.shape[2])
        for steps in _parts(z):
            torch.sum(_inner(z[steps], w, b).mul_(v[:, None]), dim=1, out=weights[steps])
        weights = torch.softmax(weights, dim=0)
        attended = torch.zeros_like(z[0])
        for steps in _parts(z):
            attended += (z[steps] * weights[steps, None]).sum(dim=0)
        ctx.save_for_backward(z, w, b, v, weights)
        return attended

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, ...]:
        z, w, b, v, weights = ctx.saved_tensors
        d_u = torch.empty_like(weights)
        for steps in _parts(z):
            torch.sum(z[steps] * grad, dim=1, out=d_u[steps])
        d_u = weights * (d_u - (weights * d_u).sum(dim=0))
        d_z = torch.empty_like(z)
        d_w, d_b, d_v = torch.zeros_like(w), torch.zeros_like(b), torch.zeros_like(v)
        for steps in _parts(z):
            inner, through = _inner(z[steps], w, b), d_u[steps, None]
            d_v += (inner * through).sum(dim=(0, 2))
            d_inner = (1 - inner.square()).mul_(v[:, None]).mul_(through)
            d_b += d_inner.sum(dim=(0, 2))
            d_w += torch.bmm(d_inner, z[steps].transpose(1, 2)).sum(dim=0)
            torch.mul(weights[steps, None], grad, out=d_z[steps])
            d_z[steps] += torch.matmul(w.t(), d_inner)
        return d_z, d_w, d_b, d_v


def _parts(z: torch.Tensor) -> Iterator[slice]:
    for start in range(0, len(z), _STEPS_AT_ONCE):
        yield slice(start, start + _STEPS_AT_ONCE)


def _inner(z: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """``tanh(W z + b)``, (steps, a, n)."""
    return torch.matmul(w, z).add_(b[:, None]).tanh_()
