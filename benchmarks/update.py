"""An evening's update of a provider and its panels: one day of all stocks, both frequencies; time and memory.

    python benchmarks/update.py [--stocks 5000 --days 244 --evenings 3 --json FILE]

The vendor's files are synthetic: history a Parquet file a month, evenings a file of bars and one of days each. The
history is ingested and both panels are made, which is timed too; then evenings follow, each in a fresh process: the
update, and opening both panels. The fastest evening counts. At the end the provider is held against an ingest of all
files, byte for byte, and the panels against panels made anew.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

import pandas as pd
from measure import MIB, Run, market_options, phase, ready, report, run, table, verdict
from record import keep
from vendor_market import VendorMarket

FREQS = ("day", "15min")
WANTED = 20.0
"""Seconds of an evening of 5,000 stocks."""


def main() -> None:
    """Make the files, ingest, update evening by evening, compare, print."""
    parser = market_options(__doc__, stocks=5000, days=244)
    parser.add_argument("--evenings", type=int, default=3, help="days that are added")
    parser.add_argument("--contender", nargs=3, metavar=("STEP", "FOLDER", "TARGET"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        contend(*options.contender)
        return
    market = VendorMarket(options.stocks, options.days + options.evenings)
    options.workdir.mkdir(parents=True, exist_ok=True)
    vendor = market.make(options.workdir.resolve(), by_stock=False)
    folder = vendor / "evenings"
    shutil.rmtree(folder, ignore_errors=True)
    evenings = market.calendar[options.days :]
    deliver(vendor, folder / "files", None, evenings[0])
    first = step("ingest", folder, "provider")
    runs = []
    for number, day in enumerate(evenings):
        print(f"evening {number + 1} ...", file=sys.stderr, flush=True)
        deliver(vendor, folder / "files", day, day + pd.Timedelta("1D"))
        runs.append(step("update", folder, "provider"))
    anew = step("ingest", folder, "anew")
    compared = same_bytes(folder / "provider", folder / "anew") + same_panels(folder)
    best = min(runs, key=lambda each: sum(phase.seconds for phase in each.phases.values()))
    print(
        f"{market.stocks} stocks x {options.days} days, {os.cpu_count()} cores; fastest of {options.evenings} evenings"
    )
    print(f"{compared} files of provider and panels compared with those made anew: all the same bytes\n")
    steps = {"the history": first, "an evening": best, "all at once": anew}
    print(figures(steps))
    seconds = sum(each.seconds for each in best.phases.values())
    print(f"\n{verdict(seconds < WANTED):6}  an evening in {WANTED:g} s: {seconds:.1f} s")
    size = {"stocks": options.stocks, "days": options.days, "evenings": options.evenings}
    kept = {name: each.figures["phases"] for name, each in steps.items()}
    keep(options.json, {"size": size, "steps": kept, "evening_seconds": seconds, "wanted_seconds": WANTED})


def deliver(vendor: Path, folder: Path, first: pd.Timestamp | None, end: pd.Timestamp) -> None:
    """Write the rows from a day on, or all, before another day, as the vendor's next files."""
    daily = pd.read_parquet(vendor / "daily.parquet")
    name = f"{end:%Y%m%d}"
    for kind in ("bars", "daily"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    rows = daily[(daily["date"] < end) & (daily["date"] >= (first or daily["date"].min()))]
    rows.to_parquet(folder / "daily" / f"{name}.parquet", index=False)
    for path in sorted((vendor / "months").glob("*.parquet")):
        bars = pd.read_parquet(path)
        bars = bars[(bars["datetime"] < end) & (bars["datetime"] >= (first or bars["datetime"].min()))]
        if len(bars):
            bars.to_parquet(folder / "bars" / f"{name}-{path.name}", index=False)


def step(name: str, folder: Path, target: str) -> Run:
    """One step in a process of its own."""
    return run(Path(__file__), ["--contender", name, str(folder), target])


def contend(name: str, folder: str, target: str) -> None:
    """Ingest or update, then open both panels."""
    import qlib

    from qlib_mfgru.data import BarPanel
    from qlib_mfgru.ingest.mapping import IngestMapping
    from qlib_mfgru.ingest.pipeline import ingest
    from qlib_mfgru.live import update

    source, provider = Path(folder, "files"), Path(folder, target)
    mapping = IngestMapping(
        bars={"files": "bars/*.parquet", "freq": "15min", "stamps": "end"}, daily={"files": "daily/*.parquet"}
    )
    ready()
    with phase(name):
        if name == "ingest":
            account = ingest(mapping, source, provider, quiet=True)
        else:
            account = update(provider, source, quiet=True)
    qlib.init(provider_uri=str(provider), logging_level=40)
    with phase("panels"):
        for freq in FREQS:
            BarPanel.open(freq, Path(folder, f"panels-{target}"))
    report(kept=account.input("bars").kept)


def same_bytes(one: Path, other: Path) -> int:
    """Number of files compared; raises AssertionError at the first that differs."""
    files = [path.relative_to(one) for path in one.rglob("*") if path.is_file()]
    assert len(files) == sum(path.is_file() for path in other.rglob("*")), "not the same files"
    for file in files:
        if file.name in ("mfgru.json", "checksums.txt") or file.parts[0] == "state":
            continue
        assert (one / file).read_bytes() == (other / file).read_bytes(), f"{file} differs"
    return len(files)


def same_panels(folder: Path) -> int:
    """Number of files compared; raises AssertionError at the first that differs."""
    n_files = 0
    for freq in FREQS:
        one, other = (next((folder / f"panels-{name}").glob(f"{freq}-*")) for name in ("provider", "anew"))
        for file in one.glob("*.npy"):
            assert file.read_bytes() == (other / file.name).read_bytes(), f"{file} differs"
            n_files += 1
    return n_files


def figures(steps: dict[str, Run]) -> str:
    """The table of seconds and memory."""
    rows = []
    for what, each in steps.items():
        for name, of in each.phases.items():
            rows.append([what, name, f"{of.seconds:.1f}", f"{of.anonymous / MIB:.0f}"])
    return table(["", "step", "seconds", "anonymous memory (MiB)"], rows)


if __name__ == "__main__":
    main()
