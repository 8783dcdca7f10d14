"""Is this checkout as fast as an earlier revision? The benchmarks behind the figures of docs/, on both in turn.

    python benchmarks/same_speed.py --against REV [--rounds 3 --only NAME ... --json FILE]

Both sides run from copies with kernels of their own, as in `same_bits.py`, each its own copy of the benchmarks, at
sizes of a minute or so: the revision, this checkout, the revision, and so on. For every time that a benchmark takes
the table shows the fastest round of each side, the ratio of these, and the lowest and highest ratio of the rounds.
A ratio above 1.05 is a miss (exit code 1) if every round of this checkout took 5 % longer than any of the revision's,
and else unclear: the machine was not quiet, or more rounds are needed, as they always are after one. Run it on a quiet
machine: beside other work equal code comes out unclear. Times below --shortest are shown, not judged.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from measure import table
from same_bits import environment, tree_of, tree_of_this_checkout

TOLERANCE = 1.05
PHASES = "*/phases/*/seconds"


@dataclass(frozen=True)
class Benchmark:
    """A command at a small size, and which entries of its JSON are times (patterns of paths) or rates."""

    name: str
    arguments: str
    times: tuple[str, ...] = (PHASES,)
    rates: tuple[str, ...] = ()
    in_workdir: bool = True

    def command(self, tree: Path, workdir: Path, figures: Path) -> list[str]:
        """The command on a tree; it makes what it reads in `workdir`."""
        options = [*shlex.split(self.arguments), "--json", str(figures)]
        options += ["--workdir", str(workdir)] if self.in_workdir else []
        return [sys.executable, "-W", "ignore", str(tree / "benchmarks" / f"{self.name}.py"), *options]

    def seconds(self, figures: Any) -> dict[str, float]:
        """Times by their paths; a rate counts as the seconds of a million samples."""
        found = {}
        for path, value in _numbers(figures):
            if any(fnmatch(path, pattern) for pattern in self.times):
                found[path] = value
            elif any(fnmatch(path, pattern) for pattern in self.rates):
                found[path] = 1e6 / value
        return found


BENCHMARKS = (
    Benchmark(
        "data_path",
        "--stocks 300 --days 300 --repeat 1 --only panel reopen 'samples, shuffled' 'samples, by date'",
        times=(PHASES, "medians/reopen/results/reopen", "medians/reopen/results/mapping"),
        rates=("medians/samples*/results/rate",),
    ),
    Benchmark("epoch_memory", "--stocks 1500 --days 200 --batches 4"),
    Benchmark("gru_cpu", "--threads 2 --repeat 2", ("*/seconds/*/compiled*", "*/seconds/*/plain*"), in_workdir=False),
    Benchmark("epoch_speed", "--stocks 400 --days 120 --epochs 2", ("*Model/phases/fit/seconds", "seeds/*/seconds")),
    Benchmark("factor_test", "--stocks 2000 --days 700", ("phases/* test/seconds", "phases/[tso]*/seconds")),
    Benchmark(
        "index_enhancement", "--stocks 1000 --days 300 --stock-limits 0.4", ("ours/*/seconds", "*/optimise_mean")
    ),
    Benchmark("rolling_workers", "--freq day --epochs 12"),
)
"""Of each benchmark what is ours; what it runs beside that for comparison is not judged."""


def main() -> None:
    """Make both copies, run all rounds, print."""
    options = parse()
    workdir = options.workdir.resolve()
    trees = tree_of(options.against, workdir), tree_of_this_checkout(workdir)
    chosen = [each for each in BENCHMARKS if not options.only or each.name in options.only]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; {options.rounds} rounds", flush=True)
    rows, figures = [], {}
    for benchmark in chosen:
        rounds = [
            [run(benchmark, tree, workdir / "speed" / tree.name) for tree in trees] for _ in range(options.rounds)
        ]
        figures[benchmark.name] = rounds
        rows += judged(benchmark.name, rounds, options.shortest)
        print(f"{benchmark.name}: done, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    print(table(["seconds, fastest round", options.against, "now", "ratio", "of rounds", ""], rows))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    sys.exit(1 if any(row[-1] == "MISSED" for row in rows) else 0)


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", required=True, metavar="REV", help="the revision to compare with")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=[each.name for each in BENCHMARKS])
    parser.add_argument("--shortest", type=float, default=0.05, help="seconds below which a time is not judged")
    parser.add_argument("--workdir", type=Path, default=Path("runs/benchmarks/same_bits"))
    parser.add_argument("--json", type=Path, help="write all times there too")
    return parser.parse_args()


def run(benchmark: Benchmark, tree: Path, folder: Path) -> dict[str, float]:
    """One benchmark once, with the package and the benchmarks of `tree`: seconds by what they are of."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = folder / f"{benchmark.name}.json"
    command = benchmark.command(tree, folder, figures)
    subprocess.run(command, cwd=folder, env=environment(tree, folder), stdout=sys.stderr, check=True)
    record = json.loads(figures.read_text())
    return benchmark.seconds(record.get("figures", record))  # revisions before records wrote the figures alone


def judged(name: str, rounds: Sequence[Sequence[dict[str, float]]], shortest: float) -> list[list[str]]:
    """A row a time: fastest rounds, their ratio, the range of the rounds' ratios, and a verdict."""
    rows = []
    timed = [set(sides[i]) for sides in rounds for i in (0, 1)]
    if not timed[0] or any(paths != timed[0] for paths in timed):
        sys.exit(f"same_speed: {name} does not time the same on both sides: {sorted(map(sorted, timed))}")
    for path in rounds[0][0]:
        before, now = ([sides[i][path] for sides in rounds] for i in (0, 1))
        ratios = [b / a for a, b in zip(before, now, strict=True)]
        ratio = min(now) / min(before)
        cells = [f"{min(before):.3f}", f"{min(now):.3f}", f"{ratio:.3f}", f"{min(ratios):.2f} .. {max(ratios):.2f}"]
        rows.append([f"{name}: {path}", *cells, verdict(before, now) if min(before) >= shortest else "(short)"])
    return rows


def verdict(before: Sequence[float], now: Sequence[float]) -> str:
    """Whether the rounds of now are as fast; a miss only where they are apart from all of the rounds before."""
    if min(now) <= TOLERANCE * min(before):
        return "met"
    return "MISSED" if len(now) > 1 and min(now) > TOLERANCE * max(before) else "unclear"


def _numbers(figures: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """All numbers of nested JSON by path."""
    if isinstance(figures, (int, float)):
        yield path.removeprefix("/"), float(figures)
    elif isinstance(figures, (dict, list)):
        for key, value in figures.items() if isinstance(figures, dict) else enumerate(figures):
            yield from _numbers(value, f"{path}/{key}")


if __name__ == "__main__":
    main()
