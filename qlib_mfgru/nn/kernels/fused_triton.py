# mypy: allow-untyped-defs
"""The two Triton kernels behind `fused.py`, which alone imports this module: it imports triton.

Tiles are (ROWS, HIDDEN) or (ROWS, FIELDS): ROWS samples, the other axis padded with zeros to a power of two. A padded
column of the state stays 0, because its weights and biases are 0; a padded row adds 0 to every gradient and is never
stored. Names ending in _r, _z, _n belong to torch's three gates; formulas are in `qlib_mfgru.nn.kernels`.
"""

import triton
import triton.language as tl

from qlib_mfgru.nn.kernels.fused_tiles import parameters_of, store_bias, store_weight, tile_places, transposed

PRECISION = tl.constexpr("tf32x3")
"""How the tensor cores multiply float32: as three products of 11-bit halves, good to 2^-22.

``tf32`` is good to 2^-11 only (measured: gradients off by 4e-4). ``ieee`` leaves the tensor cores and reads both
factors of every product from shared memory. ``tf32x3`` is as exact as float32 here, at 3 times the cost of tf32."""


@triton.jit
def _dot(a, b):
    return tl.dot(a, b, input_precision=PRECISION)


@triton.jit
def _tanh(x):
    """Runs into -1 and 1 without overflowing to NaN, as the sigmoid does; absolute error below 3e-7."""
    return 2.0 * tl.sigmoid(2.0 * x) - 1.0


@triton.jit
def _gates(x, h, w_r, w_z, w_n, u_r, u_z, u_n, a_r, a_z, b_n, c_n):
    """r, z, n and ``U_n h + c_n`` of one step."""
    state_n = _dot(h, u_n) + c_n
    r = tl.sigmoid(_dot(x, w_r) + _dot(h, u_r) + a_r)
    z = tl.sigmoid(_dot(x, w_z) + _dot(h, u_z) + a_z)
    n = _tanh(_dot(x, w_n) + b_n + r * state_n)
    return r, z, n, state_n


@triton.jit(do_not_specialize=["n", "n_steps"])
def forward(
    window,
    w,
    u,
    b,
    c,
    states,
    n,
    n_steps,
    n_fields: tl.constexpr,
    hidden: tl.constexpr,
    KEEP: tl.constexpr,
    ROWS: tl.constexpr,
    FIELDS: tl.constexpr,
    HIDDEN: tl.constexpr,
):
    """Walk one tile of rows through all steps under one set of parameters.

    Into states go the initial state 0 and that after every step if KEEP, else the last alone.
    """
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    x_places, x_exists = tile_places(rows, n, n_fields, FIELDS)
    h_places, h_exists = tile_places(rows, n, hidden, HIDDEN)
    one = tl.program_id(1).to(tl.int64)
    w_r, w_z, w_n, u_r, u_z, u_n, a_r, a_z, b_n, c_n = parameters_of(
        w + one * 3 * hidden * n_fields,
        u + one * 3 * hidden * hidden,
        b + one * 3 * hidden,
        c + one * 3 * hidden,
        n_fields,
        FIELDS,
        hidden,
        HIDDEN,
    )
    x_step, h_step, last = (n_fields * n).to(tl.int64), (hidden * n).to(tl.int64), n_steps - 1
    states += one * h_step * (n_steps + 1 if KEEP else 1)

    h = tl.zeros((ROWS, HIDDEN), dtype=tl.float32)
    x = tl.load(window + x_places, mask=x_exists, other=0.0)
    for t in range(n_steps):
        x_next = tl.load(window + tl.minimum(t + 1, last) * x_step + x_places, mask=x_exists, other=0.0)
        if KEEP:
            tl.store(states + t * h_step + h_places, h, mask=h_exists)
        _, z, candidate, _ = _gates(x, h, w_r, w_z, w_n, u_r, u_z, u_n, a_r, a_z, b_n, c_n)
        h = candidate + z * (h - candidate)
        x = x_next
    if KEEP:
        states += n_steps * h_step
    tl.store(states + h_places, h, mask=h_exists)


