"""Fixtures of the models' tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_world
import torch

from qlib_mfgru.data import MultiFreqDataset


@pytest.fixture(scope="module")
def make_dataset(tiny_qlib: Path, panel_cache: Path) -> Callable[..., MultiFreqDataset]:
    """`tiny_world.dataset` over the initialised provider."""

    def make(**kwargs: Any) -> MultiFreqDataset:
        return tiny_world.dataset(panel_cache, **kwargs)

    return make


@pytest.fixture(scope="module")
def dataset(make_dataset: Callable[..., MultiFreqDataset]) -> MultiFreqDataset:
    return make_dataset()


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Networks this small lose more to threads than they gain."""
    torch.set_num_threads(1)
