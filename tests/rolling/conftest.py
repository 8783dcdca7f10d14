"""Fixtures of the rolling tests: the models' tiny world, three monthly folds on it, an empty store of units."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_world
import torch
from rolling_world import SEGMENTS
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.rolling import RollingEnsembleModel


@pytest.fixture(scope="module")
def dataset(tiny_qlib: Path, panel_cache: Path) -> MultiFreqDataset:
    return tiny_world.dataset(panel_cache, segments=SEGMENTS)


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., RollingEnsembleModel]:
    """A rolling daily GRU: three folds, two seeds, units kept in the test's own folder."""

    def make(name: str = "GRUModel", kwargs: dict[str, Any] | None = None, **settings: Any) -> RollingEnsembleModel:
        module = "odd_models" if name == "OddModel" else "qlib_mfgru.model"
        config = {"class": name, "module_path": module, "kwargs": {"freq": "day"} if kwargs is None else kwargs}
        chosen = {"retrain": "1M", "seeds": [0, 1], "units_dir": str(tmp_path / "units"), **FAST, **settings}
        return RollingEnsembleModel(config, **chosen)

    return make


@pytest.fixture(autouse=True)
def work_in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mlflow puts artifacts below the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Networks this small lose more to threads than they gain."""
    torch.set_num_threads(1)
