"""What an epoch costs on a CUDA GPU whose memory holds the bars: a part of `gru_cuda.py`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from measure import table, verdict
from torch import nn
from tqdm.auto import tqdm

from qlib_mfgru.data.normalize import Moments
from qlib_mfgru.data.panel import BarPanel
from qlib_mfgru.data.resident import ResidentSource
from qlib_mfgru.data.settings import InputSpec
from qlib_mfgru.data.window import WindowSource
from qlib_mfgru.nn import ICLoss
from qlib_mfgru.nn.kernels.fused import fused_gru

DEVICE = torch.device("cuda")
ROWS, FIELDS = 5000, 6
SAMPLES, TARGET = 1_700_000, 15.0
PANEL_SHAPE = (300, 16, FIELDS, 5000)  # days, bars, fields, stocks: 0.6 GB; what a batch costs does not depend on days


def epoch(rounds: int) -> dict[str, float]:
    """Wall milliseconds of a training step with and without making its batch, 15-minute bars, hidden 30."""
    panel = synthetic_panel()
    source = ResidentSource(WindowSource(panel, InputSpec(days=20, scale="mean")), DEVICE)
    random, (n_days, _, _, n_stocks) = np.random.default_rng(1), PANEL_SHAPE
    dates = np.arange(20, n_days, 5)
    each = [source.moments(int(day), np.arange(n_stocks)) for day in tqdm(dates, "moments", file=sys.stderr)]
    moments = Moments(*(np.concatenate(parts, axis=2) for parts in zip(*each, strict=True)))
    gru = nn.GRU(FIELDS, 30).to(DEVICE)
    norm, head = nn.BatchNorm1d(30).to(DEVICE), nn.Linear(30, 1).to(DEVICE)
    parameters = [*gru.parameters(), *norm.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, fused=True)

    def batch() -> torch.Tensor:
        columns = np.sort(random.integers(0, len(dates), ROWS))
        return source.samples(dates[columns], random.integers(0, n_stocks, ROWS), moments, columns)

    def step(window: torch.Tensor) -> None:
        states = fused_gru(window, *gru.parameters(), False)
        loss = ICLoss()(head(norm(states.t())).squeeze(1), torch.randn(ROWS, device=DEVICE))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    window = batch()
    return {
        "batch": wall(batch, rounds),
        "step": wall(lambda: step(window), rounds),
        "both": wall(lambda: step(batch()), rounds),
    }


def wall(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds a call of `rounds` calls in a row, as a training loop makes them; two before that do not count."""
    for _ in range(2):
        work()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(rounds):
        work()
    torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - start) / rounds


def synthetic_panel() -> BarPanel:
    """Log-normal bars of `PANEL_SHAPE`."""
    bars = np.exp(np.random.default_rng(0).standard_normal(PANEL_SHAPE, dtype=np.float32) * np.float32(0.02))
    codes = [f"SH{600000 + number}" for number in range(PANEL_SHAPE[3])]
    traded = np.ones((PANEL_SHAPE[0], PANEL_SHAPE[3]), dtype=bool)
    return BarPanel("15min", pd.bdate_range("2018-01-02", periods=PANEL_SHAPE[0]), codes, bars, traded, traded)


def epoch_table(times: dict[str, float]) -> str:
    """An epoch by the time of its batches; validation is not in it."""
    batches = -(-SAMPLES // ROWS)
    rows = [[name, f"{value:.3f}", f"{value * batches / 1000:.2f}"] for name, value in times.items()]
    seconds = times["both"] * batches / 1000
    line = f"{SAMPLES:,} samples in {seconds:.2f} s, target {TARGET} s: {verdict(seconds < TARGET)}"
    head = ["15-minute bars, hidden 30, batches of 5000 made on the GPU", "ms a batch", "s an epoch"]
    return f"{table(head, rows)}\n\n{line}"
