"""``Unit``: one fold trained with one seed, the smallest piece of work that is run, stored and resumed."""

from __future__ import annotations

import copy
import math
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from qlib.log import get_module_logger
from qlib.model.base import Model
from qlib.utils import init_instance_by_config

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model.callbacks import recorder_muted
from qlib_mfgru.rolling.folds import Fold
from qlib_mfgru.rolling.store import UnitResult, UnitStore

ATTEMPTS = 2


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
        model: Any = init_instance_by_config(copy.deepcopy(self.config), accept_types=Model)
        if self.start is not None:
            model.warm_start(store.read(self.start).model)
        with recorder_muted():
            model.fit(dataset)
        score = model.predict(dataset)
        history = getattr(model, "history", [])
        about = {
            "model": self.config["class"],
            "fold": self.fold.number,
            "seed": self.seed,
            **{
                f"{name}_{end}": f"{date:%Y-%m-%d}"
                for name, dates in self.fold.segments.items()
                for end, date in zip(("first", "last"), dates, strict=True)
            },
            "valid_ic": best_valid_ic(history),
            "epochs": len(history),
            "seconds": round(time.perf_counter() - begin, 1),
            "threads": torch.get_num_threads(),
            "finished": f"{pd.Timestamp.now():%Y-%m-%d %H:%M:%S}",
            "history": history,
        }
        return UnitResult(model, score, about)


def best_valid_ic(history: Sequence[dict[str, Any]]) -> float:
    """Validation IC of the weights that were kept: the best of the last stage; the mean over the members of a mean."""
    best: dict[tuple[int, int], float] = {}
    for row in history:
        place = row.get("member", 1), row["stage"]
        best[place] = max(best.get(place, -math.inf), row["valid_ic"])
    last = {member: ic for (member, _), ic in sorted(best.items())}
    return sum(last.values()) / len(last) if last else math.nan
