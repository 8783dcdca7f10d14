"""The ways from a provider to bars and windows that `data_path.py` compares, each run in a process of its own.

python benchmarks/contenders.py NAME PROVIDER CACHE KERNELS BATCHES
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import qlib
import torch
from handlers import FIELDS, frame_handler, wide_handler
from measure import phase, ready, report
from qlib.data import D
from qlib.data.dataset import TSDataSampler, TSDatasetH

from qlib_mfgru.data import BarPanel, MultiFreqHandler, SampleTable

STEPS, BATCH = 320, 5000
INPUTS = {"15min": {"days": 20, "scale": "mean"}}
_REOPENED = 25  # times in one process


def panel(cache: Path, batches: int) -> None:
    """Our panel, made in an empty cache folder."""
    with phase("load"):
        BarPanel.open("15min", cache)


def reopen(cache: Path, batches: int) -> None:
    """Our panel once it is there: in a fresh process, and again and again."""
    with phase("load"):
        made = BarPanel.open("15min", cache)
    seconds, mapping = [], []
    for _ in range(_REOPENED):
        start = time.perf_counter()
        made = BarPanel.open("15min", cache)
        seconds.append(time.perf_counter() - start)
    folder = next(path.parent for path in cache.rglob("bars.npy"))
    for _ in range(_REOPENED):
        start = time.perf_counter()
        for name, mode in (("bars", "r"), ("traded", None), ("days", None)):
            np.load(folder / f"{name}.npy", mmap_mode=mode)
        mapping.append(time.perf_counter() - start)
    report(reopen=float(np.median(seconds)), mapping=float(np.median(mapping)), values=made.bars.size)


def features(cache: Path, batches: int) -> None:
    """``D.features`` of the six fields."""
    with phase("load"):
        frame = D.features(D.instruments("all"), [f"${field}" for field in FIELDS], freq="15min")
    report(values=frame.size)


def handler_resampled(cache: Path, batches: int) -> None:
    """qlib's 96-column handler with its example's resampler."""
    with phase("load"):
        handler = wide_handler("resample")
    report(values=handler.fetch(col_set="feature").size)


def handler_last_bar(cache: Path, batches: int) -> None:
    """qlib's 96-column handler that takes the 15:00 row of each day, which is as good and faster."""
    with phase("load"):
        handler = wide_handler("last bar")
    report(values=handler.fetch(col_set="feature").size)


def ts_dataset(cache: Path, batches: int) -> None:
    """TSDatasetH over the 15-minute frame: load, prepare, and gather raw windows by random indices."""
    with phase("load"):
        handler = frame_handler()
    with phase("prepare"):
        stamps = D.calendar(freq="15min")
        dataset = TSDatasetH(step_len=STEPS, handler=handler, segments={"all": (stamps[0], stamps[-1])})
        sampler = dataset.prepare("all", col_set="feature", data_key=handler.DK_R)
    rows = last_bars(sampler)
    chosen = np.random.default_rng(0).permutation(rows)[: BATCH * batches]
    rates = []
    with phase("gather"):
        for part in np.array_split(chosen, max(1, len(chosen) // BATCH)):
            start = time.perf_counter()
            windows = torch.from_numpy(sampler[part])
            rates.append(len(windows) / (time.perf_counter() - start))
    report(rate=float(np.median(rates)), batch=len(chosen) // len(rates))


def last_bars(sampler: TSDataSampler) -> np.ndarray:
    """Positions of the 15:00 rows of a sampler that have a whole window before them."""
    index = sampler.data_index
    stamps = pd.DatetimeIndex(index.get_level_values("datetime"))
    complete = pd.Series(1, index=index).groupby(level="instrument", sort=False).cumsum().to_numpy() >= STEPS
    return np.flatnonzero(complete & (stamps.hour == 15))


def samples_shuffled(cache: Path, batches: int) -> None:
    """Our normalised samples, shuffled across all dates, 5000 a batch."""
    _samples(cache, batches, lambda table: table.shuffled(BATCH, seed=0, epoch=1))


def samples_by_date(cache: Path, batches: int) -> None:
    """Our normalised samples as whole cross-sections, dates shuffled; as many samples as the others."""
    _samples(cache, batches, lambda table: table.by_date(seed=0, epoch=1))


def _samples(cache: Path, batches: int, epoch: Callable[[SampleTable], Iterator]) -> None:
    with phase("load"):
        panels = MultiFreqHandler(inputs=INPUTS, cache_dir=cache).panels
        table = SampleTable(panels, ("15min",), np.flatnonzero(panels.complete(["15min"]).any(axis=1)))
    with phase("prepare"):  # labels, and the statistics of every date
        iterator, rates, sizes = epoch(table), [], []
        next(iterator)
    with phase("gather"):
        start = time.perf_counter()
        for batch in iterator:
            seconds, start = time.perf_counter() - start, time.perf_counter()
            rates.append(len(batch) / seconds)
            sizes.append(len(batch))
            if sum(sizes) >= BATCH * batches:
                break
            del batch  # as training does
            start = time.perf_counter()
    report(rate=float(np.median(rates)), batch=int(np.median(sizes)), threads=torch.get_num_threads())


CONTENDERS: dict[str, Callable[[Path, int], None]] = {
    "panel": panel,
    "reopen": reopen,
    "features": features,
    "features, parallel": features,
    "handler, resampled": handler_resampled,
    "handler, 15:00 row": handler_last_bar,
    "TSDatasetH": ts_dataset,
    "samples, shuffled": samples_shuffled,
    "samples, by date": samples_by_date,
}
"""Name -> function of (cache folder, batches to gather)."""


def main() -> None:
    """Run one contender; what it measures goes to stdout for `measure.run`."""
    name, provider, cache, kernels, batches = sys.argv[1:]
    workers = (os.cpu_count() or 1) if name == "features, parallel" else int(kernels)
    qlib.init(provider_uri=provider, region="cn", kernels=workers, logging_level=30)
    torch.set_flush_denormal(True)
    ready()
    CONTENDERS[name](Path(cache), int(batches))


if __name__ == "__main__":
    main()
