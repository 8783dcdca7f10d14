"""The GRU's recurrence in plain torch, with its backward written by hand.

torch's own GRU on the CPU keeps every gate of every step for the backward pass and walks (sample, feature) rows.
Here the samples are innermost, so that each step is a few products of small matrices with a long one and passes over
contiguous memory, and only the states are kept: the gates are cheaper to compute again than to store.

With gates r, z and candidate n (torch's definition, weights stacked in this order)::

    r = sigmoid(W_r x + b_r + U_r h + c_r)
    z = sigmoid(W_z x + b_z + U_z h + c_z)
    n = tanh(W_n x + b_n + r * (U_n h + c_n))
    h' = n + z * (h - n)
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable


class GRURecurrence(torch.autograd.Function):
    """States of a GRU that starts from 0.

    Inputs: window (n_steps, n_fields, n), W (3h, n_fields), U (3h, h), b (3h,), c (3h,), and whether all states are
    wanted. Output: all states (n_steps, h, n), or the last (h, n).
    """

    @staticmethod
    def forward(
        ctx: Any,
        window: torch.Tensor,
        w: torch.Tensor,
        u: torch.Tensor,
        b: torch.Tensor,
        c: torch.Tensor,
        all_states: bool,
    ) -> torch.Tensor:
        steps, _, n = window.shape
        hidden = u.shape[1]
        states = window.new_empty(steps + 1, hidden, n)
        states[0].zero_()
        gates = _Gates(w, u, b, c, n)
        for t in range(steps):
            gates.compute(window[t], states[t])
            torch.lerp(gates.n, states[t], gates.z, out=states[t + 1])
        ctx.save_for_backward(window, w, u, b, c, states)
        ctx.all_states = all_states
        return states[1:] if all_states else states[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        window, w, u, b, c, states = ctx.saved_tensors
        steps, _, n = window.shape
        gates = _Gates(w, u, b, c, n)
        d_w, d_u, d_b, d_c = (torch.zeros_like(parameter) for parameter in (w, u, b, c))
        d_window = torch.empty_like(window) if ctx.needs_input_grad[0] else None
        d_state = (grad[-1] if ctx.all_states else grad).clone()
        ones = window.new_ones(n)
        for t in reversed(range(steps)):
            gates.compute(window[t], states[t])
            d_state = gates.backward(d_state, states[t])
            d_w.addmm_(gates.from_input, window[t].t())
            d_u.addmm_(gates.from_state, states[t].t())
            d_b.addmv_(gates.from_input, ones)
            d_c.addmv_(gates.from_state, ones)
            d_state.addmm_(u.t(), gates.from_state)
            if d_window is not None:
                torch.mm(w.t(), gates.from_input, out=d_window[t])
            if ctx.all_states and t > 0:
                d_state.add_(grad[t - 1])
        return d_window, d_w, d_u, d_b, d_c, None


class _Gates:
    """Workspace of one step: the gates, and after `backward` the gradients of what entered them.

    Attributes
    ----------
    from_input : Tensor of shape (3h, n)
        Holds r, z, n after `compute`; the gradient of ``W x + b`` after `backward`.
    from_state : Tensor of shape (3h, n)
        Holds ``U h + c`` after `compute`; its gradient after `backward`.
    """

    def __init__(self, w: torch.Tensor, u: torch.Tensor, b: torch.Tensor, c: torch.Tensor, n: int) -> None:
        self.w, self.u, self.b, self.c = w, u, b[:, None], c[:, None]
        hidden = u.shape[1]
        self.from_input, self.from_state = w.new_empty(3 * hidden, n), w.new_empty(3 * hidden, n)
        self.sigmoid_part = slice(0, 2 * hidden)
        self.r, self.z, self.n = self.from_input.split(hidden)
        self.state_r, self.state_z, self.state_n = self.from_state.split(hidden)
        self.scratch = w.new_empty(hidden, n)

    def compute(self, x: torch.Tensor, state: torch.Tensor) -> None:
        """Gates of the step that reads x (n_fields, n) in `state` (h, n)."""
        torch.addmm(self.b, self.w, x, out=self.from_input)
        torch.addmm(self.c, self.u, state, out=self.from_state)
        self.from_input[self.sigmoid_part].add_(self.from_state[self.sigmoid_part]).sigmoid_()
        self.n.addcmul_(self.r, self.state_n).tanh_()

    def backward(self, d_next: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Turn the gates into gradients in place; return the part of `state`'s gradient that bypasses the gates."""
        r, z, n, scratch = self.r, self.z, self.n, self.scratch
        torch.sub(state, n, out=scratch).mul_(d_next)  # gradient of z
        d_candidate = torch.addcmul(d_next, d_next, z, value=-1)  # of n: (1 - z) d
        d_next = d_next.mul_(z)
        torch.addcmul(scratch.mul_(z), scratch, z, value=-1, out=self.state_z)  # through the sigmoid: z (1 - z)
        torch.mul(n, n, out=scratch)
        torch.addcmul(d_candidate, d_candidate, scratch, value=-1, out=n)  # through the tanh: 1 - n^2
        torch.mul(n, self.state_n, out=scratch).mul_(r)
        torch.addcmul(scratch, scratch, r, value=-1, out=self.state_r)  # through the sigmoid: r (1 - r)
        torch.mul(n, r, out=self.state_n)
        self.from_input[self.sigmoid_part].copy_(self.from_state[self.sigmoid_part])
        return d_next
