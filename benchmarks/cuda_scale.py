"""The report's size on a CUDA GPU: whole trainings of its last fold, several at once, and its protocol projected.

    python benchmarks/cuda_scale.py [--stocks 5000 --days 2430 --epochs 6 --at-once 3 --json FILE]

A made-up market of ten years of all stocks, as for `report_scale.py`. Every model is fitted for some epochs on its last
fold, validation included, in a fresh process: seconds of an epoch (the median, so that the kernels' compilation is not
in it), of reading labels and finding windows, and of the rest that comes once (bars to the GPU, statistics of all
dates, compilation, predictions of ten days). Each is printed when it ends.
Some are fitted again in several processes at once, as `n_jobs` of a rolling model does with the seeds of a fold.

The projection is no measurement: `epoch_speed.EPOCHS` epochs a stage, folds in proportion to their years, one unit
after the other.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from epoch_speed import EPOCHS, LAST_YEARS, N_SEEDS, RETRAININGS, YEARS
from measure import MIB, Run, market_options, phase, ready, report, run, table
from record import keep
from synthetic import SyntheticMarket

MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "GRUModel, daily bars": ("GRUModel", {"freq": "day"}),
    "GRUModel": ("GRUModel", {}),
    "AttentionGRUModel": ("AttentionGRUModel", {}),
    "MixedGRUModel": ("MixedGRUModel", {}),
    "IncrementalGRUModel": ("IncrementalGRUModel", {}),
}
AT_ONCE = ("GRUModel, daily bars", "GRUModel")
SAMPLE_STEP = 5
_CHILD, _PANELS, _DATA = "--in-this-process", "panels", "data"


def main() -> None:
    """Make the market and its panels, fit, print."""
    parser = market_options(__doc__, stocks=5000, days=2430)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--at-once", type=int, default=N_SEEDS)
    parser.add_argument("--device", default="cuda", help="another one is for trying this program, not for figures")
    options = parser.parse_args()
    options.workdir.mkdir(parents=True, exist_ok=True)
    workdir = options.workdir.resolve()
    provider = SyntheticMarket(options.stocks, options.days).make(workdir)
    child = partial(fitted, provider, workdir / "cache-cuda-scale", options.epochs, options.device)
    panels = child(_PANELS)
    print(f"panels and labels built in {panels.phases[_PANELS].seconds:.0f} s\n", flush=True)
    alone = {name: said(name, costs(child(name))) for name in MODELS}
    together = {name: said(name, costs_at_once(partial(child, name), options.at_once)) for name in AT_ONCE}
    times = {name: options.at_once * alone[name]["whole"] / each["whole"] for name, each in together.items()}
    projected = {name: hours(each) for name, each in alone.items()}
    print(printed(alone, projected) + "\n\n" + printed_at_once(together, times, options.at_once))
    size = {name: getattr(options, name) for name in ("stocks", "days", "epochs", "at_once")}
    figures = {"models": alone, "at_once": together, "times_as_fast": times, "projected_hours": projected}
    panels_seconds = panels.phases[_PANELS].seconds
    keep(options.json, {"size": size, "panels_seconds": panels_seconds, **figures}, panels.results["gpu"])


def fitted(provider: Path, cache: Path, epochs: int, device: str, name: str) -> Run:
    """A model's fit and prediction in a process of its own."""
    return run(Path(__file__), [_CHILD, name, str(provider), str(cache), str(epochs), device])


def costs(done: Run) -> dict[str, float]:
    """Seconds of an epoch, that of all stages together, of the data, of what else comes once, of all; GPU memory."""
    whole = sum(each.seconds for each in done.phases.values())
    stages = done.results["epochs"]
    epoch = sum(map(statistics.median, stages))
    data = done.phases[_DATA].seconds
    trained = sum(len(seconds) * statistics.median(seconds) for seconds in stages)
    rest = whole - data - trained  # with what the first epoch compiles
    return {"epoch": epoch, "data": data, "rest": rest, "whole": whole, "peak_mib": done.results["peak_mib"]}


