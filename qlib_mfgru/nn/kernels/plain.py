"""The GRU's recurrence in plain torch, with its backward written by hand.

torch's own GRU on the CPU keeps every gate of every step for the backward pass and walks (sample, feature) rows.
Here the samples are innermost, so that each step is a few products of small matrices with long ones and passes over
contiguous memory, and only every eighth state is kept: fresh memory costs more than to compute the gates again.
The samples lie in blocks, each of which the same thread takes in every operation: a product that shared out its columns
otherwise than the sigmoid after it would move everything between the cores' caches, and take a quarter longer.
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
_BLOCK = 256
"""Samples in a block at most: enough blocks for many threads, and products that are still wide enough."""


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
        kept = window.new_empty(-(-steps // _CHUNK) if keep else 0, *slot.state.shape)
        outputs = window.new_empty(steps if all_states else 0, hidden, n)
        for first in range(0, steps, _CHUNK):
            if keep:
                kept[first // _CHUNK] = slot.state
            for t, x in enumerate(_blocked(window[first : first + _CHUNK]), first):
                slot.x.copy_(x)
                walk.gates(slot)
                torch.lerp(slot.n, slot.state, slot.z, out=slot.state)
                if all_states:
                    outputs[t] = _joined(slot.state, n)
        if keep:
            ctx.save_for_backward(window, w, u, b, c, kept)
        ctx.all_states = all_states
        return outputs if all_states else _joined(slot.state, n).clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        window, w, u, b, c, kept = ctx.saved_tensors
        n = window.shape[2]
        walk = _Walk(w, u, b, c, n, min(_CHUNK, len(window)))
        d_window = torch.empty_like(window) if ctx.needs_input_grad[0] else None
        last = grad[-1] if ctx.all_states else grad
        d_state = _blocked(last).clone(memory_format=torch.contiguous_format)
        for chunk in reversed(range(len(kept))):
            first, slots = chunk * _CHUNK, walk.start(kept[chunk], window[chunk * _CHUNK : (chunk + 1) * _CHUNK])
            for slot, after in pairwise(slots):
                walk.gates(slot)
                torch.lerp(slot.n, slot.state, slot.z, out=after.state)
            walk.gates(slots[-1])
            for t, slot in zip(range(first + len(slots) - 1, first - 1, -1), reversed(slots), strict=True):
                d_state = walk.backward(slot, d_state)
                if d_window is not None:
                    d_window[t] = _joined(walk.input_gradients(slot), n)
                if ctx.all_states and t > 0:
                    d_state.add_(_blocked(grad[t - 1]))
            walk.collect(len(slots))
        return d_window, *walk.parameter_gradients(), None, None


def _blocks(n: int) -> tuple[int, int]:
    """Number and width of the blocks that `n` samples take."""
    count = max(1, -(-n // _BLOCK))
    return count, -(-n // count)


def _blocked(rows: torch.Tensor) -> torch.Tensor:
    """(..., k, n) as blocks (..., n_blocks, k, width), the last of which is filled up with zeros."""
    count, width = _blocks(rows.shape[-1])
    if missing := count * width - rows.shape[-1]:
        rows = torch.nn.functional.pad(rows, (0, missing))
    return rows.unflatten(-1, (count, width)).movedim(-2, -3)


def _joined(blocks: torch.Tensor, n: int) -> torch.Tensor:
    """(n_blocks, k, width) as (k, n)."""
    return blocks.movedim(-3, -2).flatten(-2)[..., :n]


class _Slot:
    """Memory for one step: what it reads, and its gates; in blocks of samples.

    Attributes
    ----------
    read : Tensor of shape (n_blocks, n_fields + 1 + h + 1, width)
        The input, ones, the state before the step, and ones again, so that what enters a gate lies in one piece.
    x, state : Tensor of shape (n_blocks, n_fields, width), (n_blocks, h, width)
        Parts of it; `with_x` and `with_state` take in the ones that follow.
    rz, n, s : Tensor of shape (n_blocks, 2h, width), twice (n_blocks, h, width)
        The gates r and z, the gate n, and ``s = U_n h + c_n`` after `_Walk.gates`; the gradients of what entered them
        after `_Walk.backward`.
    """

    def __init__(self, read: torch.Tensor, rz: torch.Tensor, n: torch.Tensor, s: torch.Tensor) -> None:
        hidden = n.shape[1]
        fields = read.shape[1] - hidden - 2
        self.read, self.x, self.with_x = read, read[:, :fields], read[:, : fields + 1]
        self.state, self.with_state = read[:, fields + 1 : -1], read[:, fields + 1 :]
        self.rz, self.n, self.s = rz, n, s
        self.r, self.z = rz.split(hidden, dim=1)


class _Walk:
    """Weights side by side as a step needs them, and the workspace of a few steps, each in a slot of its own.

    Biases come last in every sum, since small terms added to a large one lose their digits. What a product writes is
    memory of its own, since torch copies where the blocks have gaps between them.
    """

    def __init__(
        self, w: torch.Tensor, u: torch.Tensor, b: torch.Tensor, c: torch.Tensor, n: int, n_slots: int
    ) -> None:
        hidden, self.fields = u.shape[1], w.shape[1]
        (w_rz, w_n), (u_rz, u_n) = w.split([2 * hidden, hidden]), u.split([2 * hidden, hidden])
        (b_rz, b_n), (c_rz, c_n) = b.split([2 * hidden, hidden]), c.split([2 * hidden, hidden])
        count, width = _blocks(n)

        def of_all(*parts: torch.Tensor) -> torch.Tensor:
            return torch.cat(parts, dim=1).expand(count, -1, -1)

        def memory(*rows: int) -> torch.Tensor:
            return w.new_empty(*rows[:-1], count, rows[-1], width)

        self.of_rz = of_all(w_rz, w.new_zeros(2 * hidden, 1), u_rz, (b_rz + c_rz)[:, None])
        self.of_n, self.of_s = of_all(w_n, b_n[:, None]), of_all(u_n, c_n[:, None])
        self.w_rz_t, self.w_n_t, self.u_rz_t, self.u_n_t = (of_all(part.t()) for part in (w_rz, w_n, u_rz, u_n))
        self.read = memory(n_slots, self.fields + 1 + hidden + 1).fill_(1.0)
        self.rz, self.n, self.s = (memory(n_slots, rows) for rows in (2 * hidden, hidden, hidden))
        self.slots = [_Slot(*parts) for parts in zip(self.read, self.rz, self.n, self.s, strict=True)]
        self.scratch, self.carried = memory(2 * hidden), memory(hidden)
        self.for_r, self.for_z = self.scratch.split(hidden, dim=1)
        self.d_rz, self.d_n, self.d_s = (torch.zeros_like(part[0]) for part in (self.of_rz, self.of_n, self.of_s))

    def start(self, state: torch.Tensor, inputs: torch.Tensor) -> list[_Slot]:
        """Slots for the steps that read `inputs` (n_steps, n_fields, n), the first with its state, in blocks."""
        self.read[: len(inputs), :, : self.fields] = _blocked(inputs)
        self.slots[0].state.copy_(state)
        return self.slots[: len(inputs)]

    def gates(self, slot: _Slot) -> None:
        """Gates from the slot's input and state."""
        torch.bmm(self.of_rz, slot.read, out=slot.rz).sigmoid_()
        torch.bmm(self.of_s, slot.with_state, out=slot.s)
        torch.bmm(self.of_n, slot.with_x, out=slot.n).addcmul_(slot.r, slot.s).tanh_()

    def backward(self, slot: _Slot, d: torch.Tensor) -> torch.Tensor:
        """Gradient of the state before from `d`, that of the state after, whose memory it takes over; in blocks."""
        n, s, carried = slot.n, slot.s, self.carried
        torch.mul(d, slot.z, out=carried)
        torch.sub(slot.state, n, out=self.for_z).mul_(d)
        _tanh_backward(d.sub_(carried), n, grad_input=n)
        torch.mul(n, s, out=self.for_r)
        torch.mul(n, slot.r, out=s)
        _sigmoid_backward(self.scratch, slot.rz, grad_input=slot.rz)
        return torch.bmm(self.u_rz_t, slot.rz, out=d).baddbmm_(self.u_n_t, s).add_(carried)

    def input_gradients(self, slot: _Slot) -> torch.Tensor:
        """Gradient of the slot's input, in blocks."""
        return torch.bmm(self.w_rz_t, slot.rz).baddbmm_(self.w_n_t, slot.n)

    def collect(self, n_slots: int) -> None:
        """Add the parameters' gradients of the first slots' steps."""
        read, with_x, with_state = self.read, self.read[:, :, : self.fields + 1], self.read[:, :, self.fields + 1 :]
        parts = (self.d_rz, self.rz, read), (self.d_n, self.n, with_x), (self.d_s, self.s, with_state)
        for total, gradients, entered in parts:
            left, right = (rows[:n_slots].flatten(0, 1) for rows in (gradients, entered))
            total.add_(torch.bmm(left, right.transpose(1, 2)).sum(0))

    def parameter_gradients(self) -> tuple[torch.Tensor, ...]:
        """Gradients of w, u, b, c, summed over the steps collected."""
        fields, hidden = self.fields, len(self.d_n)
        (w_rz, _, u_rz, b_rz), (w_n, b_n), (u_n, c_n) = (
            self.d_rz.split([fields, 1, hidden, 1], dim=1),
            self.d_n.split([fields, 1], dim=1),
            self.d_s.split([hidden, 1], dim=1),
        )
        pairs = (w_rz, w_n), (u_rz, u_n), (b_rz[:, 0], b_n[:, 0]), (b_rz[:, 0], c_n[:, 0])
        return tuple(torch.cat(pair) for pair in pairs)
