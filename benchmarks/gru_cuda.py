"""The fused GRU against torch.nn.GRU (cuDNN) on a CUDA GPU, in one run: errors, milliseconds, ratios, an epoch.

    python benchmarks/gru_cuda.py [--rounds 20 --json FILE]

Rounds are interleaved: every contender runs once a round, and medians count. cuDNN reads (step, stock, field), its own
order, made beforehand; it is timed with tf32, which is torch's default, and without.
The run stops with an error where the fused GRU's gradients are off by more than 5e-5.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from typing import NamedTuple

import torch
from cuda_epoch import epoch, epoch_table
from measure import MIB, table, verdict
from record import add_options, keep
from torch import nn
from tqdm.auto import tqdm

from qlib_mfgru.nn.kernels.fused import available, fused_gru

DEVICE = torch.device("cuda")
ROWS, FIELDS, SETS = 5000, 6, 3
RATIO_TARGET, TOLERANCE = 2.0, 5e-5
Work = Callable[[], object]


class Size(NamedTuple):
    """A layer's input is (ROWS, steps, FIELDS)."""

    steps: int
    hidden: int

    def __str__(self) -> str:
        return f"({ROWS}, {self.steps}, {FIELDS}) h{self.hidden}"


SIZES = [Size(steps, hidden) for steps in (320, 40) for hidden in (30, 64)]


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    add_options(parser)
    options = parser.parse_args()
    if not available():
        sys.exit("gru_cuda.py needs an NVIDIA GPU (compute capability 8.0 or later) and triton; there is none here")
    print(
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}, medians of {options.rounds} rounds\n", flush=True
    )
    figures: dict[str, dict[str, dict[str, float]]] = {"errors": {}, "milliseconds": {}, "mebibytes": {}}
    for size in tqdm(SIZES, "layers", file=sys.stderr):
        figures["errors"][str(size)] = errors(size)
        works = contenders(size)
        figures["milliseconds"][str(size)] = medians(works, options.rounds)
        figures["mebibytes"][str(size)] = {name: peak(work) / MIB for name, work in works.items()}
    print(layer_tables(figures))
    figures["epoch"] = {"15min": epoch(options.rounds)}
    print(epoch_table(figures["epoch"]["15min"]))
    keep(options.json, figures, gpu=torch.cuda.get_device_name())


def layer(size: Size, seed: int = 0) -> nn.GRU:
    """torch's GRU under a seed; its parameters serve all contenders."""
    torch.manual_seed(seed)
    return nn.GRU(FIELDS, size.hidden).to(DEVICE)


def errors(size: Size) -> dict[str, float]:
    """Largest error of states and gradients over their largest value, against float64 on the CPU, on 200 rows."""
    gru, x = layer(size), torch.randn(size.steps, FIELDS, 200, device=DEVICE)
    exact = nn.GRU(FIELDS, size.hidden).double()
    exact.load_state_dict(gru.state_dict())
    expected = gradients(exact, exact(x.cpu().double().permute(0, 2, 1))[0][-1].t())
    found = {"fused": worst(gradients(gru, fused_gru(x, *gru.parameters(), False)), expected)}
    for name, tf32 in (("cuDNN", False), ("cuDNN tf32", True)):
        torch.backends.cudnn.allow_tf32 = tf32
        found[name] = worst(gradients(gru, gru(x.permute(0, 2, 1).contiguous())[0][-1].t()), expected)
    if not found["fused"] < TOLERANCE:
        raise AssertionError(f"{size}: the fused GRU is off by {found['fused']:.1e}, more than {TOLERANCE}")
    return found


def gradients(gru: nn.GRU, last: torch.Tensor) -> list[torch.Tensor]:
    """The last states, and the gradients of the parameters by a fixed sum of them, in float64 on the CPU."""
    weights = torch.randn(last.shape, generator=torch.Generator().manual_seed(1))
    found = [last, *torch.autograd.grad((last * weights.to(last)).sum(), list(gru.parameters()))]
    return [tensor.detach().cpu().double() for tensor in found]


