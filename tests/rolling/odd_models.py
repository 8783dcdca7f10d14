"""A model that does what files in a folder tell it to: fail, die, or hang, in the fold and with the seed they name."""

from __future__ import annotations

import importlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from qlib.log import get_module_logger
from qlib.model.base import Model

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import GRUModel
from qlib_mfgru.model.training.failures import TrainingError


class Place(NamedTuple):
    """Where a fit took place."""

    process: int
    panels: int
    threads: int
    memory_map: str


class OddModel(GRUModel):
    """A daily GRU; ``<what>-<month of the test>-<seed>`` in `folder` says what happens when that unit is fitted.

    With ``meet`` there, no fit goes on before one has begun in a second process; with ``talk`` each does what brings up
    words of gym and qlib.
    """

    def __init__(self, folder: str, **settings: Any) -> None:
        super().__init__("day", **settings)
        self.folder = folder

    def fit(self, dataset: MultiFreqDataset) -> None:
        unit, folder = f"{dataset.segments['test'][0].month}-{self.settings.seed}", Path(self.folder)
        with (folder / "fits").open("a") as file:
            file.write(f"{unit}\n")
        with (folder / "places").open("a") as file:
            panels = dataset.handler.panels
            bars = panels.windows["day"].source.panel.bars
            place = Place(os.getpid(), id(panels), torch.get_num_threads(), str(getattr(bars, "filename", None)))
            file.write(json.dumps(place) + "\n")
        while (folder / "meet").exists() and len({place.process for place in places(folder)}) < 2:
            time.sleep(0.05)
        if (folder / "talk").exists():
            importlib.import_module("gym")
            get_module_logger("utils").warning("The parameter `reweighter` with value `None` is ignored.")
            get_module_logger("utils").warning(f"something of {unit}")
        if (folder / f"die-{unit}").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        super().fit(dataset)
        if (folder / f"fail-{unit}").exists():
            raise ArithmeticError(f"planted in {unit}")
        if (folder / f"refuse-{unit}").exists():
            raise TrainingError(f"it cannot learn in {unit}")
        if (folder / f"once-{unit}").exists():
            (folder / f"once-{unit}").unlink()
            raise ArithmeticError(f"planted once in {unit}")
        if (folder / f"hang-{unit}").exists():
            (folder / f"hangs-{unit}").touch()
            time.sleep(600)


def places(folder: Path) -> list[Place]:
    """Where each fit took place, in order."""
    return [Place(*json.loads(line)) for line in (folder / "places").read_text().splitlines()]


def fits(folder: Path) -> list[str]:
    """Units that were begun since the last call, in order."""
    begun = (folder / "fits").read_text().split() if (folder / "fits").exists() else []
    (folder / "fits").unlink(missing_ok=True)
    return begun


class SeededModel(Model):
    """A model of another package: it has a seed, no weights, and predicts random numbers."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, dataset: MultiFreqDataset) -> None: ...

    def predict(self, dataset: MultiFreqDataset, segment: Any = "test") -> pd.Series:
        table = dataset.every_day(segment)
        index = pd.MultiIndex.from_arrays([table.sample_dates, table.sample_codes], names=["datetime", "instrument"])
        return pd.Series(np.random.default_rng(self.seed).standard_normal(len(index)), index, name="score")


FORMS: dict[str, Callable[[pd.Series], Any]] = {
    "swapped": lambda scores: scores.swaplevel(),
    "shuffled": lambda scores: scores.sample(frac=1, random_state=0),
    "unnamed": lambda scores: scores.set_axis(scores.index.set_names([None, None])),
}


class FormedModel(SeededModel):
    """The same, whose prediction has one of `FORMS`."""

    def __init__(self, seed: int, form: str) -> None:
        super().__init__(seed)
        self.form = form

    def predict(self, dataset: MultiFreqDataset, segment: Any = "test") -> Any:
        return FORMS[self.form](super().predict(dataset, segment))
