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
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.member import Member, as_member
from qlib_mfgru.model.training.callbacks import recorder_muted
from qlib_mfgru.nn import METRICS, MetricName
from qlib_mfgru.rolling.folds import Fold
from qlib_mfgru.rolling.identity import FoldIdentity, fold_identity
from qlib_mfgru.rolling.key import digest
from qlib_mfgru.rolling.work.store import UnitResult, UnitStore

ATTEMPTS = 2
_VALID, _SCORES = "valid_", "score_key"


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
        Of all that training depends on: where the result is kept.
    data : FoldIdentity
        Of the data that the key was made of: a process that finds others trains and predicts nothing.
    start : str, optional
        Key of the unit whose weights training starts from.
    """

    fold: Fold
    seed: int
    config: dict[str, Any]
    key: str
    data: FoldIdentity
    start: str | None = None

    def __str__(self) -> str:
        return f"{self.fold}, seed {self.seed}"

    @property
    def score_key(self) -> str:
        """Of all that the scores of the fold's test depend on: the network, and the data that it reads."""
        return digest([self.key, self.fold.test, self.data.prediction])

    def is_finished(self, store: UnitStore) -> bool:
        """Whether the unit is stored with the scores of this very test."""
        return self.key in store and store.about(self.key).get(_SCORES) == self.score_key

    def run(self, dataset: MultiFreqDataset, store: UnitStore) -> str | None:
        """Train where that is not done yet, predict and store the result, with a second attempt; the traceback if both
        fail, else None."""
        store.begin(self.key)
        failure = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if not self.is_finished(store):
                    trained = self.key in store
                    store.write(self.key, self.read(dataset, store) if trained else self._train(dataset, store))
                failure = None
                break
            except Exception as error:
                failure = traceback.format_exc()
                get_module_logger("mfgru").warning(f"{self} failed, attempt {attempt} of {ATTEMPTS}: {error!r}")
        store.end(self.key)
        return failure

    def read(self, dataset: MultiFreqDataset, store: UnitStore) -> UnitResult:
        """The stored unit; where it holds the scores of another test, by another run or of fewer days, with those of
        this one."""
        kept = store.read(self.key)
        score = kept.score
        if kept.about.get(_SCORES) != self.score_key:
            member = as_member(kept.model)
            score = member.predict(self._of_fold(dataset, member))
        return UnitResult(kept.model, score, {**kept.about, **self._of_this_run})

    def _of_fold(self, dataset: MultiFreqDataset, member: Member) -> MultiFreqDataset:
        """The dataset with the fold's segments.

        Raises
        ------
        InputError
            Its data are not those that the key was made of.
        """
        of_fold = dataset.with_segments(self.fold.segments)
        if fold_identity(of_fold, member.stage_freqs(of_fold)) != self.data:
            raise InputError(
                f"the data of {self.fold} have changed since the run began (a provider that was replaced, say): run "
                "the same command again"
            )
        return of_fold

    @property
    def _of_this_run(self) -> dict[str, Any]:
        """What a unit says of its fold, which in another run may have another number and another test."""
        dates = {
            f"{name}_{end}": f"{date:%Y-%m-%d}"
            for name, bounds in self.fold.segments.items()
            for end, date in zip(("first", "last"), bounds, strict=True)
        }
        return {"fold": self.fold.number, "seed": self.seed, **dates, _SCORES: self.score_key}

    def _train(self, dataset: MultiFreqDataset, store: UnitStore) -> UnitResult:
        begin = time.perf_counter()
        model: Model = init_instance_by_config(copy.deepcopy(self.config), accept_types=Model)
        member = as_member(model)
        of_fold = self._of_fold(dataset, member)
        if self.start is not None:
            member.warm_start(as_member(store.read(self.start).model))
        with recorder_muted():
            member.fit(of_fold)
        score = member.predict(of_fold)
        about = {
            "model": self.config["class"],
            **self._of_this_run,
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
