"""One worker against two, on two cores: how long the same rolling run takes.

    python benchmarks/rolling_workers.py [--cores 0 1 --epochs 12 --repeat 1 --json FILE]

A rolling GRU (two quarterly folds, three seeds: six units, each of --epochs epochs) on the default demo market, in
three ways: one worker with one thread, one worker with both cores' threads, two workers with one thread each. Every
run is a fresh process bound to the two cores, with an empty store of units; its time includes the start of its workers,
but not the making of the panel. All three must predict the same: the same bits where the threads are as many, and
within 0.01 (of a mean z-score) elsewhere, since networks depend on the number of threads in their last digits.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd
from measure import Run, median_run, phase, ready, report, run, table, verdict
from record import add_options, keep

from qlib_mfgru.demo import make_demo_market

WAYS = {"1 worker, 1 thread": (1, 1), "1 worker, 2 threads": (1, 2), "2 workers, 1 thread each": (2, 1)}
TARGET = 1.6
_CHILD = "--in-this-process"


def main() -> None:
    """Make the market, run the three ways, print times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, nargs=2, default=sorted(os.sched_getaffinity(0))[:2])
    parser.add_argument("--freq", default="15min", choices=["15min", "day"])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--workdir", type=Path, default=Path("runs/benchmarks"))
    add_options(parser)
    options = parser.parse_args()
    os.sched_setaffinity(0, options.cores)
    provider = options.workdir.resolve() / "demo"
    if not provider.exists():
        make_demo_market(provider, progress=True)
    rounds = []
    for _ in range(options.repeat):
        done = {way: _run(way, provider, options.freq, options.epochs) for way in WAYS}
        _check({way: scores for way, (_, scores) in done.items()})
        rounds.append({way: measured for way, (measured, _) in done.items()})
    runs = {way: median_run([measured[way] for measured in rounds]) for way in WAYS}
    times = times_as_fast(runs)
    _print(runs, times, options.repeat)
    size = {"freq": options.freq, "epochs": options.epochs, "rounds": options.repeat}
    keep(options.json, {"size": size, **{way: done.figures for way, done in runs.items()}, "times_as_fast": times})


def _run(way: str, provider: Path, freq: str, epochs: int) -> tuple[Run, pd.Series]:
    with tempfile.TemporaryDirectory() as units:
        arguments = [_CHILD, str(provider), freq, str(epochs), units, *map(str, WAYS[way])]
        return run(Path(__file__), arguments), pd.read_pickle(Path(units, "scores.pkl"))


def _check(scores: dict[str, pd.Series]) -> None:
    one = scores["1 worker, 1 thread"]
    for way, other in scores.items():
        assert other.index.equals(one.index), f"{way}: other samples are predicted"
        assert (other - one).abs().max() < 0.01, f"{way}: another prediction"
    assert one.equals(scores["2 workers, 1 thread each"]), "another number of workers, another prediction"


def times_as_fast(runs: dict[str, Run]) -> dict[str, float]:
    """Each way against one worker with one thread."""
    seconds = {way: done.phases["fit"].seconds for way, done in runs.items()}
    return {way: seconds["1 worker, 1 thread"] / each for way, each in seconds.items()}


def _print(runs: dict[str, Run], times: dict[str, float], repeat: int) -> None:
    print(f"six units; median of {repeat} rounds; load at the start {os.getloadavg()[0]:.1f}")
    rows = [[way, f"{done.phases['fit'].seconds:.1f}", f"{times[way]:.2f}"] for way, done in runs.items()]
    print(table(["", "seconds", "times as fast"], rows))
    ratio = times["2 workers, 1 thread each"]
    print(f"two workers on two cores: {ratio:.2f} times as fast as one, target {TARGET}: {verdict(ratio >= TARGET)}")


def fit(provider: str, freq: str, epochs: str, units: str, n_jobs: str, threads: str) -> None:
    """One way, in a process of its own."""
    import qlib

    from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
    from qlib_mfgru.rolling import RollingEnsembleModel

    qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=30)
    handler = MultiFreqHandler(cache_dir=str(Path(provider).parent / "cache-rolling"))
    dataset = MultiFreqDataset(handler, {"train": ("2020-01-01", "2023-06-30"), "test": ("2023-07-03", "2023-12-15")})
    config = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": freq}}
    settings = {"max_epochs": int(epochs), "patience": int(epochs), "batch_size": 1000, "device": "cpu"}
    model = RollingEnsembleModel(
        config, "3M", n_jobs=int(n_jobs), threads=int(threads), units_dir=f"{units}/units", **settings
    )
    len(handler.panels.days)  # make or open the panels
    ready()
    with phase("fit"):
        model.fit(dataset)
    model.predict(dataset).to_pickle(f"{units}/scores.pkl")
    report(units=sum(len(fold) for fold in model.members))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == _CHILD:
        fit(*sys.argv[2:])
    else:
        main()
