"""One process of `gru_cpu.py`: times the layer as it is asked to, a JSON request a line.

python benchmarks/gru_layer.py serve THREADS FLUSH
python benchmarks/gru_layer.py memory IMPLEMENTATION CAPABILITY PRECISION SIZE
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import torch
from measure import phase, ready

from qlib_mfgru import native
from qlib_mfgru.nn import GRULayer
from qlib_mfgru.nn.attention import TemporalAttention

N_FIELDS = 6
OWN = native.capability()


class Case:
    """A layer and a window as batches bring it, (steps, fields, samples) in memory."""

    def __init__(
        self,
        implementation: str,
        precision: native.Precision,
        n: int,
        steps: int,
        hidden: int,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        torch.manual_seed(0)
        self.layer = GRULayer(N_FIELDS, hidden).to(dtype)
        self.layer.implementation = implementation  # type: ignore[assignment]
        self.layer.precision = precision
        self.window = torch.randn(steps, N_FIELDS, n).to(dtype).permute(2, 0, 1)
        self.weights = torch.randn(n, hidden).to(dtype)
        self.attention = TemporalAttention(hidden).to(dtype)

    def forward(self) -> None:
        """As in evaluation."""
        with torch.no_grad():
            self.layer(self.window)

    def both(self, scale: float = 1.0) -> None:
        """As in training: gradients of the parameters, of scores whose own are multiplied by `scale`."""
        torch.autograd.grad(self.layer(self.window), list(self.layer.parameters()), self.weights * scale)

    def attended(self, written: bool = False) -> None:
        """As in training with attention: in the recurrence's own pass, or over states that are written first."""
        if written:
            states = self.layer(self.window, all_outputs=True)
            outputs = states[-1], self.attention(states)
        else:
            outputs = self.layer.attended(self.window, self.attention)
        parameters = [*self.layer.parameters(), *self.attention.parameters()]
        torch.autograd.grad(outputs, parameters, [self.weights, self.weights])

    def everything(self) -> list[torch.Tensor]:
        """Output, and gradients of the window and of the parameters."""
        window = self.window.detach().requires_grad_()
        output = self.layer(window)
        return [output, *torch.autograd.grad(output, [window, *self.layer.parameters()], self.weights)]


def seconds(work: Callable[[], None]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fastest(works: Sequence[Callable[[], None]]) -> list[float]:
    """Seconds of each, of nine rounds in turn: what else a machine does for a second hits all of them."""
    rounds = [[seconds(work) for work in works] for _ in range(9)]
    return [min(times) for times in zip(*rounds, strict=True)]


def answer(what: str, case: Case, size: tuple[int, int, int]) -> Any:
    """What one request comes to."""
    if what == "time":
        case.both()  # as in training, where a batch of the same kind went before: its memory is at hand
        return seconds(case.forward), seconds(case.both)
    if what == "median":
        return sorted(seconds(case.both) for _ in range(9))[4]
    if what == "attention":
        return fastest([case.both, case.attended, lambda: case.attended(True)])
    if what == "error":
        exact = Case("torch", "float32", *size, dtype=torch.float64).everything()
        pairs = zip(case.everything(), exact, strict=True)
        return max(float((got.double() - right).norm() / right.norm()) for got, right in pairs)
    if what == "denormals":
        ordinary, at_the_edge = fastest([partial(case.both, scale) for scale in (1.0, 1e-36)])
        return at_the_edge / ordinary
    return floor(*size, case.layer.multiplied())


def peak(precision: native.Precision) -> float:
    """Operations a second of all threads together that do independent products and nothing else."""
    library, rounds = native.library(precision), 2_000_000  # beside which starting threads is nothing
    assert library is not None
    count = torch.get_num_threads()

    def work(_: int) -> int:
        total = torch.empty(1)
        return int(library.mfgru_peak(rounds, total.data_ptr()))

    best = 0.0
    with ThreadPoolExecutor(count) as pool:
        for _ in range(200):  # some seconds: longer than what a shared machine does in between
            start = time.perf_counter()
            operations = sum(pool.map(work, range(count)))
            best = max(best, operations / (time.perf_counter() - start))
    return best


def floor(n: int, steps: int, hidden: int, precision: native.Precision) -> dict[str, float]:
    """The least time that the machine's arithmetic and memory allow for forward and backward, measured here.

    Products: inputs and states forward, the state's gradient back, and the parameters' gradients; nothing is computed
    twice. Bytes: the window is read in both passes. Both could overlap, so the larger of the two is the floor.
    """
    per_step = 2 * 3 * hidden * (N_FIELDS + hidden)
    flop = n * steps * (2 * per_step + 2 * 3 * hidden * hidden)
    rate = peak(precision)
    source, target = torch.ones(2, 2**25)
    copy = 2 * source.nbytes / min(seconds(lambda: target.copy_(source)) for _ in range(10))
    size = 2 * 4 * n * steps * N_FIELDS
    times = {"arithmetic_seconds": flop / rate, "memory_seconds": size / copy}
    return {
        "gflop": flop / 1e9,
        "gflop_per_second": rate / 1e9,
        "bytes": size,
        "bytes_per_second": copy,
        **times,
        "seconds": max(times.values()),
    }


def serve(threads: int, flush: bool) -> None:
    """Answer requests until there are no more."""
    torch.set_flush_denormal(flush)
    torch.set_num_threads(threads)
    cases: dict[tuple[Any, ...], Case] = {}
    for line in sys.stdin:
        request = json.loads(line)
        what, size, wanted = request["what"], tuple(request["size"]), request["cpu"]
        how = request["implementation"], request["precision"]
        key = (*how, size)
        use(wanted)
        if what == "runs":
            reply: Any = wanted <= OWN and (not wanted or native.library(request["precision"]) is not None)
        else:
            if key not in cases:
                cases = {other: case for other, case in cases.items() if other[-1] == size}  # of one size at a time
                cases[key] = Case(*how, *size)
                cases[key].both()
            reply = answer(what, cases[key], size)
        print(json.dumps(reply), flush=True)


def use(capability: str) -> None:
    """Let the package believe in a processor of this instruction set."""
    native.capability = lambda: capability or OWN


def memory(implementation: str, capability: str, precision: native.Precision, size: tuple[int, int, int]) -> None:
    """Peak of one pass, for `measure.run`; nothing where the build cannot run."""
    use(capability)
    if capability > OWN or (implementation == "compiled" and native.library(precision) is None):
        return
    case, small = Case(implementation, precision, *size), Case(implementation, precision, 64, 2, size[2])
    small.both()
    ready()
    with phase("pass"):
        case.both()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), bool(int(sys.argv[3])))
    else:
        memory(sys.argv[2], sys.argv[3], sys.argv[4], json.loads(sys.argv[5]))  # type: ignore[arg-type]
