"""How many threads the kernels and numpy may use, and work that is spread over them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from tqdm.auto import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")

_inside = threading.local()


def n_threads() -> int:
    """Threads for the kernels and for numpy.

    As many as torch has, or had outside of `torch_on_one_thread`. Where nothing has imported torch, as many as it would
    take: one a core that this process may use, or ``OMP_NUM_THREADS``.
    """
    count = getattr(_inside, "count", 0)
    if count:
        return int(count)
    if "torch" in sys.modules:
        return int(sys.modules["torch"].get_num_threads())
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) else cores()


def cores() -> int:
    """Cores that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


@contextmanager
def torch_on_one_thread() -> Iterator[None]:
    """Run torch's operations on the calling thread, so that the cores are the kernels' alone.

    Between two operations torch's threads spin before they sleep, on the cores that the kernels then want: where the
    operations are small, that takes longer than they do. It also makes a network's result the same to the bit on any
    number of threads.
    """
    import torch

    torchs, ours, before = torch.get_num_threads(), n_threads(), getattr(_inside, "count", 0)
    torch.set_num_threads(1)
    _inside.count = ours
    try:
        yield
    finally:
        torch.set_num_threads(torchs)
        _inside.count = before


def in_threads(
    work: Callable[[Item], Result], items: Sequence[Item], description: str | None = None, unit: str = "it"
) -> list[Result]:
    """Results of `work` on every item, in order; with a progress bar if there is a description and it takes long.

    Plain threads do, since numpy releases the interpreter's lock; an item should fit the cache. torch's own threads
    would share the whole array and wait for each other after every operation, which takes ten times as long where
    other processes compete for the cores.
    """
    with ThreadPoolExecutor(n_threads()) as pool:
        done = pool.map(work, items)
        return list(
            done if description is None else tqdm(done, description, len(items), unit=unit, leave=False, delay=1)
        )
