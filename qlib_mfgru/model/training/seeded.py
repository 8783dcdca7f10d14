"""The random numbers of a seed, whatever the process has drawn before and draws after."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_SEEDED = threading.Lock()  # torch's random state belongs to the process: models fitted in threads take turns


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Random numbers of a seed on a device; the caller's own are left as they were, and other devices alone."""
    is_gpu = device.type == "cuda"
    with _SEEDED, torch.random.fork_rng([device] if is_gpu else []):
        torch.default_generator.manual_seed(seed)
        if is_gpu:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
