"""The GRU layer on the CPU: every implementation against ``torch.nn.GRU``, interleaved in one run.

    python benchmarks/gru_cpu.py [--threads 2 4 --repeat 5 --json FILE]

``nn.GRU as users run it`` and ``nn.GRU flushed`` (denormals counted as 0 from before the first parallel operation) live
in processes of their own, since torch's threads take that setting over when they start; so does each number of threads.
All contenders are timed in turn, round after round, and their fastest rounds count. Before that every one of them is
held against nn.GRU in float64. Memory is the peak of one forward and backward pass, in a fresh process each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import MIB, run, table, verdict
from record import add_options, keep

LAYER = Path(__file__).with_name("gru_layer.py")
Size = tuple[int, int, int]  # samples, steps, hidden
MAIN: Size = (5000, 320, 30)
SIZES: tuple[Size, ...] = (MAIN, (5000, 40, 30), (5000, 320, 64), (5000, 40, 64))
SMALL: tuple[Size, ...] = (
    *((n, 320, 30) for n in (1, 7, 1000)),
    (4999, 1, 30),
    *((1000, 320, hidden) for hidden in (1, 17, 64, 128)),
)


@dataclass(frozen=True)
class Contender:
    """A way to run the layer; the instruction set "" is the processor's own."""

    name: str
    implementation: str
    capability: str = ""
    flush: bool = True
    precision: str = "float32"


TODAY = Contender("nn.GRU as users run it", "torch", flush=False)
FLUSHED = Contender("nn.GRU flushed", "torch")
PLAIN = Contender("plain torch", "plain")
COMPILED = Contender("compiled, AVX-512", "compiled", "AVX512")
BF16 = Contender("compiled, AVX-512 BF16", "compiled", "AVX512", precision="bf16")
AVX2 = Contender("compiled, AVX2", "compiled", "AVX2")
FLOOR_TIMES = 1.7
ATTENTION = ("without", "in the same pass", "of written states")
CONTENDERS = (TODAY, FLUSHED, PLAIN, AVX2, COMPILED, BF16)
ALLOWED = {"float32": 5e-5, "bf16": 0.02}
"""Error of outputs and gradients against float64, by the precision of products."""


class Worker:
    """A process that times what it is asked to; see gru_layer.py."""

    def __init__(self, threads: int, flush: bool) -> None:
        command = [sys.executable, "-W", "ignore", str(LAYER), "serve", str(threads), str(int(flush))]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": str(threads)}, **pipes)

    def ask(self, what: str, contender: Contender | None = None, size: Size = MAIN) -> Any:
        """The answer to one request."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        names = {"implementation": "implementation", "cpu": "capability", "precision": "precision"}
        how = {} if contender is None else {key: getattr(contender, name) for key, name in names.items()}
        self.process.stdin.write(json.dumps({"what": what, "size": size, **how}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{what} {contender} {size}: the worker ended")
        return json.loads(answer)


class Workers:
    """One worker that flushes denormals and one that does not."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.by_flush = {flush: Worker(threads, flush) for flush in (True, False)}

    def ask(self, what: str, contender: Contender, size: Size) -> Any:
        """The answer of the worker that runs as the contender does."""
        return self.by_flush[contender.flush].ask(what, contender, size)

    def fastest(self, contenders: tuple[Contender, ...], size: Size, repeat: int) -> dict[str, tuple[float, float]]:
        """Seconds of forward, and of forward and backward, of each contender: fastest of interleaved rounds."""
        rounds = [{c.name: self.ask("time", c, size) for c in contenders} for _ in range(repeat)]
        return {c.name: tuple(min(r[c.name][i] for r in rounds) for i in (0, 1)) for c in contenders}  # type: ignore[misc]

    def close(self) -> None:
        """End both."""
        for worker in self.by_flush.values():
            worker.process.kill()


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--repeat", type=int, default=5, help="rounds over all contenders")
    add_options(parser)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; fastest of {options.repeat} rounds\n")
    figures: dict[str, Any] = {"threads": options.threads, "rounds": options.repeat, "memory_mib": memory_table()}
    for threads in options.threads:
        workers = Workers(threads)
        try:
            figures[str(threads)] = measure(workers, options.repeat)
        finally:
            workers.close()
    keep(options.json, figures)


def measure(workers: Workers, repeat: int) -> dict[str, Any]:
    """All tables for one number of threads."""
    threads = workers.threads
    has = [c for c in CONTENDERS if workers.ask("runs", c, MAIN)]
    errors = {c.name: workers.ask("error", c, (500, 320, 30)) for c in has}
    print(f"=== {threads} threads; relative error against float64, worst of outputs and gradients: ", end="")
    print(", ".join(f"{name} {error:.1e}" for name, error in errors.items()))
    assert all(errors[c.name] < ALLOWED[c.precision] for c in has), errors
    timed = {}
    for size in SIZES:
        timed[str(size)] = times = workers.fastest(tuple(has), size, repeat)
        print(f"\n(samples, steps, hidden) {size}, 6 fields\n" + time_table(times))
    floors = {c.name: workers.ask("floor", c, MAIN) for c in has if c in (COMPILED, BF16)}
    small = {str(size): workers.fastest((FLUSHED, PLAIN, COMPILED), size, repeat) for size in SMALL}
    rows = [[size, *(f"{each:.1f}x" for each in times_flushed(seconds).values())] for size, seconds in small.items()]
    print("\nOther sizes, forward and backward, nn.GRU flushed = 1\n" + table(["", *next(iter(small.values()))], rows))
    busy = busy_ratio(workers)
    extra = {what: workers.ask(what, COMPILED, MAIN) for what in ("denormals", "attention")}
    print("\n" + targets(threads, timed[str(MAIN)], floors) + "\n" + notes(busy, **extra))
    main = timed[str(MAIN)]
    return {
        "errors": errors,
        "seconds": timed,
        "main": compared(main),
        "small_times": {size: times_flushed(seconds) for size, seconds in small.items()},
        "floors": {name: floor | {"times": main[name][1] / floor["seconds"]} for name, floor in floors.items()},
        "busy_times": busy,
        "denormals_times": extra["denormals"],
        "attention_seconds": dict(zip(ATTENTION, extra["attention"], strict=True)),
    }