def worst(got: list[torch.Tensor], expected: list[torch.Tensor]) -> float:
    """Largest relative error over several tensors."""
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(got, expected, strict=True))


def contenders(size: Size) -> dict[str, Work]:
    """Everything that is timed at one size, by name."""
    grus = [layer(size, seed) for seed in range(SETS)]
    sets = [list(gru.parameters()) for gru in grus]
    stacked = [torch.stack(each).detach().requires_grad_() for each in zip(*sets, strict=True)]
    x = torch.randn(size.steps, FIELDS, ROWS, device=DEVICE)
    for_cudnn = x.permute(0, 2, 1).contiguous()

    def trained(parameters: list[torch.Tensor], forward: Callable[[], torch.Tensor]) -> Work:
        return lambda: torch.autograd.grad(forward().sum(), parameters)

    def cudnn(gru: nn.GRU, tf32: bool) -> Callable[[], torch.Tensor]:
        def run() -> torch.Tensor:
            torch.backends.cudnn.allow_tf32 = tf32
            return gru(for_cudnn)[1][0]

        return run

    def one_by_one(works: list[Work]) -> Work:
        return lambda: [work() for work in works]

    fused = [lambda p=p: fused_gru(x, *p, False) for p in sets]
    return {
        "forward: fused": torch.no_grad()(fused[0]),
        "forward: cuDNN": torch.no_grad()(cudnn(grus[0], False)),
        "forward: cuDNN tf32": torch.no_grad()(cudnn(grus[0], True)),
        "both: fused": trained(sets[0], fused[0]),
        "both: cuDNN": trained(sets[0], cudnn(grus[0], False)),
        "both: cuDNN tf32": trained(sets[0], cudnn(grus[0], True)),
        "sets: fused at once": trained(stacked, lambda: fused_gru(x, *stacked, False)),
        "sets: fused in turn": one_by_one([trained(p, run) for p, run in zip(sets, fused, strict=True)]),
        "sets: cuDNN in turn": one_by_one([trained(p, cudnn(g, False)) for p, g in zip(sets, grus, strict=True)]),
    }


def medians(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Median milliseconds on the GPU of each, all once per round; two rounds before that do not count."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 2):
        for name, work in works.items():
            times[name].append(milliseconds(work))
    return {name: statistics.median(each[2:]) for name, each in times.items()}


def milliseconds(work: Work) -> float:
    """GPU time from the first kernel's launch to the last one's end."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    work()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end)


def peak(work: Work) -> float:
    """Bytes that the work takes on top of what is there before it."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    work()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


def layer_tables(figures: dict[str, dict[str, dict[str, float]]]) -> str:
    """Milliseconds, how many times the fused GRU's, peak memory, and largest errors."""
    rows = []
    for size, times in figures["milliseconds"].items():
        for name, value in times.items():
            kind = name.split(":")[0]
            ours = times["sets: fused at once" if kind == "sets" else f"{kind}: fused"]
            memory = figures["mebibytes"][size][name]
            rows.append([f"{size} {name}", f"{value:.3f}", f"{value / ours:.2f}x", f"{memory:.0f}"])
    ratio = min(times["both: cuDNN"] / times["both: fused"] for times in figures["milliseconds"].values())
    is_met = verdict(ratio >= RATIO_TARGET)
    line = f"forward + backward, least ratio to cuDNN: {ratio:.2f}, target {RATIO_TARGET}: {is_met}"
    names = list(next(iter(figures["errors"].values())))
    wrong = [[size, *(f"{found[name]:.1e}" for name in names)] for size, found in figures["errors"].items()]
    head = ["'both' is forward and backward, 'sets' the same for three sets of parameters", "ms", "ratio", "MiB"]
    return f"{table(head, rows)}\n\n{line}\n\n{table(['largest relative error', *names], wrong)}\n"


if __name__ == "__main__":
    main()
