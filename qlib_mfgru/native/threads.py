"""How many threads our own work takes, and torch's beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_inside = threading.local()


def n_threads() -> int:
    """Threads for the kernels and for numpy: as many as torch has, or had outside of `torch_on_one_thread`."""
    return getattr(_inside, "count", 0) or torch.get_num_threads()


@contextmanager
def torch_on_one_thread() -> Iterator[None]:
    """Run torch's operations on the calling thread, so that the cores are the kernels' alone.

    Between two operations torch's threads do not sleep at once but turn in a loop, on the cores that the kernels then
    want: where the operations are small, that takes longer than they do. It also makes a network the same to the bit
    on any number of threads.
    """
    torchs, ours, before = torch.get_num_threads(), n_threads(), getattr(_inside, "count", 0)
    torch.set_num_threads(1)
    _inside.count = ours
    try:
        yield
    finally:
        torch.set_num_threads(torchs)
        _inside.count = before
