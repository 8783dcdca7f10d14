"""The GRU's recurrence in plain torch, with its backward written by hand.

torch's own GRU on the CPU keeps every gate of every step for the backward pass and walks (sample, feature) rows.
Here the samples are innermost, so that each step is a few products of small matrices with a long one and passes over
contiguous memory, and only every eighth state is kept: fresh memory costs more than to compute the gates again.
"""

from __future__ import annotations

from itertools import pairwise
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
        (slot,) = walk.slots
        slot.state.zero_()
        kept = window.new_empty(-(-steps // _CHUNK) if keep else 0, hidden, n)
        outputs = window.new_empty(steps if all_states else 0, hidden, n)
        for t, x in enumerate(window.unbind()):
            if keep and t % _CHUNK == 0:
                kept[t // _CHUNK] = slot.state
            slot.x.copy_(x)
            walk.gates(slot)
            torch.lerp(slot.n, slot.state, slot.z, out=slot.state)
            if all_states:
                outputs[t] = slot.state
        if keep:
            ctx.save_for_backward(window, w, u, b, c, kept)
        ctx.all_states = all_states
        return outputs if all_states else slot.state.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        window, w, u, b, c, kept = ctx.saved_tensors
        walk = _Walk(w, u, b, c, window.shape[2], min(_CHUNK, len(window)))
        d_window = torch.empty_like(window) if ctx.needs_input_grad[0] else None
        last = grad[-1] if ctx.all_states else grad
        d_state = last.clone(memory_format=torch.contiguous_format)  # it may come as a transposed view
        for chunk in reversed(range(len(kept))):
            first, slots = chunk * _CHUNK, walk.start(kept[chunk], window[chunk * _CHUNK : (chunk + 1) * _CHUNK])
            for slot, after in pairwise(slots):
                walk.gates(slot)
                torch.lerp(slot.n, slot.state, slot.z, out=after.state)
            walk.gates(slots[-1])
            for t, slot in zip(range(first + len(slots) - 1, first - 1, -1), reversed(slots), strict=True):
                d_state = walk.backward(slot, d_state)
                if d_window is not None:
                    torch.mm(w.t(), slot.input_gradients(), out=d_window[t])
                if ctx.all_states and t > 0:
                    d_state.add_(grad[t - 1])
            walk.collect(len(slots))
        return d_window, *walk.parameter_gradients(), None, None


class _Slot:
    """Memory for one step: what it reads, and its gates.

    Attributes
    ----------
    read : Tensor of shape (n_fields + 1 + h + 1, n)
        The input, ones, the state before the step, and ones again, so that what enters a gate lies in one piece.
    x, state : Tensor of shape (n_fields, n), (h, n)
        Parts of it; `with_x` and `with_state` take in the ones that follow.
    n, r, z, s : Tensor of shape (h, n)
        The gates and ``s = U_n h + c_n`` after `_Walk.gates`; the gradients of what entered them after
        `_Walk.backward`. They lie one after the other, so that the gradients which reach the input (n, r, z) and the
        state (r, z, s) do too.
    """

    def __init__(self, read: torch.Tensor, gates: torch.Tensor) -> None:
        hidden = len(gates) // 4
        fields = len(read) - hidden - 2
        self.read, self.x, self.with_x = read, read[:fields], read[: fields + 1]
        self.state, self.with_state = read[fields + 1 : -1], read[fields + 1 :]
        self.n, self.r, self.z, self.s = gates.split(hidden)
        self.rz, self.rzs = gates[hidden : 3 * hidden], gates[hidden:]

    def input_gradients(self) -> torch.Tensor:
        """Gradients of ``W x``, (3h, n), in torch's order of the gates."""
        return torch.cat([self.rz, self.n])


class _Walk:
    """Weights side by side as a step needs them, and the workspace of a few steps, each in a slot of its own.

    Biases come last in every sum, since small terms added to a large one lose their digits.
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
        self.gradients = w.new_empty(n_slots, 4 * hidden, n)
        self.slots = [_Slot(*memory) for memory in zip(self.read, self.gradients, strict=True)]
        self.total = w.new_zeros(self.fields + 1 + hidden + 1, 4 * hidden)
        self.scratch, self.carried = w.new_empty(2 * hidden, n), w.new_empty(hidden, n)
        self.for_r, self.for_z = self.scratch.split(hidden)

    def start(self, state: torch.Tensor, inputs: torch.Tensor) -> list[_Slot]:
        """Slots for the steps that read `inputs` (n_steps, n_fields, n), the first with its state (h, n)."""
        self.read[: len(inputs), : inputs.shape[1]] = inputs
        self.slots[0].state.copy_(state)
        return self.slots[: len(inputs)]

    def gates(self, slot: _Slot) -> None:
        """Gates from the slot's input and state."""
        torch.mm(self.of_rz, slot.read, out=slot.rz).sigmoid_()
        torch.mm(self.of_s, slot.with_state, out=slot.s)
        torch.mm(self.of_n, slot.with_x, out=slot.n).addcmul_(slot.r, slot.s).tanh_()

    def backward(self, slot: _Slot, d: torch.Tensor) -> torch.Tensor:
        """Gradient (h, n) of the state before from `d`, that of the state after, whose memory it takes over."""
        n, r, z, s, carried = slot.n, slot.r, slot.z, slot.s, self.carried
        torch.mul(d, z, out=carried)
        torch.sub(slot.state, n, out=self.for_z).mul_(d)
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
        (w_n, b_n, _, _), (w_rz, _, u_rz, b_rz), (_, _, u_n, c_n) = (
            of.split(parts, dim=1) for of in (of_n, of_rz, of_s)
        )
        return (
            torch.cat([w_rz, w_n]),
            torch.cat([u_rz, u_n]),
            torch.cat([b_rz, b_n]).squeeze(1),
            torch.cat([b_rz, c_n]).squeeze(1),
        )