def said(name: str, cost: dict[str, float]) -> dict[str, float]:
    """The same, printed: a run that is cut short has told something."""
    print(f"{name}: " + ", ".join(f"{what} {value:.1f}" for what, value in cost.items()), flush=True)
    return cost


def costs_at_once(child: Callable[[], Run], count: int) -> dict[str, float]:
    """Seconds until the last of so many equal fits, begun together, has ended; they must give the same scores."""
    with ThreadPoolExecutor(count) as pool:
        runs = list(pool.map(lambda _: child(), range(count)))
    if len({done.results["scores"] for done in runs}) > 1:
        raise AssertionError("equal fits at once gave different scores")
    return {"whole": max(sum(each.seconds for each in done.phases.values()) for done in runs)}


def hours(cost: dict[str, float]) -> float:
    """Of all folds and seeds of a model, one after the other; projected."""
    last = cost["data"] + cost["rest"] + EPOCHS * cost["epoch"]
    return N_SEEDS * sum(last * each / LAST_YEARS for each in YEARS) / 3600


def printed(alone: dict[str, dict[str, float]], projected: dict[str, float]) -> str:
    """A row per model."""
    rows = [
        [
            name,
            *(f"{cost[what]:.1f}" for what in ("data", "rest", "epoch")),
            f"{cost['peak_mib']:,.0f}",
            f"{projected[name]:.2f}",
        ]
        for name, cost in alone.items()
    ]
    head = f"hours: PROJECTION, not measured, of {RETRAININGS} folds x {N_SEEDS} seeds, {EPOCHS} epochs a stage\n"
    return head + table(["", "data, s", "rest, s", "an epoch, s", "GPU, MiB", "hours"], rows)


def printed_at_once(together: dict[str, dict[str, float]], times: dict[str, float], count: int) -> str:
    """A row per model that was fitted several times at once."""
    rows = [[name, f"{cost['whole']:.1f}", f"{times[name]:.2f}x"] for name, cost in together.items()]
    return table([f"{count} fits at once", "seconds", "against in turn"], rows)


# --- in the contender's process


def fit(name: str, provider: str, cache: str, epochs: int, device: str) -> None:
    """Build the panels, or fit one model and predict."""
    import qlib
    import torch
    from epoch_memory import last_fold

    from qlib_mfgru import model as models
    from qlib_mfgru.data import MultiFreqHandler

    qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=30)
    gpu = torch.cuda.get_device_name() if device == "cuda" else device
    ready()
    if name == _PANELS:
        with phase(_PANELS):
            len(MultiFreqHandler(cache_dir=cache).panels.days)
        report(gpu=gpu)
        return
    model_class, settings = MODELS[name]
    model = getattr(models, model_class)(max_epochs=epochs, patience=epochs, device=device, **settings)
    with phase(_DATA):
        dataset = last_fold(MultiFreqHandler(cache_dir=cache), SAMPLE_STEP)
        len(dataset.samples("train", model.freqs))
    with phase("fit"):
        model.fit(dataset)
    with phase("predict"):
        days = dataset.handler.panels.days
        scores = model.predict(dataset, (days[-10], days[-1]))
    stages = [[row["seconds"] for row in rows] for rows in by_stage(model.history)]
    report(
        epochs=stages,
        peak_mib=torch.cuda.max_memory_allocated() / MIB if device == "cuda" else 0.0,
        scores=hashlib.sha256(scores.to_numpy().tobytes()).hexdigest(),
    )


def by_stage(history: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """A model's rows of epochs, those of each stage together."""
    return [list(rows) for _, rows in groupby(history, key=itemgetter("stage"))]


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        fit(*sys.argv[2:5], int(sys.argv[5]), sys.argv[6])
    else:
        main()
