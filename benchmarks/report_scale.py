"""The Huatai report's size on this machine: its panels, an epoch of its last fold, its protocol projected from them.

    python benchmarks/report_scale.py [--stocks 5000 --days 2430 --cores 2 4 16 64 --record]

A made-up market of ten years of all stocks. Its panels are built, and the incremental model, whose stages are the daily
and the 15-minute network, is trained for one whole epoch a stage, with statistics and validation, in a fresh process.

The projection is no measurement: `epoch_speed.EPOCHS` epochs a stage, folds in proportion to their years, and a unit (a
fold and seed) on one core in twice the time that was measured on two; the longest units begin first, and none is on
more than one core.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Sequence

from epoch_memory import epoch
from epoch_speed import EPOCHS, LAST_YEARS, N_SEEDS, RETRAININGS, YEARS
from measure import MIB, Run, market_options, table, verdict
from record import keep
from synthetic import SyntheticMarket

PANELS, STAGES = "panels, labels", {"daily": "stage 1, day", "15-minute": "stage 2, 15min"}
MODELS = {"daily": ("daily",), "15-minute": ("15-minute",), "incremental": ("daily", "15-minute")}
SAMPLE_STEP = 5
TARGET_SECONDS, TARGET_BYTES = 60, 2**30


def main() -> None:
    """Measure, project, print."""
    parser = market_options(__doc__, stocks=5000, days=2430)
    parser.add_argument("--cores", type=int, nargs="+", default=[2, 4, 16, 64])
    options = parser.parse_args()
    workdir = options.workdir.resolve()
    workdir.mkdir(parents=True, exist_ok=True)
    market = SyntheticMarket(options.stocks, options.days)
    print(
        f"{market.stocks} stocks x {market.days} days, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    done = epoch("IncrementalGRUModel", market.make(workdir), workdir / "cache-report-scale", 0, SAMPLE_STEP)
    projected = {name: {n: hours(done, stages, n) for n in options.cores} for name, stages in MODELS.items()}
    print(measured(done) + "\n\n" + projection(projected))
    size = {"stocks": market.stocks, "days": market.days}
    plain = {name: {str(n): value for n, value in row.items()} for name, row in projected.items()}
    keep(options.json, {"size": size, "epochs": EPOCHS, **done.figures, "projected_hours": plain})


def hours(done: Run, stages: Sequence[str], cores: int) -> float:
    """Of all folds and seeds of a model on so many cores, projected."""
    last = EPOCHS * sum(done.phases[STAGES[name]].seconds for name in stages) * 2  # on one core
    units = sorted((last * each / LAST_YEARS for each in YEARS for _ in range(N_SEEDS)), reverse=True)
    busy = [0.0] * cores
    for seconds in units:
        heapq.heapreplace(busy, busy[0] + seconds)
    return max(busy) / 3600


def measured(done: Run) -> str:
    """Seconds and memory of each phase, and the panels' targets."""
    rows = [
        [name, f"{each.seconds:.0f}", f"{each.rss / MIB:,.0f}", f"{each.anonymous / MIB:,.0f}"]
        for name, each in done.phases.items()
    ]
    panels = done.phases[PANELS]
    met = verdict(panels.seconds < TARGET_SECONDS), verdict(panels.anonymous < TARGET_BYTES)
    targets = f"panels in less than {TARGET_SECONDS} s: {met[0]}; less than 1 GiB of anonymous memory: {met[1]}"
    return table(["", "seconds", "resident MiB", "anonymous MiB"], rows) + "\n" + targets


def projection(projected: dict[str, dict[int, float]]) -> str:
    """Hours by model and number of cores."""
    cores = list(next(iter(projected.values())))
    rows = [[name, *(f"{row[n]:.1f}" for n in cores)] for name, row in projected.items()]
    head = f"PROJECTION, not measured: hours of {RETRAININGS} folds x {N_SEEDS} seeds, {EPOCHS} epochs a stage\n"
    return head + table(["cores", *map(str, cores)], rows)


if __name__ == "__main__":
    main()
