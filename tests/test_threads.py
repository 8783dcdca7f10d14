"""Work spread over threads."""

from __future__ import annotations

import threading

import pytest
import torch

from qlib_mfgru.threads import in_threads


def test_results_come_in_order() -> None:
    assert in_threads(lambda number: number**2, range(200)) == [number**2 for number in range(200)]
    assert in_threads(str, range(3), "with a progress bar") == ["0", "1", "2"]


def test_an_error_in_a_thread_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda number: 1 / number, range(3))


def test_as_many_threads_as_torch_uses() -> None:
    """Each item waits until as many are at work at once; with fewer threads the barrier would break."""
    barrier = threading.Barrier(torch.get_num_threads())
    in_threads(lambda _: barrier.wait(timeout=10), range(torch.get_num_threads()))
    assert not barrier.broken
