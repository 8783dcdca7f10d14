"""The report's networks once more, in float64 numpy with plain loops: what `qlib_mfgru.nn` is checked against.

Parameters come as a state dict of arrays, by the names that the networks give them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float64]
State = dict[str, Array]

BATCH_NORM_EPS = 1e-5


def parameters(net: nn.Module, prefix: str = "") -> State:
    """Copies of a network's parameters and buffers in float64; with `prefix` those below it, without it."""
    state = {name: tensor.detach().cpu().numpy().astype(np.float64) for name, tensor in net.state_dict().items()}
    return below(state, prefix)


def below(state: Mapping[str, Array], prefix: str) -> State:
    """The entries of a state dict whose names start with `prefix`, without it."""
    return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}


def sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def gru(state: State, window: Array) -> Array:
    """Outputs (n_steps, n, hidden) of a GRU that starts from 0, for a window (n, n_steps, n_fields), stock by stock."""
    w_r, w_z, w_n = np.split(state["weight_ih_l0"], 3)
    u_r, u_z, u_n = np.split(state["weight_hh_l0"], 3)
    b_r, b_z, b_n = np.split(state["bias_ih_l0"], 3)
    c_r, c_z, c_n = np.split(state["bias_hh_l0"], 3)
    n, n_steps, _ = window.shape
    outputs = np.zeros((n_steps, n, len(b_r)))
    for stock in range(n):
        h = np.zeros(len(b_r))
        for step in range(n_steps):
            x = window[stock, step]
            r = sigmoid(w_r @ x + b_r + u_r @ h + c_r)
            z = sigmoid(w_z @ x + b_z + u_z @ h + c_z)
            candidate = np.tanh(w_n @ x + b_n + r * (u_n @ h + c_n))
            h = (1 - z) * candidate + z * h
            outputs[step, stock] = h
    return outputs


def attend(state: State, outputs: Array, form: str) -> Array:
    """``o = sum_i softmax_i(u_i) z_i`` (n, hidden), stock by stock."""
    attended = np.zeros(outputs.shape[1:])
    for stock in range(outputs.shape[1]):
        z = outputs[:, stock]
        inner = np.tanh(z @ state["score.0.weight"].T + state["score.0.bias"])
        u = inner[:, 0] if form == "literal" else inner @ state["score.2.weight"][0]
        weights = np.exp(u) / np.exp(u).sum()
        for i, weight in enumerate(weights):
            attended[stock] += weight * z[i]
    return attended


def batch_norm(state: State, x: Array, training: bool) -> Array:
    """Batch statistics (population variance) in training, the running ones otherwise."""
    mean = x.mean(axis=0) if training else state["running_mean"]
    variance = ((x - mean) ** 2).mean(axis=0) if training else state["running_var"]
    return (x - mean) / np.sqrt(variance + BATCH_NORM_EPS) * state["weight"] + state["bias"]


def encode(state: State, window: Array, attention: str | None, training: bool) -> Array:
    outputs = gru(below(state, "gru."), window)
    code = outputs[-1]
    if attention is not None:
        code = np.concatenate([code, attend(below(state, "attention."), outputs, attention)], axis=1)
    return batch_norm(below(state, "norm."), code, training)


def score(
    state: State, features: Mapping[str, Array], freqs: Sequence[str], attention: str | None, training: bool
) -> Array:
    """Scores (n,) of a ``ScoreNet``."""
    codes = [
        encode(below(state, f"encoders.{i}."), features[freq], attention, training) for i, freq in enumerate(freqs)
    ]
    return np.concatenate(codes, axis=1) @ state["head.weight"][0] + state["head.bias"][0]


def incremental_score(state: State, features: Mapping[str, Array], stages: Sequence[str], training: bool) -> Array:
    """Scores (n,) of an ``IncrementalNet``."""
    branches = [
        score(below(state, f"branches.{i}."), features, [freq], None, training) for i, freq in enumerate(stages)
    ]
    return np.sum(branches, axis=0)


def negative_ic(prediction: Array, label: Array) -> float:
    return -float(np.corrcoef(prediction, label)[0, 1])


def finite_difference(function: Callable[[], float], array: Array) -> Array:
    """Central differences of a function of `array`, entry by entry."""
    gradient, step = np.zeros(array.shape), 1e-5
    for position in np.ndindex(array.shape):
        value = array[position]
        ends = []
        for end in (value + step, value - step):
            array[position] = end
            ends.append(function())
        array[position] = value
        gradient[position] = (ends[0] - ends[1]) / (2 * step)
    return gradient


def random_features(n: int, steps: Mapping[str, int], seed: int = 0) -> dict[str, Array]:
    """Standard normal windows (n, n_steps, 6) by frequency; float32 values in float64 arrays."""
    random = np.random.default_rng(seed)
    draws = {freq: random.standard_normal((n, length, 6)) for freq, length in steps.items()}
    return {freq: window.astype(np.float32).astype(np.float64) for freq, window in draws.items()}


def to_tensors(features: Mapping[str, Array], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    return {freq: torch.from_numpy(window).to(dtype) for freq, window in features.items()}


def randomise(net: nn.Module, seed: int = 0) -> nn.Module:
    """Give every parameter and running statistic a value of its own, so that none can be ignored unnoticed."""
    random = torch.Generator().manual_seed(seed)
    for name, tensor in net.state_dict().items():
        if name.endswith(("num_batches_tracked", "kept")):
            continue
        values = torch.rand(tensor.shape, generator=random, dtype=torch.float64)
        positive = name.endswith(("running_var", "norm.weight"))
        tensor.copy_(0.5 + values if positive else 1.2 * (values - 0.5))
    return net