def times_flushed(seconds: dict[str, tuple[float, float]]) -> dict[str, float]:
    """How many times as fast as nn.GRU flushed, forward and backward."""
    return {name: seconds[FLUSHED.name][1] / own[1] for name, own in seconds.items()}


def compared(times: dict[str, tuple[float, float]]) -> dict[str, dict[str, float]]:
    """Milliseconds, and how many times as fast as nn.GRU today and flushed."""
    figures: dict[str, dict[str, float]] = {name: {} for name in times}
    for name, own in times.items():
        for i, kind in enumerate(("forward", "both")):
            figures[name][f"{kind}_ms"] = own[i] * 1e3
            figures[name][f"{kind}_times_today"] = times[TODAY.name][i] / own[i]
            figures[name][f"{kind}_times_flushed"] = times[FLUSHED.name][i] / own[i]
    return figures


def time_table(times: dict[str, tuple[float, float]]) -> str:
    """The same in print."""
    header = ["", "forward ms", "today", "flushed", "with backward ms", "today", "flushed"]
    return table(header, [[name, *(f"{each:.1f}" for each in own.values())] for name, own in compared(times).items()])


def memory_table() -> dict[str, float]:
    """Peak memory of one forward and backward pass at the main size, on top of window and layer."""
    peaks = {}
    for contender in CONTENDERS:
        done = run(
            LAYER, ["memory", contender.implementation, contender.capability, contender.precision, json.dumps(MAIN)]
        )
        if done.phases:
            peaks[contender.name] = done.phases["pass"].rss / MIB
    rows = [[name, f"{peak:.0f}", f"{peaks[TODAY.name] / peak:.0f}x"] for name, peak in peaks.items()]
    print(f"Peak memory of forward and backward at {MAIN}, MiB on top of the window\n")
    print(table(["", "MiB", "less"], rows) + "\n", flush=True)
    return peaks


@contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """So many processes that do nothing but compute."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()


def busy_ratio(workers: Workers) -> dict[str, float]:
    """How many times slower forward and backward are while every core has another process to serve."""
    contenders, size = (COMPILED, FLUSHED), (1000, 320, 30)
    quiet = workers.fastest(contenders, size, 5)
    with busy_cores(os.cpu_count() or 1):
        busy = {c.name: workers.ask("median", c, size) for c in contenders}
    return {c.name: busy[c.name] / quiet[c.name][1] for c in contenders}


def targets(threads: int, times: dict[str, tuple[float, float]], floors: dict[str, dict[str, float]]) -> str:
    """Each target at the main size, its figure, and whether it is met."""

    def ratio(of: Contender, to: Contender, both: int = 1) -> float:
        return times[to.name][both] / times[of.name][both]

    figures = [
        ("compiled against nn.GRU as users run it", ratio(COMPILED, TODAY), 20),
        ("compiled against nn.GRU flushed", ratio(COMPILED, FLUSHED), 6),
        ("AVX2 build against nn.GRU flushed", ratio(AVX2, FLUSHED), 4.5),
        ("plain torch against nn.GRU flushed", ratio(PLAIN, FLUSHED), 2.5),
        ("forward alone, compiled against nn.GRU", ratio(COMPILED, FLUSHED, 0), 8),
        ("forward alone, plain torch against nn.GRU", ratio(PLAIN, FLUSHED, 0), 3.5),
    ]
    if BF16.name in times:
        figures.append(("products of bfloat16 against float32", ratio(BF16, COMPILED), 1.4))
    rows = [[what, f"{value:.2f}x", f">= {goal}", verdict(value >= goal)] for what, value, goal in figures]
    head = f"Targets, {threads} threads, {MAIN}\n"
    for name, floor in floors.items():
        over = times[name][1] / floor["seconds"]
        rows.append([f"{name} over the floor", f"{over:.2f}x", f"<= {FLOOR_TIMES}", verdict(over <= FLOOR_TIMES)])
        head += (
            f"Floor of {name}, the larger of the two: {floor['gflop']:.1f} GFLOP at "
            f"{floor['gflop_per_second']:.0f} GFLOP/s {floor['arithmetic_seconds'] * 1e3:.0f} ms, "
            f"{floor['bytes'] / 1e6:.0f} MB at {floor['bytes_per_second'] / 1e9:.1f} GB/s "
            f"{floor['memory_seconds'] * 1e3:.0f} ms\n"
        )
    return head + table(["", "measured", "target", ""], rows)


def notes(busy: dict[str, float], denormals: float, attention: list[float]) -> str:
    """What else was measured of the compiled kernel."""
    without, inside, written = (f"{each * 1e3:.0f} ms" for each in attention)
    return (
        f"while all cores have another process to serve (1000 samples): compiled {busy[COMPILED.name]:.1f}x slower, "
        f"nn.GRU {busy[FLUSHED.name]:.1f}x\n"
        f"with gradients at the edge of float32: compiled {denormals:.2f}x the time of ordinary ones\n"
        f"forward and backward {without}; with attention in the same pass {inside}; where torch attends to written "
        f"states {written}\n"
    )


if __name__ == "__main__":
    main()
