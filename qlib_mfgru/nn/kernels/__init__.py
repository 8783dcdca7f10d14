"""The GRU's recurrence, one file an implementation; `qlib_mfgru.nn.gru` chooses among them.

All take the window as it lies in the panel, (n_steps, n_fields, n) with the samples innermost, and torch's parameters
W (3h, n_fields), U (3h, h), b (3h,), c (3h,), gates in the order r, z, n::

    r = sigmoid(W_r x + b_r + U_r h + c_r)
    z = sigmoid(W_z x + b_z + U_z h + c_z)
    n = tanh(W_n x + b_n + r * (U_n h + c_n))
    h' = n + z * (h - n)

and return all states (n_steps, h, n) or the last, (h, n).
"""
