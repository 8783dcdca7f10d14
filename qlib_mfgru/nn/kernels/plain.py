"""The GRU's recurrence in plain torch, with its backward written by hand.

torch's own GRU on the CPU keeps every gate of every step for the backward pass and walks (sample, feature) rows.
Here the samples are innermost, so that each step is a few products of small matrices with a long one and passes over
contiguous memory, and only what the products read is kept: the gates are cheaper to compute again than to store.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input

_STEPS_PER_SUM = 16  # sums of sums round less than one long sum


def plain_gru(
    window: torch.Tensor, w: torch.Tensor, u: torch.Tensor, b: torch.Tensor, c: torch.Tensor, all_states: bool
) -> torch.Tensor:
    """States of a GRU; shapes as in `qlib_mfgru.nn.kernels`. Any device, any precision."""
    inputs = window, w, u, b, c
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
    return _PlainGRU.apply(*inputs, all_states, keep)


class _PlainGRU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *args: Any) -> torch.Tensor:
        window, w, u, b, c, all_states, keep = args
        steps, fields, n = window.shape
        hidden = u.shape[1]
        step = _Step(w, u, b, c, n)
        # what a step reads: its input, the state before it, and after each of them ones for the biases; these come
        # last in every sum, since small terms added to a large one lose their digits
        read = window.new_empty(steps + 1 if all_states or keep else 2, fields + 1 + hidden + 1, n)
        read[:, [fields, -1]] = 1
        states = read[:, fields + 1 : -1]
        states[0].zero_()
        for t in range(steps):
            now, then = t % len(read), (t + 1) % len(read)
            read[now, :fields] = window[t]
            step.gates(read[now])
            torch.lerp(step.n, states[now], step.z, out=states[then])
        if keep:
            ctx.save_for_backward(w, u, b, c, read)
        ctx.all_states = all_states
        return states[1:] if all_states else states[steps % len(read)].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        w, u, b, c, read = ctx.saved_tensors
        fields, n = w.shape[1], read.shape[2]
        step = _Step(w, u, b, c, n)
        d_window = read.new_empty(len(read) - 1, fields, n) if ctx.needs_input_grad[0] else None
        d_state = (grad[-1] if ctx.all_states else grad).clone()
        for t in reversed(range(len(read) - 1)):
            step.gates(read[t])
            d_state = step.backward(d_state, read[t])
            if d_window is not None:
                torch.mm(w.t(), step.input_gradients(), out=d_window[t])
            if ctx.all_states and t > 0:
                d_state.add_(grad[t - 1])
            if t % _STEPS_PER_SUM == 0:
                step.collect()
        return d_window, *step.parameter_gradients(), None, None


class _Step:
    """Weights side by side as a step needs them, and its workspace.

    Attributes
    ----------
    n, r, z, s : Tensor of shape (h, n)
        The gates and ``s = U_n h + c_n`` after `gates`; the gradients of what entered them after `backward`. They
        lie one after the other, so that the gradients which reach the input (n, r, z) and the state (r, z, s) do too.
    """

    def __init__(self, w: torch.Tensor, u: torch.Tensor, b: torch.Tensor, c: torch.Tensor, n: int) -> None:
        hidden, self.fields = u.shape[1], w.shape[1]
        (w_rz, w_n), (u_rz, u_n) = w.split([2 * hidden, hidden]), u.split([2 * hidden, hidden])
        (b_rz, b_n), (c_rz, c_n) = b.split([2 * hidden, hidden]), c.split([2 * hidden, hidden])
        self.u = u
        self.of_rz = torch.cat([w_rz, w.new_zeros(2 * hidden, 1), u_rz, (b_rz + c_rz)[:, None]], dim=1)
        self.of_n = torch.cat([w_n, b_n[:, None]], dim=1)
        self.of_s = torch.cat([u_n, c_n[:, None]], dim=1)
        weights = self.of_rz, self.of_n, self.of_s
        self.parts = self.d_rz, self.d_n, self.d_s = tuple(torch.zeros_like(matrix) for matrix in weights)
        self.totals = tuple(torch.zeros_like(matrix) for matrix in weights)
        self.all = w.new_empty(4 * hidden, n)
        self.n, self.r, self.z, self.s = self.all.split(hidden)
        self.rz = self.all[hidden : 3 * hidden]
        self.scratch, self.carried = w.new_empty(hidden, n), w.new_empty(hidden, n)

    def gates(self, read: torch.Tensor) -> None:
        """Gates of the step that reads (n_fields + 1 + h + 1, n): its input, ones, the state, ones."""
        torch.mm(self.of_rz, read, out=self.rz).sigmoid_()
        torch.mm(self.of_s, read[self.fields + 1 :], out=self.s)
        torch.mm(self.of_n, read[: self.fields + 1], out=self.n).addcmul_(self.r, self.s).tanh_()

    def backward(self, d: torch.Tensor, read: torch.Tensor) -> torch.Tensor:
        """Gradient (h, n) of the state before from `d`, that of the state after, whose memory it takes over."""
        n, r, z, s, scratch, carried = self.n, self.r, self.z, self.s, self.scratch, self.carried
        torch.mul(d, z, out=carried)
        torch.sub(read[self.fields + 1 : -1], n, out=scratch).mul_(d)
        _sigmoid_backward(scratch, z, grad_input=z)
        _tanh_backward(d.sub_(carried), n, grad_input=n)
        torch.mul(n, s, out=scratch)
        torch.mul(n, r, out=s)
        _sigmoid_backward(scratch, r, grad_input=r)
        self.d_rz.addmm_(self.rz, read.t())
        self.d_n.addmm_(n, read[: self.fields + 1].t())
        self.d_s.addmm_(s, read[self.fields + 1 :].t())
        return torch.addmm(carried, self.u.t(), self.all[len(n) :], out=d)

    def input_gradients(self) -> torch.Tensor:
        """Gradients of ``W x``, (3h, n), in torch's order of the gates."""
        return torch.cat([self.rz, self.n])

    def collect(self) -> None:
        """Add the gradients of the steps since the last call to the totals."""
        for total, part in zip(self.totals, self.parts, strict=True):
            total.add_(part)
            part.zero_()

    def parameter_gradients(self) -> tuple[torch.Tensor, ...]:
        """Gradients of w, u, b, c, summed over the steps collected."""
        fields, hidden = self.fields, self.u.shape[1]
        of_rz, of_n, of_s = self.totals
        w_rz, _, u_rz, b_rz = of_rz.split([fields, 1, hidden, 1], dim=1)
        w_n, b_n = of_n.split([fields, 1], dim=1)
        u_n, c_n = of_s.split([hidden, 1], dim=1)
        return (
            torch.cat([w_rz, w_n]),
            torch.cat([u_rz, u_n]),
            torch.cat([b_rz, b_n]).squeeze(1),
            torch.cat([b_rz, c_n]).squeeze(1),
        )
