"""Run a contender in a process of its own; time and peak memory of each of its phases."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from record import add_options

MIB = 2**20
_POLL_SECONDS = 0.005
_FIELDS = ("VmHWM", "VmRSS", "RssAnon")


@dataclass(frozen=True)
class Phase:
    """What one phase of a contender came to; memory is on top of what the imports alone hold, of all its processes.

    Attributes
    ----------
    seconds : float
    rss : int
        Peak resident bytes, pages of mapped files included: of one process by the kernel's own high-water mark, of
        several their sum, polled, which counts shared pages once for each.
    anonymous : int
        Peak of the resident bytes that no file backs, polled every 5 ms: what cannot be given back under pressure.
    """

    seconds: float
    rss: int
    anonymous: int

    @property
    def figures(self) -> dict[str, float]:
        """For a record."""
        return {
            "seconds": self.seconds,
            "resident_mib": self.rss / MIB,
            "anonymous_mib": self.anonymous / MIB,
        }


@dataclass(frozen=True)
class Run:
    """Phases and results of one process."""

    phases: dict[str, Phase]
    results: dict[str, Any]

    @property
    def figures(self) -> dict[str, Any]:
        """For a record."""
        return {"phases": {name: phase.figures for name, phase in self.phases.items()}, "results": self.results}


@dataclass(frozen=True)
class Cost:
    """Of a command: seconds, and peak resident bytes of all its processes together, shared pages once for each."""

    seconds: float
    peak: int


# --- in the contender's process


def ready() -> None:
    """Say that the imports are done; memory is counted from here."""
    _emit({"baseline": memory("self")})


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Measure the block, with a high-water mark of its own."""
    _reset_high_water()
    _emit({"phase": name})
    start = time.perf_counter()
    yield
    seconds = time.perf_counter() - start
    _emit({"done": name, "seconds": seconds, "high_water": memory("self")["VmHWM"]})


def report(**results: Any) -> None:
    """Hand results (numbers, strings) to the measuring process."""
    _emit({"results": results})


def memory(pid: int | str) -> dict[str, int]:
    """Resident bytes of a process: high-water mark, now, and now without files; all 0 once it has ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.split(":")[0] in _FIELDS}
    return {name: found.get(name, 0) for name in _FIELDS}


def _reset_high_water() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError as error:
        print(f"the high-water mark cannot be reset, it covers the imports too: {error}", file=sys.stderr)


def _emit(message: dict[str, Any]) -> None:
    print("@" + json.dumps(message), flush=True)


# --- in the measuring process


def market_options(description: str | None, stocks: int, days: int) -> argparse.ArgumentParser:
    """Options of a benchmark on a made-up market of such a size by default; its module's docstring is the help."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stocks", type=int, default=stocks)
    parser.add_argument("--days", type=int, default=days)
    parser.add_argument("--workdir", type=Path, default=Path("runs/benchmarks"))
    add_options(parser)
    return parser


def run(script: Path, arguments: Sequence[str]) -> Run:
    """Run a script that uses `ready`, `phase` and `report`, and collect what it says.

    Raises
    ------
    RuntimeError
        If it fails; its errors have gone to stderr.
    """
    command = [sys.executable, "-W", "ignore", str(script), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    watch = _Watch(process.pid, lambda: process.poll() is not None)
    baseline, phases, results = dict.fromkeys(_FIELDS, 0), {}, {}
    assert process.stdout is not None
    for line in process.stdout:
        if not line.startswith("@"):
            continue
        said = json.loads(line[1:])
        if "baseline" in said:
            baseline = said["baseline"]
        elif "phase" in said:
            watch.forget()
        elif "done" in said:
            rss = max(said["high_water"], watch.peak["VmRSS"]) - baseline["VmRSS"]
            anonymous = watch.peak["RssAnon"] - baseline["RssAnon"]
            phases[said["done"]] = Phase(said["seconds"], max(rss, 0), max(anonymous, 0))
        else:
            results |= said["results"]
    if process.wait() != 0:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return Run(phases, results)


@contextmanager
def resident() -> Iterator[list[tuple[float, int]]]:
    """Times, as of `time.time`, and resident bytes of this process and what it has started, until the block ends."""
    trace: list[tuple[float, int]] = []
    is_over = threading.Event()
    _Watch(os.getpid(), is_over.is_set, every=0.1, trace=trace)  # often enough for hours, and at no cost
    try:
        yield trace
    finally:
        is_over.set()


def cost(work: Path, command: Sequence[str]) -> Cost:
    """What a command in a folder takes; RuntimeError with the end of its output, in log.txt there, where it fails."""
    environment = os.environ | {"TQDM_DISABLE": "1"}
    start, log = time.perf_counter(), work / "log.txt"
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=work, stdout=file, stderr=subprocess.STDOUT, env=environment)
        watch = _Watch(process.pid, lambda: process.poll() is not None)
        code, seconds = process.wait(), time.perf_counter() - start
    if code:
        said = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"{' '.join(command)} ended with exit code {code}\n{said}")
    return Cost(seconds, watch.peak["VmRSS"])


class _Watch(threading.Thread):
    """Polls the memory of a process and its children from outside, where no interpreter lock holds it up."""

    def __init__(
        self,
        pid: int,
        ended: Callable[[], bool],
        every: float = _POLL_SECONDS,
        trace: list[tuple[float, int]] | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.pid, self.ended, self.every, self.trace = pid, ended, every, trace
        self.forget()
        self.start()

    def forget(self) -> None:
        self.peak = dict.fromkeys(_FIELDS, 0)

    def run(self) -> None:
        while not self.ended():
            total = dict.fromkeys(_FIELDS, 0)
            for pid in family(self.pid):
                try:
                    total = {name: total[name] + size for name, size in memory(pid).items()}
                except OSError:
                    continue  # it has ended
            self.peak = {name: max(self.peak[name], size) for name, size in total.items()}
            if self.trace is not None:
                self.trace.append((time.time(), total["VmRSS"]))
            time.sleep(self.every)


def family(pid: int) -> list[int]:
    """Numbers of a process and of all that it and its children have started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(each for child in children for each in family(int(child)))]


def median_run(runs: Sequence[Run]) -> Run:
    """Median of every phase's time and memory and of every numeric result; other results from the first run."""
    first = runs[0]
    phases = {
        name: Phase(
            statistics.median(r.phases[name].seconds for r in runs),
            int(statistics.median(r.phases[name].rss for r in runs)),
            int(statistics.median(r.phases[name].anonymous for r in runs)),
        )
        for name in first.phases
    }
    results = {
        name: statistics.median(r.results[name] for r in runs) if isinstance(value, (int, float)) else value
        for name, value in first.results.items()
    }
    return Run(phases, results)


def verdict(is_met: bool) -> str:
    """How what came of a target is printed."""
    return "met" if is_met else "MISSED"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Plain text table, first column left, the others right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, ["-" * width for width in widths], *rows]:
        cells = [
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