@triton.jit(do_not_specialize=["n", "n_steps"])
def backward(
    window,
    w,
    u,
    b,
    c,
    states,
    d_states,
    d_window,
    d_w,
    d_u,
    d_b,
    d_c,
    n,
    n_steps,
    n_fields: tl.constexpr,
    hidden: tl.constexpr,
    EVERY: tl.constexpr,
    INPUT: tl.constexpr,
    ROWS: tl.constexpr,
    FIELDS: tl.constexpr,
    HIDDEN: tl.constexpr,
    RELOAD: tl.constexpr,
):
    """Walk one tile back through all steps; store its share of the parameters' gradients, one row d_w .. d_c per tile.

    EVERY: d_states holds the gradient of every state, else of the last. INPUT: the window's gradient is wanted.
    """
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    x_places, x_exists = tile_places(rows, n, n_fields, FIELDS)
    h_places, h_exists = tile_places(rows, n, hidden, HIDDEN)
    one = tl.program_id(1).to(tl.int64)
    u += one * 3 * hidden * hidden
    w_r, w_z, w_n, u_r, u_z, u_n, a_r, a_z, b_n, c_n = parameters_of(
        w + one * 3 * hidden * n_fields,
        u,
        b + one * 3 * hidden,
        c + one * 3 * hidden,
        n_fields,
        FIELDS,
        hidden,
        HIDDEN,
    )
    x_step, h_step = (n_fields * n).to(tl.int64), (hidden * n).to(tl.int64)
    states += one * h_step * (n_steps + 1)
    d_states += one * h_step * (n_steps if EVERY else 1)
    d_window += one * x_step * n_steps
    last = n_steps - 1

    d_wr = tl.zeros((FIELDS, HIDDEN), dtype=tl.float32)
    d_wz = tl.zeros((FIELDS, HIDDEN), dtype=tl.float32)
    d_wn = tl.zeros((FIELDS, HIDDEN), dtype=tl.float32)
    d_ur = tl.zeros((HIDDEN, HIDDEN), dtype=tl.float32)
    d_uz = tl.zeros((HIDDEN, HIDDEN), dtype=tl.float32)
    d_un = tl.zeros((HIDDEN, HIDDEN), dtype=tl.float32)
    sum_r = tl.zeros((ROWS, HIDDEN), dtype=tl.float32)
    sum_z = tl.zeros((ROWS, HIDDEN), dtype=tl.float32)
    sum_n = tl.zeros((ROWS, HIDDEN), dtype=tl.float32)
    sum_state_n = tl.zeros((ROWS, HIDDEN), dtype=tl.float32)

    x = tl.load(window + last * x_step + x_places, mask=x_exists, other=0.0)
    h = tl.load(states + last * h_step + h_places, mask=h_exists, other=0.0)
    d_h = tl.load(d_states + (last * h_step if EVERY else 0) + h_places, mask=h_exists, other=0.0)
    for back in range(n_steps):
        t = last - back
        before = tl.maximum(t - 1, 0)
        x_next = tl.load(window + before * x_step + x_places, mask=x_exists, other=0.0)
        h_next = tl.load(states + before * h_step + h_places, mask=h_exists, other=0.0)
        r, z, candidate, state_n = _gates(x, h, w_r, w_z, w_n, u_r, u_z, u_n, a_r, a_z, b_n, c_n)
        d_n = d_h * (1.0 - z) * (1.0 - candidate * candidate)
        d_z = d_h * (h - candidate) * z * (1.0 - z)
        d_r = d_n * state_n * r * (1.0 - r)
        d_state_n = d_n * r
        if RELOAD:  # a barrier keeps the compiler from moving the loads out of the loop: all would need room at once
            tl.debug_barrier()
        d_h *= z
        d_h += _dot(d_r, transposed(u, u_r, 0, hidden, HIDDEN, RELOAD))
        d_h += _dot(d_z, transposed(u, u_z, 1, hidden, HIDDEN, RELOAD))
        d_h += _dot(d_state_n, transposed(u, u_n, 2, hidden, HIDDEN, RELOAD))
        if EVERY:
            d_h += tl.load(d_states + before * h_step + h_places, mask=h_exists, other=0.0)
        if INPUT:
            d_x = _dot(d_r, tl.trans(w_r)) + _dot(d_z, tl.trans(w_z)) + _dot(d_n, tl.trans(w_n))
            tl.store(d_window + t * x_step + x_places, d_x, mask=x_exists)
        sum_r += d_r
        sum_z += d_z
        sum_n += d_n
        sum_state_n += d_state_n
        d_ur += _dot(tl.trans(h), d_r)
        d_uz += _dot(tl.trans(h), d_z)
        d_un += _dot(tl.trans(h), d_state_n)
        # The last product of the loop decides how Triton spreads warps: a wide one gives each its own columns in all.
        d_wr += _dot(tl.trans(x), d_r)
        d_wz += _dot(tl.trans(x), d_z)
        d_wn += _dot(tl.trans(x), d_n)
        x, h = x_next, h_next

    part = one * tl.num_programs(0) + tl.program_id(0)
    d_w += part * 3 * hidden * n_fields
    d_u += part * 3 * hidden * hidden
    d_b += part * 3 * hidden
    d_c += part * 3 * hidden
    store_weight(d_w, d_wr, 0, n_fields, FIELDS, hidden, HIDDEN)
    store_weight(d_w, d_wz, 1, n_fields, FIELDS, hidden, HIDDEN)
    store_weight(d_w, d_wn, 2, n_fields, FIELDS, hidden, HIDDEN)
    store_weight(d_u, d_ur, 0, hidden, HIDDEN, hidden, HIDDEN)
    store_weight(d_u, d_uz, 1, hidden, HIDDEN, hidden, HIDDEN)
    store_weight(d_u, d_un, 2, hidden, HIDDEN, hidden, HIDDEN)
    store_bias(d_b, sum_r, 0, hidden, HIDDEN)
    store_bias(d_b, sum_z, 1, hidden, HIDDEN)
    store_bias(d_b, sum_n, 2, hidden, HIDDEN)
    store_bias(d_c, sum_r, 0, hidden, HIDDEN)
    store_bias(d_c, sum_z, 1, hidden, HIDDEN)
    store_bias(d_c, sum_state_n, 2, hidden, HIDDEN)
