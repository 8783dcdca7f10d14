"""Whole training against qlib's own GRU, seeds at once, and the report's protocol projected; all in one run.

    python benchmarks/epoch_speed.py [--stocks 1000 --days 150 --epochs 3 --json FILE]

Three epochs from fresh weights of our models and of ``qlib.contrib.model.pytorch_gru_ts.GRU`` (hidden 30, one layer,
batches of 5000 windows of 320 steps) on ``TSDatasetH`` over the same provider, each in a fresh process. Samples a
second count the samples trained on, over the whole of `fit` after the data is loaded: shuffling, gathering,
normalising (ours), validation, and whatever else its loop does. qlib's samples are windows that end at any bar, of
its last days alone, since three epochs of all would take hours.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from measure import MIB, Run, market_options, phase, ready, report, run, table, verdict
from record import keep
from synthetic import SyntheticMarket

MODELS = ("GRUModel", "AttentionGRUModel", "MixedGRUModel", "IncrementalGRUModel")
OURS: dict[str, tuple[str, dict[str, Any]]] = {name: (name, {}) for name in MODELS} | {
    f"GRUModel over daily bars, batches of {size:,}": ("GRUModel", {"freq": "day", "batch_size": size})
    for size in (5000, 1000)  # their arithmetic is so little that what surrounds it counts
}
RIVALS = ("qlib GRU, in process", "qlib GRU, 4 workers")
QLIB, SEEDS = "qlib GRU", "seeds"
_CHILD = "--in-this-process"
_RIVAL_DAYS = 3  # of training; 16 windows a stock and day
RETRAININGS, N_SEEDS, SAMPLES = 13, 3, 1_700_000  # of the report; samples: 5,000 stocks, ten years, every 5 days
_FIRST_YEARS, LAST_YEARS = 4.0, 10.3
YEARS = [_FIRST_YEARS + (LAST_YEARS - _FIRST_YEARS) * i / (RETRAININGS - 1) for i in range(RETRAININGS)]
"""Of history before each retraining."""
EPOCHS = 30  # assumed of a stage: at most 100, stopped after 10 without a better validation


def main() -> None:
    """Measure, print."""
    parser = market_options(__doc__, stocks=1000, days=150)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    options.workdir.mkdir(parents=True, exist_ok=True)
    workdir = options.workdir.resolve()
    provider = SyntheticMarket(options.stocks, options.days).make(workdir)
    print(f"{options.stocks} stocks x {options.days} days, {options.epochs} epochs; {os.cpu_count()} cores, ", end="")
    print(f"load {os.getloadavg()[0]:.1f} at the start\n", flush=True)
    runs = {}
    for name in (*OURS, SEEDS, *RIVALS):
        arguments = [_CHILD, name, str(provider), str(workdir / "cache-epoch-speed"), str(options.epochs)]
        runs[name] = run(Path(__file__), arguments)
    print(speed_table(runs) + "\n\n" + seeds_line(runs[SEEDS]) + "\n\n" + projection(runs) + "\n\n" + targets(runs))
    size = {"stocks": options.stocks, "days": options.days, "epochs": options.epochs}
    figures = {name: done.figures | compared(runs, name) for name, done in runs.items()}
    keep(options.json, {"size": size, **figures, "projected_hours": hours(runs)})


def rate(done: Run) -> float:
    """Samples trained on a second."""
    return done.results["samples"] / done.phases["fit"].seconds


def peak(done: Run) -> int:
    """Largest anonymous bytes of a run."""
    return max(each.anonymous for each in done.phases.values())


def times_as_fast(runs: dict[str, Run], name: str) -> float:
    """Samples a second against those of qlib's GRU, the faster of its two ways."""
    return rate(runs[name]) / max(rate(runs[rival]) for rival in RIVALS)


def compared(runs: dict[str, Run], name: str) -> dict[str, float]:
    """What a record keeps of a run beside its phases."""
    if name == SEEDS:
        turn, once = (runs[name].phases[way].seconds for way in ("in turn", "at once"))
        return {"samples_per_second": runs[name].results["samples"] / turn, "times_as_fast_at_once": turn / once}
    figures = {"samples_per_second": rate(runs[name]), "anonymous_mib": peak(runs[name]) / MIB}
    return figures | ({"times_as_fast": times_as_fast(runs, name)} if is_comparable(name) else {})


