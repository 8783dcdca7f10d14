# mypy: allow-untyped-defs
"""Loads and stores of the fused kernels: weights, biases and tiles, padded with zeros to powers of two."""

import triton
import triton.language as tl


@triton.jit
def tile_places(rows, n, n_columns: tl.constexpr, COLUMNS: tl.constexpr):
    """Offsets of the tile (ROWS, COLUMNS) in an array (n_columns, n), and which of them exist."""
    columns = tl.arange(0, COLUMNS)[None, :]
    return columns * n + rows[:, None], (rows[:, None] < n) & (columns < n_columns)


@triton.jit
def _weight_places(
    gate: tl.constexpr, n_in: tl.constexpr, IN: tl.constexpr, hidden: tl.constexpr, HIDDEN: tl.constexpr
):
    """Offsets of one gate's weights, seen as (IN, HIDDEN), in an array (3 * hidden, n_in), and which of them exist."""
    i, j = tl.arange(0, IN)[:, None], tl.arange(0, HIDDEN)[None, :]
    return (gate * hidden + j) * n_in + i, (i < n_in) & (j < hidden)


@triton.jit
def _weight(
    pointer, gate: tl.constexpr, n_in: tl.constexpr, IN: tl.constexpr, hidden: tl.constexpr, HIDDEN: tl.constexpr
):
    places, exists = _weight_places(gate, n_in, IN, hidden, HIDDEN)
    return tl.load(pointer + places, mask=exists, other=0.0)


@triton.jit
def store_weight(
    pointer, tile, gate: tl.constexpr, n_in: tl.constexpr, IN: tl.constexpr, hidden: tl.constexpr, HIDDEN: tl.constexpr
):
    places, exists = _weight_places(gate, n_in, IN, hidden, HIDDEN)
    tl.store(pointer + places, tile, mask=exists)


@triton.jit
def _bias(pointer, gate: tl.constexpr, hidden: tl.constexpr, HIDDEN: tl.constexpr):
    columns = tl.arange(0, HIDDEN)
    return tl.load(pointer + gate * hidden + columns, mask=columns < hidden, other=0.0)[None, :]


@triton.jit
def store_bias(pointer, tile, gate: tl.constexpr, hidden: tl.constexpr, HIDDEN: tl.constexpr):
    columns = tl.arange(0, HIDDEN)
    tl.store(pointer + gate * hidden + columns, tl.sum(tile, axis=0), mask=columns < hidden)


@triton.jit
def parameters_of(w, u, b, c, n_fields: tl.constexpr, FIELDS: tl.constexpr, hidden: tl.constexpr, HIDDEN: tl.constexpr):
    """Weights as (FIELDS, HIDDEN) and (HIDDEN, HIDDEN); the biases of r and z, which only occur as sums, as such."""
    w_r = _weight(w, 0, n_fields, FIELDS, hidden, HIDDEN)
    w_z = _weight(w, 1, n_fields, FIELDS, hidden, HIDDEN)
    w_n = _weight(w, 2, n_fields, FIELDS, hidden, HIDDEN)
    u_r = _weight(u, 0, hidden, HIDDEN, hidden, HIDDEN)
    u_z = _weight(u, 1, hidden, HIDDEN, hidden, HIDDEN)
    u_n = _weight(u, 2, hidden, HIDDEN, hidden, HIDDEN)
    a_r = _bias(b, 0, hidden, HIDDEN) + _bias(c, 0, hidden, HIDDEN)
    a_z = _bias(b, 1, hidden, HIDDEN) + _bias(c, 1, hidden, HIDDEN)
    return w_r, w_z, w_n, u_r, u_z, u_n, a_r, a_z, _bias(b, 2, hidden, HIDDEN), _bias(c, 2, hidden, HIDDEN)


@triton.jit
def transposed(u, u_gate, gate: tl.constexpr, hidden: tl.constexpr, HIDDEN: tl.constexpr, RELOAD: tl.constexpr):
    """A gate's U the other way round; if RELOAD, read again instead of being kept."""
    if RELOAD:
        return tl.trans(_weight(u, gate, hidden, HIDDEN, hidden, HIDDEN))
    return tl.trans(u_gate)
