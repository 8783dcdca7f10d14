"""``Unit``: one fold trained with one seed, the smallest piece of work that is run, stored and resumed."""

from __future__ import annotations

import copy
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from qlib.log import get_module_logger
from qlib.model.base import Model
from qlib.utils import init_instance_by_config

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model.member import as_member
from qlib_mfgru.model.training.callbacks import recorder_muted
from qlib_mfgru.nn import METRICS, MetricName
from qlib_mfgru.rolling.folds import Fold
from qlib_mfgru.rolling.work.store import UnitResult, UnitStore

ATTEMPTS = 2
_VALID = "valid_"


@dataclass(frozen=True)
class Unit:
    """One fold trained with one seed.

    Attributes
    ----------
    fold : Fold
    seed : int
    config : dict
        The model's config, its seed among the kwargs.
    key : str
        Where the result is kept.
    start : str, optional
        Key of the unit whose weights training starts from.
    """

    fold: Fold
    seed: int
    config: dict[str, Any]
    key: str
    start: str | None = None

    def __str__(self) -> str:
        return f"{self.fold}, seed {self.seed}"

    def run(self, dataset: MultiFreqDataset, store: UnitStore) -> str | None:
        """Train, predict and store the result, with a second attempt; the traceback if both fail, else None."""
        store.begin(self.key)
        failure = None
        for attempt in range(1, ATTEMPTS + 1):
            if self.key in store:
                break
            try:
                store.write(self.key, self._train(dataset.with_segments(self.fold.segments), store))
            except Exception as error:
                failure = traceback.format_exc()
                get_module_logger("mfgru").warning(f"{self} failed, attempt {attempt} of {ATTEMPTS}: {error!r}")
        store.end(self.key)
        return None if self.key in store else failure

    def _train(self, dataset: MultiFreqDataset, store: UnitStore) -> UnitResult:
        begin = time.perf_counter()
        model: Model = init_instance_by_config(copy.deepcopy(self.config), accept_types=Model)
        member = as_member(model)
        if self.start is not None:
            member.warm_start(as_member(store.read(self.start).model))
        with recorder_muted():
            member.fit(dataset)
        score = member.predict(dataset)
        about = {
            "model": self.config["class"],
            "fold": self.fold.number,
            "seed": self.seed,
            **{
                f"{name}_{end}": f"{date:%Y-%m-%d}"
                for name, dates in self.fold.segments.items()
                for end, date in zip(("first", "last"), dates, strict=True)
            },
            **{f"{_VALID}{name}": value for name, value in member.validation.items()},
            "epochs": len(member.history),
            "seconds": round(time.perf_counter() - begin, 1),
            "threads": torch.get_num_threads(),
            "finished": f"{pd.Timestamp.now():%Y-%m-%d %H:%M:%S}",
            "history": member.history,
        }
        return UnitResult(model, score, about)


def validation_of(about: Mapping[str, Any]) -> dict[MetricName, float]:
    """Metric -> validation value, of what a unit says about itself; empty for models that do not validate."""
    return {name: float(about[f"{_VALID}{name}"]) for name in METRICS if f"{_VALID}{name}" in about}
