"""A unit that is damaged in any way is trained again, alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tiny_world
from odd_models import fits
from unit_world import planted

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.folders import SUMS, Sums
from qlib_mfgru.rolling import RollingEnsembleModel, UnitStore


def drop(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def flip(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[-9] ^= 255
        (folder / name).write_bytes(content)

    return damage


def cut(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:40])


def other_model(folder: Path) -> None:
    """Tensors of another shape, with right checksums."""
    from safetensors.torch import load, save

    tensors = load((folder / "model.safetensors").read_bytes())
    (folder / "model.safetensors").write_bytes(save({**tensors, "head.bias": tensors["head.weight"].clone()}))
    Sums.of(folder).write(folder)


def earlier_version(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / "unit.json").write_text(json.dumps({"key": folder.name}))
    for name in ("model.pkl", "score.pkl"):
        (folder / name).write_bytes(planted(folder.parent.parent / "trap"))


DAMAGES: dict[str, Callable[[Path], None]] = {
    **{f"{name} {what.__name__}": what(name) for what in (drop, flip, cut)
       for name in ("unit.json", "score.parquet", "model.safetensors", "model.json", SUMS)},
    "another's tensors": other_model,
    "an earlier version": earlier_version,
    "emptied": lambda folder: [path.unlink() for path in folder.iterdir()] and None,
    "gone": shutil.rmtree,
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(
    dataset: MultiFreqDataset, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any], pd.Series]:
    """A finished run of two folds: its units, how to make its model, and what it predicts."""
    folder = tmp_path_factory.mktemp("whole")
    config = {"class": "OddModel", "module_path": "odd_models", "kwargs": {"folder": str(folder)}}
    settings = {"model": config, "retrain": "2M", "seeds": [0], **tiny_world.FAST}
    model = RollingEnsembleModel(**settings, units_dir=str(folder / "units"))
    model.fit(dataset)
    fits(folder)
    return folder, settings, model.predict(dataset)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_unit_is_trained_again(
    name: str, whole: tuple[Path, dict[str, Any], pd.Series], dataset: MultiFreqDataset, tmp_path: Path
) -> None:
    """It alone, and the prediction is the same bits; nothing that lies in it is run."""
    folder, settings, expected = whole
    store = UnitStore(shutil.copytree(folder / "units", tmp_path / "units"))
    damaged = store.root / sorted(store.finished()["key"])[0]
    unit = f"{pd.Timestamp(store.about(damaged.name)['test_first']).month}-0"
    DAMAGES[name](damaged)
    model = RollingEnsembleModel(**settings, units_dir=str(store.root))
    model.fit(dataset)
    assert fits(folder) == [unit]
    pd.testing.assert_series_equal(model.predict(dataset), expected, check_exact=True)
    assert len(store.finished()) == 2
    assert len(store.damaged()) == 0
    assert not (tmp_path / "trap").exists()
