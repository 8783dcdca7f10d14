"""Units made by hand: enough of one to be stored, read and damaged."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from qlib.model.base import Model
from qlib.utils import init_instance_by_config

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import ModelState
from qlib_mfgru.model.member import as_member
from qlib_mfgru.rolling import Fold, UnitStore
from qlib_mfgru.rolling.identity import fold_identity
from qlib_mfgru.rolling.work.files import UnitResult
from qlib_mfgru.rolling.work.units import Unit

KEYS = [f"{letter * 20}" for letter in "abc"]
FILES = ["checksums.txt", "model.json", "model.safetensors", "score.parquet", "unit.json"]


def result(seed: int = 0, state: bool = True) -> UnitResult:
    """Scores of two days and three stocks, and a model of one tensor of each kind."""
    random = torch.Generator().manual_seed(seed)
    tensors = {
        "weight": torch.randn(3, 4, generator=random),
        "wide": torch.randn(2, generator=random, dtype=torch.float64),
        "kept": torch.tensor([True, False]),
        "batches": torch.tensor(7),
    }
    index = pd.MultiIndex.from_product(
        [pd.DatetimeIndex(["2020-01-02", "2020-01-03"]), ["SH600000", "SH600001", "SZ000001"]],
        names=["datetime", "instrument"],
    )
    score = pd.Series(np.random.default_rng(seed).standard_normal(6).astype(np.float32), index, name="score")
    about = {"model": "GRUModel", "fold": 1, "seed": seed, "valid_ic": 0.1, "finished": f"2020-01-0{seed + 1} 10:00:00"}
    plain = {"trained": [{"best": 0.1 + 0.2, "rows": [{"train_ic": float("nan")}]}]}
    return UnitResult(ModelState(tensors, plain) if state else None, score, {**about, "history": [{"epoch": 1}]})


def unit(dataset: MultiFreqDataset, fold: Fold, config: dict[str, Any], key: str, start: str | None = None) -> Unit:
    """A unit on the data of a dataset, as a rolling model makes it."""
    stages = as_member(init_instance_by_config(config, accept_types=Model)).stage_freqs(dataset)
    return Unit(fold, 0, config, key, fold_identity(dataset.with_segments(fold.segments), stages), start)


def keep(store: UnitStore, key: str, made: UnitResult | None = None) -> Path:
    """Store a unit as a worker does; its folder."""
    with store.held(key):
        store.write(key, made or result())
    return store.root / key


class Planted:
    """An object whose pickle makes a file when it is read."""

    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> Any:
        return Path.touch, (self.trap,)


def planted(trap: Path) -> bytes:
    """A pickle that makes the file `trap` when it is read."""
    return pickle.dumps(Planted(trap))
