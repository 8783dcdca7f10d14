"""Whole trainings on a CUDA GPU: every model with the fused GRU and with torch's (cuDNN), in one run.

    python benchmarks/cuda_training.py [--stocks 1000 --days 150 --epochs 3 --json FILE]

Each is fitted twice: the first fit compiles kernels and asks cuDNN for its plans, the second is timed. Samples a
second count the samples trained on, over the whole of `fit`: gathering, normalising, training, validation. It says
whether both fits gave the same bits, and how the scores of the two implementations correlate; the run stops with an
error where they differ.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import qlib
import torch
from measure import MIB, market_options, table
from record import keep
from synthetic import SyntheticMarket

from qlib_mfgru import model as models
from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.nn.kernels.fused import available

MODELS = ("GRUModel", "AttentionGRUModel", "MixedGRUModel", "IncrementalGRUModel")
GRUS = ("fused", "torch")
LEAST_CORRELATION = 0.9999


def main() -> None:
    """Train, compare, print."""
    parser = market_options(__doc__, stocks=1000, days=150)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    if not available():
        sys.exit(
            "cuda_training.py needs an NVIDIA GPU (compute capability 8.0 or later) and triton; there is none here"
        )
    options.workdir.mkdir(parents=True, exist_ok=True)
    provider = SyntheticMarket(options.stocks, options.days).make(options.workdir.resolve())
    qlib.init(provider_uri=str(provider), region="cn", kernels=1)
    handler = MultiFreqHandler(cache_dir=options.workdir / "cache-cuda-training")
    days = handler.panels.days
    dataset = MultiFreqDataset(handler, {"train": (days[0], days[-12]), "test": (days[-11], days[-1])}, sample_step=2)
    gpu, size = torch.cuda.get_device_name(), {name: getattr(options, name) for name in ("stocks", "days", "epochs")}
    print(f"{gpu}, torch {torch.__version__}, {options.stocks} stocks x {options.days} days, {options.epochs} epochs\n")
    figures = {name: {gru: trained(name, gru, dataset, options.epochs) for gru in GRUS} for name in MODELS}
    scores = {name: [done.pop("scores") for done in each.values()] for name, each in figures.items()}
    agreement = {name: float(np.corrcoef(*(each.rank() for each in pair))[0, 1]) for name, pair in scores.items()}
    print(speed_table(figures, agreement))
    keep(options.json, {"size": size, "models": figures, "agreement": agreement}, gpu)
    if min(agreement.values()) < LEAST_CORRELATION:
        raise AssertionError(f"scores of the fused GRU and of torch's correlate by {agreement}")


def trained(name: str, gru: str, dataset: MultiFreqDataset, epochs: int) -> dict[str, Any]:
    """What the second of two equal fits took, and its scores."""
    predictions, seconds = [], 0.0
    for _ in range(2):
        model = getattr(models, name)(max_epochs=epochs, patience=epochs, device="cuda", gru=gru)
        torch.cuda.reset_peak_memory_stats()
        start = time.perf_counter()
        model.fit(dataset)
        torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        predictions.append(model.predict(dataset))
    stages = [("day",), ("day", "15min")] if name == "IncrementalGRUModel" else [model.freqs]
    samples = epochs * sum(len(dataset.samples("train", freqs)) for freqs in stages)
    return {
        "seconds": seconds,
        "samples_a_second": samples / seconds,
        "peak_mib": torch.cuda.max_memory_allocated() / MIB,
        "same_bits": bool((predictions[0] == predictions[1]).all()),
        "scores": predictions[1],
    }


def speed_table(figures: dict[str, dict[str, dict[str, Any]]], agreement: dict[str, float]) -> str:
    """Samples a second of both, their ratio, and memory."""
    rows = []
    for name, each in figures.items():
        fused, theirs = (each[gru] for gru in GRUS)
        ratio = fused["samples_a_second"] / theirs["samples_a_second"]
        rates = [f"{done['samples_a_second']:,.0f}" for done in (fused, theirs)]
        memory = [f"{done['peak_mib']:,.0f}" for done in (fused, theirs)]
        bits = "yes" if fused["same_bits"] and theirs["same_bits"] else "NO"
        rows.append([name, *rates, f"{ratio:.1f}x", *memory, bits, f"{agreement[name]:.7f}"])
    header = ["", "fused, samples/s", "cuDNN", "ratio", "fused, MiB", "cuDNN", "fits equal", "rank correlation"]
    return table(header, rows)


if __name__ == "__main__":
    main()