def is_comparable(name: str) -> bool:
    """Whether its samples are those of qlib's GRU, windows of 320 steps, or stand beside them with a note."""
    return name in (*MODELS, *RIVALS)


def speed_table(runs: dict[str, Run]) -> str:
    """Samples a second and peak memory of fitting."""
    rows = []
    for name in (*OURS, *RIVALS):
        done, fit = runs[name], runs[name].phases["fit"]
        memory = [f"{peak(done) / MIB:.0f}", f"{fit.rss / MIB:.0f}"]
        rows.append(
            [
                name,
                f"{done.results['samples']:,.0f}",
                f"{fit.seconds:.1f}",
                f"{rate(done):,.0f}",
                f"{times_as_fast(runs, name):.1f}x" if is_comparable(name) else "",
                *memory,
            ]
        )
    header = ["", "samples", "seconds", "samples/s", "ratio", "anonymous MiB", "resident MiB"]
    notes = "\nincremental: samples of both stages; memory on top of the imports, of all processes together"
    return "Training\n" + table(header, rows) + notes


def seeds_line(done: Run) -> str:
    """What sharing the batches gains."""
    turn, once = (done.phases[name].seconds for name in ("in turn", "at once"))
    ratio = f"in turn {turn:.2f} s, at once on the same batches {once:.2f} s: {turn / once:.2f}x"
    running = f"start-up and validation aside, {done.results['samples'] / turn:,.0f} samples a second are trained"
    return f"Three seeds of GRUModel's network, an epoch each: {ratio}\n{running}"


def hours(runs: dict[str, Run]) -> dict[str, float]:
    """Of the report's protocol on this machine, by model and with qlib's GRU; nothing of it is measured."""
    samples = sum(SAMPLES * each / LAST_YEARS for each in YEARS) * 0.8 * N_SEEDS * EPOCHS
    stages = dict.fromkeys(MODELS, 1) | {"IncrementalGRUModel": 2}
    ours = {name: samples * stages[name] / rate(runs[name]) / 3600 for name in MODELS}
    return ours | {QLIB: samples / max(rate(runs[rival]) for rival in RIVALS) / 3600}


def projection(runs: dict[str, Run]) -> str:
    """These hours as a table."""
    projected = hours(runs)
    theirs = projected.pop(QLIB)
    rows = [[name, f"{ours:.1f}", f"{theirs:.0f}"] for name, ours in projected.items()]
    rows.append(["all four", f"{sum(projected.values()):.1f}", f"{len(projected) * theirs:.0f}"])
    head = (
        f"PROJECTION, not measured: {RETRAININGS} retrainings x {N_SEEDS} seeds, {SAMPLES:,} samples in the last, "
        f"{EPOCHS} epochs a stage;\nhours at the samples a second above, and were each one run of qlib's GRU\n"
    )
    return head + table(["", "ours", "qlib's GRU"], rows)


def targets(runs: dict[str, Run]) -> str:
    """Speed and memory against qlib's GRU."""
    speed = times_as_fast(runs, "GRUModel")
    memory = peak(runs["GRUModel"]) / min(peak(runs[name]) for name in RIVALS)
    rows = [
        ["samples a second, GRUModel against qlib's GRU", f"{speed:.1f}x", ">= 10", verdict(speed >= 10)],
        ["peak anonymous memory, share of qlib's", f"{memory:.2f}", "<= 0.33", verdict(memory <= 1 / 3)],
    ]
    return "Targets\n" + table(["", "measured", "target", ""], rows)


# --- in the contender's process


def fit_ours(name: str, cache: str, epochs: int) -> None:
    """Fit one of our models."""
    from qlib_mfgru import model as models

    model_class, settings = OURS[name]
    model = getattr(models, model_class)(max_epochs=epochs, patience=epochs, device="cpu", **settings)
    ready()
    with phase("load"):
        dataset = _dataset(cache)
        stages = [("day",), ("day", "15min")] if name == "IncrementalGRUModel" else [model.freqs]
        samples = epochs * sum(len(dataset.samples("train", freqs)) for freqs in stages)
    with phase("fit"):
        model.fit(dataset)
    report(samples=samples)


