"""The ingest against the steps of qlib's dump_bin.py, side by side in one run: time, rows a second, memory.

    python benchmarks/ingest.py [--stocks 5000 --days 244 --repeat 3 --json FILE]

The vendor's files are synthetic, kept in --workdir, and read from a warm page cache: one Parquet file of 15-minute bars
a month, or one CSV file a stock, and daily rows with a factor. Ours makes both frequencies with all checks; qlib's
steps make the 15-minute one from the CSV files. Every contender runs in a fresh process, once a round; fastest rounds
count. Asserts first that both providers hold the same bars, bit by bit.

Small files cost what the disk makes of them: the last contender only copies the files of a provider, and a --target in
memory (/dev/shm) shows what is left without the disk.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
from pathlib import Path

import numpy as np
from measure import Run, market_options, phase, ready, report, run, table, verdict
from record import keep
from vendor_market import BARS_PER_DAY, VendorMarket

FIELDS = ("open", "high", "low", "close", "volume", "amount")
FROM_MONTHS, FROM_STOCKS, DUMP, COPY = (
    "ours, a Parquet file a month",
    "ours, a CSV file a stock",
    "qlib's dump, a CSV file a stock",
    "our files copied, and nothing else",
)
FILES = {FROM_MONTHS: "months/*.parquet", FROM_STOCKS: "stocks/*.csv"}


def main() -> None:
    """Make the files, run all contenders in turn, compare, print."""
    parser = market_options(__doc__, stocks=5000, days=244)
    parser.add_argument("--repeat", type=int, default=3, help="rounds over all contenders")
    parser.add_argument("--target", type=Path, help="folder for the providers; beside the vendor's files by default")
    parser.add_argument("--contender", nargs=3, metavar=("NAME", "SOURCE", "TARGET"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        contend(*options.contender)
        return
    market = VendorMarket(options.stocks, options.days)
    options.workdir.mkdir(parents=True, exist_ok=True)
    source = market.make(options.workdir.resolve())
    folder = (options.target or source).resolve()
    runs: dict[str, list[Run]] = {name: [] for name in (FROM_MONTHS, FROM_STOCKS, DUMP, COPY)}
    for _ in range(options.repeat):
        for number, (name, each) in enumerate(runs.items()):
            target = folder / f"provider-{number}"
            shutil.rmtree(target, ignore_errors=True)
            print(f"{name} ...", file=sys.stderr, flush=True)
            origin = folder / "provider-0" if name == COPY else source
            each.append(run(Path(__file__), ["--contender", name, str(origin), str(target)]))
    compared = same_bars(folder, market)
    best = {name: min(each, key=lambda one: one.phases["all"].seconds) for name, each in runs.items()}
    print(f"{market.stocks} stocks x {market.days} days, {os.cpu_count()} cores; fastest of {options.repeat} rounds")
    print(f"{compared} values of the three providers compared: all the same bits\n")
    ways = figures(best, market.stocks * market.days * BARS_PER_DAY)
    print(table(["", *(unit.replace("_", " ") for unit in ways[DUMP])], rows(ways)))
    print("\n" + targets(ways))
    size = {"stocks": market.stocks, "days": market.days, "rounds": options.repeat}
    keep(options.json, {"size": size, "ways": ways})


def contend(name: str, source: str, target: str) -> None:
    """One contender, in its own process."""
    if name == DUMP:
        from qlib_dump import dump

        ready()
        with phase("all"):
            dump(Path(source, "stocks"), Path(target), "15min")
        return
    if name == COPY:
        copy(Path(source), Path(target))
        return
    from qlib_mfgru.ingest.mapping import IngestMapping
    from qlib_mfgru.ingest.pipeline import ingest

    mapping = IngestMapping(
        bars={"files": FILES[name], "freq": "15min", "stamps": "end"}, daily={"files": "daily.parquet"}
    )
    ready()
    with phase("all"):
        account = ingest(mapping, source, target, quiet=True)
    report(kept=account.input("bars").kept)


def copy(source: Path, target: Path) -> None:
    """The features of a provider, read before the clock starts, written by as many processes as there are cores."""
    files = {folder.name: [(file.name, file.read_bytes()) for file in folder.iterdir()] for folder in _stocks(source)}
    shares = [dict(list(files.items())[start :: os.cpu_count()]) for start in range(os.cpu_count() or 1)]
    writers = [multiprocessing.get_context("fork").Process(target=_write, args=(share, target)) for share in shares]
    ready()
    with phase("all"):
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()


def _stocks(provider: Path) -> list[Path]:
    return sorted((provider / "features").iterdir())


def _write(files: dict[str, list[tuple[str, bytes]]], target: Path) -> None:
    for folder, contents in files.items():
        os.makedirs(target / folder)
        for name, content in contents:
            with open(target / folder / name, "wb") as file:
                file.write(content)


def same_bars(source: Path, market: VendorMarket) -> int:
    """Number of values compared; raises AssertionError at the first that differs."""
    n_values = 0
    for symbol in market.symbols:
        for field in FIELDS:
            files = [f"features/sh{symbol}", f"features/sh{symbol}", f"features/{symbol}"]
            stored = [
                np.fromfile(source / f"provider-{number}" / folder / f"{field}.15min.bin", "<i4")
                for number, folder in enumerate(files)
            ]
            assert np.array_equal(stored[0], stored[1]), f"{symbol} {field}: months and stocks differ"
            assert np.array_equal(stored[0], stored[2]), f"{symbol} {field}: ours and qlib's differ"
            n_values += len(stored[0]) - 1
    return n_values


def figures(best: dict[str, Run], n_bars: int) -> dict[str, dict[str, float]]:
    """Seconds, bars a second, memory, and how many times as fast as qlib's dump each way is."""
    phases = {name: each.phases["all"] for name, each in best.items()}
    return {
        name: {
            **each.figures,
            "million_bars_per_second": n_bars / each.seconds / 1e6,
            "times_as_fast_as_qlib": phases[DUMP].seconds / each.seconds,
        }
        for name, each in phases.items()
    }


def rows(ways: dict[str, dict[str, float]]) -> list[list[str]]:
    """Of the printed table."""
    return [
        [name, *(f"{value:.0f}" if unit.endswith("mib") else f"{value:.2f}" for unit, value in each.items())]
        for name, each in ways.items()
    ]


def targets(ways: dict[str, dict[str, float]]) -> str:
    """What was wanted, met or missed."""
    months, stocks = (ways[name] for name in (FROM_MONTHS, FROM_STOCKS))
    wanted = {
        "1 M Parquet rows a second": months["million_bars_per_second"] >= 1,
        "5 times as fast as qlib's dump": stocks["times_as_fast_as_qlib"] >= 5,
        "under 1.5 GiB": max(months["resident_mib"], stocks["resident_mib"]) < 1.5 * 1024,
    }
    return "\n".join(f"{verdict(is_met):6}  {name}" for name, is_met in wanted.items())


if __name__ == "__main__":
    main()
