"""Fixtures of the models' tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import qlib
import tiny_world
import torch

from qlib_mfgru.data import MultiFreqDataset


@pytest.fixture(scope="module")
def tiny_qlib(tiny_provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """qlib on the tiny provider, with an empty sqlite store of experiments (returned)."""
    store = tmp_path_factory.mktemp("store") / "mlruns.db"
    manager = {
        "class": "MLflowExpManager",
        "module_path": "qlib.workflow.expm",
        "kwargs": {"uri": f"sqlite:///{store}", "default_exp_name": "default"},
    }
    qlib.init(provider_uri=str(tiny_provider), region="cn", kernels=1, exp_manager=manager, logging_level=30)
    return store


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