def fit_seeds(cache: str, epochs: int) -> None:
    """Train three networks for one epoch in turn, then on the same batches."""
    import numpy as np
    import torch

    from qlib_mfgru.nn import ICLoss, InputShape, ScoreNet
    from qlib_mfgru.threads import torch_on_one_thread

    torch.set_flush_denormal(True)
    ready()
    dataset = _dataset(cache)
    samples = dataset.samples("train", ("15min",))
    inputs = {freq: InputShape(*shape) for freq, shape in dataset.handler.input_shapes(["15min"]).items()}
    nets, loss = [ScoreNet(inputs) for _ in range(N_SEEDS)], ICLoss()
    optimizers = [torch.optim.Adam(net.parameters()) for net in nets]

    def step(i: int, batch: Any) -> None:
        optimizers[i].zero_grad()
        loss(nets[i](batch.features), batch.label).backward()
        optimizers[i].step()

    for i in range(N_SEEDS):  # the first makes the statistics, and torch loads what its optimisers need
        step(i, samples.batch(np.arange(5000)))
    with torch_on_one_thread(), phase("in turn"):
        for i in range(N_SEEDS):
            for batch in samples.shuffled(5000, seed=i, epoch=1):
                step(i, batch)
    with torch_on_one_thread(), phase("at once"):
        for batch in samples.shuffled(5000, seed=0, epoch=1):
            for i in range(N_SEEDS):
                step(i, batch)
    report(samples=N_SEEDS * len(samples))


def _dataset(cache: str) -> Any:
    from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler

    handler = MultiFreqHandler(cache_dir=cache)
    days = handler.panels.days
    return MultiFreqDataset(handler, {"train": (days[0], days[-12]), "test": (days[-11], days[-1])}, sample_step=2)


def fit_qlib(workers: int, epochs: int) -> None:
    """Fit qlib's GRU on TSDatasetH, set to the report's size."""
    from qlib.contrib.model.pytorch_gru_ts import GRU
    from qlib.data import D
    from qlib.data.dataset import TSDatasetH
    from qlib.data.dataset.handler import DataHandlerLP
    from qlib.data.dataset.loader import QlibDataLoader

    fields = [f"${name}" for name in ("open", "high", "low", "close", "vwap", "volume")]
    ready()
    with phase("load"):
        config = {"feature": (fields, fields), "label": (["Ref($close, -16) / $close - 1"], ["label"])}
        stamps = D.calendar(freq="15min")
        days = 16 * (_RIVAL_DAYS + 1)
        first, last = stamps[-days - 16 * 24], stamps[-17]
        fit = {"fields_group": "feature", "clip_outlier": True, "fit_start_time": first, "fit_end_time": last}
        handler = DataHandlerLP(  # processors as in qlib's own GRU examples
            "all",
            first,
            last,
            data_loader=QlibDataLoader(config, freq="15min"),
            infer_processors=[
                {"class": "RobustZScoreNorm", "kwargs": fit},
                {"class": "Fillna", "kwargs": {"fields_group": "feature"}},
            ],
            learn_processors=[{"class": "DropnaLabel"}],
        )
        segments = {"train": (stamps[-16 - days], stamps[-17 - 16]), "valid": (stamps[-16 - 16], stamps[-17])}
        dataset = TSDatasetH(step_len=320, handler=handler, segments=segments)
    model = GRU(
        d_feat=6,
        hidden_size=30,
        num_layers=1,
        n_epochs=epochs,
        batch_size=5000,
        early_stop=epochs,
        n_jobs=workers,
        GPU=-1,
        seed=0,
    )
    with phase("fit"):
        model.fit(dataset, evals_result={}, save_path=os.devnull)
    length = len(dataset.prepare("train", col_set=["feature", "label"], data_key=DataHandlerLP.DK_L))
    report(samples=epochs * (length // 5000) * 5000)


def child(name: str, provider: str, cache: str, epochs: int) -> None:
    """Run one contender."""
    import qlib

    qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=30)
    if name in OURS:
        fit_ours(name, cache, epochs)
    elif name == SEEDS:
        fit_seeds(cache, epochs)
    else:
        fit_qlib(0 if "process" in name else 4, epochs)


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        child(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        main()
