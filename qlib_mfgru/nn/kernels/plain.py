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

_CHUNK = 8
"""Steps from one kept state to the next: their gates lie in the cache until the backward pass has been over them."""


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
        steps, n, hidden = len(window), window.shape[2], u.shape[1]
        walk = _Walk(w, u, b, c, n, 1)
        kept = window.new_empty(-(-steps // _CHUNK) if keep else 0, hidden, n)
        outputs = window.new_empty(steps if all_states else 0, hidden, n)
        for t in range(steps):
            if keep and t % _CHUNK == 0:
                kept[t // _CHUNK] = walk.states[0]
            walk.gates(0, window[t])
            state = walk.state_after(0, into=0)
            if all_states:
                outputs[t] = state
        if keep:
            ctx.save_for_backward(window, w, u, b, c, kept)
        ctx.all_states = all_states
        return outputs if all_states else walk.states[0].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        window, w, u, b, c, kept = ctx.saved_tensors
        walk = _Walk(w, u, b, c, window.shape[2], min(_CHUNK, len(window)))
        d_window = torch.empty_like(window) if ctx.needs_input_grad[0] else None
        last = grad[-1] if ctx.all_states else grad
        d_state = last.clone(memory_format=torch.contiguous_format)  # it may come as a transposed view
        for chunk in reversed(range(len(kept))):
            first = chunk * _CHUNK
            steps = range(min(_CHUNK, len(window) - first))
            walk.states[0] = kept[chunk]
            for i in steps:
                walk.gates(i, window[first + i])
                if i < steps[-1]:
                    walk.state_after(i, into=i + 1)
            for i in reversed(steps):
                d_state = walk.backward(i, d_state)
                if d_window is not None:
                    torch.mm(w.t(), walk.slots[i].input_gradients(), out=d_window[first + i])
                if ctx.all_states and first + i > 0:
                    d_state.add_(grad[first + i - 1])
            walk.collect(len(steps))
        return d_window, *walk.parameter_gradients(), None, None


class _Slot:
    """Memory for one step's gates.

    Attributes
    ----------
    n, r, z, s : Tensor of shape (h, n)
        The gates and ``s = U_n h + c_n`` after `_Walk.gates`; the gradients of what entered them after
        `_Walk.backward`. They lie one after the other, so that the gradients which reach the input (n, r, z) and the
        state (r, z, s) do too.
    """

    def __init__(self, memory: torch.Tensor) -> None:
        hidden = len(memory) // 4
        self.n, self.r, self.z, self.s = memory.split(hidden)
        self.rz, self.rzs = memory[hidden : 3 * hidden], memory[hidden:]

    def input_gradients(self) -> torch.Tensor:
        """Gradients of ``W x``, (3h, n), in torch's order of the gates."""
        return torch.cat([self.rz, self.n])


class _Walk:
    """Weights side by side as a step needs them, and the workspace of a few steps, each in a slot of its own.

    What a step reads lies in one piece: its input, ones, the state before it, and ones again. The ones are for the biases, which
    come last in every sum, since small terms added to a large one lose their digits.

    Attributes
    ----------
    states : Tensor of shape (n_slots, h, n)
        Before each slot's step; the first is 0.
    """

    def __init__(
        self, w: torch.Tensor, u: torch.Tensor, b: torch.Tensor, c: torch.Tensor, n: int, n_slots: int
    ) -> None:
        hidden, self.fields = u.shape[1], w.shape[1]
        (w_rz, w_n), (u_rz, u_n) = w.split([2 * hidden, hidden]), u.split([2 * hidden, hidden])
        (b_rz, b_n), (c_rz, c_n) = b.split([2 * hidden, hidden]), c.split([2 * hidden, hidden])
        self.u_t = u.t()
        self.of_rz = torch.cat([w_rz, w.new_zeros(2 * hidden, 1), u_rz, (b_rz + c_rz)[:, None]], dim=1)
        self.of_n = torch.cat([w_n, b_n[:, None]], dim=1)
        self.of_s = torch.cat([u_n, c_n[:, None]], dim=1)
        self.read = w.new_ones(n_slots, self.fields + 1 + hidden + 1, n)
        self.states = self.read[:, self.fields + 1 : -1]
        self.states[0].zero_()
        self.gradients = w.new_empty(n_slots, 4 * hidden, n)
        self.slots = [_Slot(memory) for memory in self.gradients]
        self.total = w.new_zeros(self.fields + 1 + hidden + 1, 4 * hidden)
        self.scratch, self.carried = w.new_empty(2 * hidden, n), w.new_empty(hidden, n)
        self.for_r, self.for_z = self.scratch.split(hidden)

    def gates(self, i: int, x: torch.Tensor) -> None:
        """Gates of slot `i` from an input (n_fields, n) and the slot's state."""
        read, slot = self.read[i], self.slots[i]
        read[: self.fields] = x
        torch.mm(self.of_rz, read, out=slot.rz).sigmoid_()
        torch.mm(self.of_s, read[self.fields + 1 :], out=slot.s)
        torch.mm(self.of_n, read[: self.fields + 1], out=slot.n).addcmul_(slot.r, slot.s).tanh_()

    def state_after(self, i: int, into: int) -> torch.Tensor:
        """The state after the step of slot `i`, as that of another slot or in its own place."""
        slot = self.slots[i]
        return torch.lerp(slot.n, self.states[i], slot.z, out=self.states[into])

    def backward(self, i: int, d: torch.Tensor) -> torch.Tensor:
        """Gradient (h, n) of the state before from `d`, that of the state after, whose memory it takes over."""
        slot, carried = self.slots[i], self.carried
        n, r, z, s = slot.n, slot.r, slot.z, slot.s
        torch.mul(d, z, out=carried)
        torch.sub(self.states[i], n, out=self.for_z).mul_(d)
        _tanh_backward(d.sub_(carried), n, grad_input=n)
        torch.mul(n, s, out=self.for_r)
        torch.mul(n, r, out=s)
        _sigmoid_backward(self.scratch, slot.rz, grad_input=slot.rz)
        return torch.addmm(carried, self.u_t, slot.rzs, out=d)

    def collect(self, n_slots: int) -> None:
        """Add the parameters' gradients of the first slots' steps.

        A product for each step: several at once keep all cores busy, where one long, thin one does not.
        """
        self.total.add_(torch.bmm(self.read[:n_slots], self.gradients[:n_slots].transpose(1, 2)).sum(0))

    def parameter_gradients(self) -> tuple[torch.Tensor, ...]:
        """Gradients of w, u, b, c, summed over the steps collected."""
        hidden = self.u_t.shape[0]
        of_n, of_rz, of_s = self.total.t().split([hidden, 2 * hidden, hidden])
        parts = [self.fields, 1, hidden, 1]
        (w_n, b_n, _, _), (w_rz, _, u_rz, b_rz), (_, _, u_n, c_n) = (of.split(parts, dim=1) for of in (of_n, of_rz, of_s))
        return (
            torch.cat([w_rz, w_n]),
            torch.cat([u_rz, u_n]),
            torch.cat([b_rz, b_n]).squeeze(1),
            torch.cat([b_rz, c_n]).squeeze(1),
        )
