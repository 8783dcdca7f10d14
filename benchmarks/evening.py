"""A fund's evening: `mfgru update`, `mfgru predict --save` and `mfgru rebalance`; seconds and peak memory of each.

    python benchmarks/evening.py [--stocks 5000 --days 244 --evenings 2 --json FILE]

Every command is run as a scheduler does, in a process of its own, imports included. Two synthetic markets, daily and
15-minute bars: one of the demo market's size, and one of `--stocks`. On each a history is ingested, an incremental
model of the Huatai report's size is trained for one epoch on some months, the panels are made by a first `predict`,
and then evenings follow; the fastest one counts. Memory is resident, of all processes of a command together. Exit code
1 where a target is missed.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from measure import MIB, Cost, cost, market_options, table, verdict
from record import keep
from update import deliver
from vendor_market import VendorMarket

GIB = 2**30
DEMO = (200, 484)
"""Stocks of `mfgru demo`, and its days with 15-minute bars."""
TRAINING = {
    "qlib_init": {
        "region": "cn",
        "kernels": 1,
        "exp_manager": {
            "class": "ExperimentStore",
            "module_path": "qlib_mfgru.report.store",
            "kwargs": {"uri": "sqlite:///mlruns.db", "default_exp_name": "evening"},
        },
    },
    "experiment_name": "evening",
    "task": {
        "model": {
            "class": "IncrementalGRUModel",
            "module_path": "qlib_mfgru.model",
            "kwargs": {"max_epochs": 1, "seed": 0},
        },
        "dataset": {
            "class": "MultiFreqDataset",
            "module_path": "qlib_mfgru.data",
            "kwargs": {
                "handler": {
                    "class": "MultiFreqHandler",
                    "module_path": "qlib_mfgru.data",
                    "kwargs": {"instruments": "all", "cache_dir": "panels"},
                }
            },
        },
        "record": [
            {
                "class": "SignalRecord",
                "module_path": "qlib.workflow.record_temp",
                "kwargs": {"model": "<MODEL>", "dataset": "<DATASET>"},
            }
        ],
    },
}
ENHANCEMENT = {"index": "csi500", "index_weights": "market_cap", "turnover_limits": [0.3]}
MAPPING = {
    "bars": {"files": "bars/*.parquet", "freq": "15min", "stamps": "end"},
    "daily": {"files": "daily/*.parquet"},
    "float_shares": {"files": "shares.csv"},
    "industry": {"files": "industry.csv"},
    "st": {"files": "st.csv"},
    "members": {"csi500": {"files": "members.csv"}},
}


@dataclass(frozen=True)
class Target:
    """What an evening may take."""

    market: str
    seconds: float
    peak: float = np.inf


def main() -> int:
    """Make both markets, run their evenings, print."""
    parser = market_options(__doc__, stocks=5000, days=244)
    parser.add_argument("--evenings", type=int, default=2, help="days that are added")
    options = parser.parse_args()
    work = options.workdir.resolve() / "evening"
    shutil.rmtree(work, ignore_errors=True)
    sizes = {"demo": DEMO, "large": (options.stocks, options.days)}
    targets = {
        "demo": Target("{} stocks x {} days".format(*DEMO), 15.0),
        "large": Target(f"{options.stocks} stocks x {options.days} days", 60.0, 4 * GIB),
    }
    best = {name: fastest(work / name, *size, options.evenings) for name, size in sizes.items()}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; fastest of {options.evenings} evenings\n")
    print(table(["market", "command", "seconds", "peak (MiB)"], rows(targets, best)), "\n")
    met = [judged(targets[name], costs) for name, costs in best.items()]
    keep(options.json, {name: figures(sizes[name], targets[name], costs) for name, costs in best.items()})
    return int(not all(met))


def fastest(work: Path, stocks: int, days: int, evenings: int) -> dict[str, Cost]:
    """The fastest of some evenings on a market, by command."""
    market = VendorMarket(stocks, days + evenings)
    work.mkdir(parents=True)
    vendor = market.make(work.parent.parent, by_stock=False)
    calendar, files = market.calendar, work / "files"
    deliver(vendor, files, None, calendar[days])
    beside(market, files)
    prepare(work, calendar[:days])
    runs = []
    for day in calendar[days:]:
        print(f"{stocks} stocks, the evening of {day:%Y-%m-%d} ...", file=sys.stderr, flush=True)
        deliver(vendor, files, day, day + pd.Timedelta("1D"))
        runs.append(evening(work))
    return min(runs, key=lambda costs: sum(cost.seconds for cost in costs.values()))


def beside(market: VendorMarket, files: Path) -> None:
    """Tables that an enhancement needs: members, industries, ST, float shares; a tenth of the stocks in the index."""
    first, symbols = f"{market.calendar[0]:%Y-%m-%d}", market.symbols
    pd.DataFrame({"symbol": symbols[::10], "start": first, "end": ""}).to_csv(files / "members.csv", index=False)
    pd.DataFrame({"symbol": symbols[-1:], "start": first, "end": ""}).to_csv(files / "st.csv", index=False)
    industries = [f"I{number % 31:02d}" for number in range(len(symbols))]
    pd.DataFrame({"symbol": symbols, "industry": industries}).to_csv(files / "industry.csv", index=False)
    shares = np.random.default_rng(0).lognormal(15, 1, len(symbols)).round()  # some 3 % are traded a day
    pd.DataFrame({"symbol": symbols, "date": first, "float_shares": shares}).to_csv(files / "shares.csv", index=False)


def prepare(work: Path, days: pd.DatetimeIndex) -> None:
    """A provider of the history, a model that was trained on some months of it, and panels."""
    (work / "mapping.yaml").write_text(yaml.safe_dump(MAPPING))
    (work / "enhancement.yaml").write_text(yaml.safe_dump(ENHANCEMENT))
    mfgru(work, "ingest", "mapping.yaml", "--source", "files", "--target", "provider")
    content = TRAINING | {"qlib_init": TRAINING["qlib_init"] | {"provider_uri": str(work / "provider")}}
    span = [f"{days[place]:%Y-%m-%d}" for place in (-90, -14)]
    content["task"]["dataset"]["kwargs"]["segments"] = {"train": span, "test": [f"{days[-1]:%Y-%m-%d}", None]}
    content["task"]["dataset"]["kwargs"]["handler"]["kwargs"]["cache_dir"] = str(work / "panels")
    (work / "training.yaml").write_text(yaml.safe_dump(content))
    cost(work, [sys.executable, "-m", "qlib.cli.run", "training.yaml"])
    mfgru(work, "predict", "evening", "--save")


def evening(work: Path) -> dict[str, Cost]:
    """The three commands, one after the other."""
    return {
        "update": mfgru(work, "update", "provider"),
        "predict": mfgru(work, "predict", "evening", "--save"),
        "rebalance": mfgru(
            work, "rebalance", "evening", "--config", "enhancement.yaml", "--cash", "1e8", "--out", "orders.json"
        ),
    }


def mfgru(work: Path, *words: str) -> Cost:
    """One command of the package."""
    return cost(work, [sys.executable, "-m", "qlib_mfgru.cli", *words])


def rows(targets: dict[str, Target], best: dict[str, dict[str, Cost]]) -> list[list[str]]:
    """Of the table of figures."""
    return [
        [targets[name].market, command, f"{cost.seconds:.1f}", f"{cost.peak / MIB:.0f}"]
        for name, costs in best.items()
        for command, cost in costs.items()
    ]


def figures(size: tuple[int, int], target: Target, costs: dict[str, Cost]) -> dict[str, Any]:
    """What a record keeps of a market."""
    return {
        "stocks": size[0],
        "days": size[1],
        "commands": {name: {"seconds": cost.seconds, "resident_mib": cost.peak / MIB} for name, cost in costs.items()},
        "seconds": sum(cost.seconds for cost in costs.values()),
        "wanted_seconds": target.seconds,
    }


def judged(target: Target, costs: dict[str, Cost]) -> bool:
    """Print whether an evening is within its target."""
    seconds, peak = sum(cost.seconds for cost in costs.values()), max(cost.peak for cost in costs.values())
    met = seconds < target.seconds and peak < target.peak
    limit = f" and {target.peak / GIB:g} GiB" if np.isfinite(target.peak) else ""
    print(f"{verdict(met):6}  {target.market} in {target.seconds:g} s{limit}: {seconds:.1f} s, {peak / GIB:.2f} GiB")
    return met


if __name__ == "__main__":
    sys.exit(main())
