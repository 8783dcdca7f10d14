"""``Unit``: one fold trained with one seed, the smallest piece of work that is run, stored and resumed."""

from __future__ import annotations

import copy
import time
import traceback
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pandas as pd
import torch
from qlib.log import get_module_logger
from qlib.model.base import Model
from qlib.utils import init_instance_by_config

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.member import Member, as_member
from qlib_mfgru.model.predicted import predicted
from qlib_mfgru.model.training.callbacks import recorder_muted
from qlib_mfgru.model.training.failures import TrainingError
from qlib_mfgru.rolling.folds import Fold
from qlib_mfgru.rolling.identity import FoldIdentity, fold_identity
from qlib_mfgru.rolling.key import digest
from qlib_mfgru.rolling.work.about import SCORE_KEY, VALID, made_by
from qlib_mfgru.rolling.work.files import DamagedUnit, UnitResult
from qlib_mfgru.rolling.work.scores_only import ScoresOnly
from qlib_mfgru.rolling.work.store import UnitStore

ATTEMPTS = 2
_SAYS_WHY = (InputError, TrainingError, DamagedUnit)
"""Errors of what a user can mend: they would be the same again."""


class Ended(NamedTuple):
    """How the run of a unit ended.

    Attributes
    ----------
    failure : str or None
        Why nothing is kept.
    model : Model or None
        The fitted model, where the unit does not keep it.
    """

    failure: str | None = None
    model: Model | None = None


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

    def is_finished(self, kept: UnitResult | None) -> bool:
        """Whether what is stored under the key, if anything, holds the scores of this very test."""
        return kept is not None and kept.about.get(SCORE_KEY) == self.score_key

    def run(self, dataset: MultiFreqDataset, store: UnitStore) -> Ended:
        """Train where that is not done yet, predict and store the result, with a second attempt.

        Another run that is at it is waited for.
        """
        try:
            with store.held(self.key):
                return self._tried(dataset, store)
        except (*_SAYS_WHY, OSError) as error:
            return Ended(_told(error))

    def model(self, result: UnitResult) -> Model:
        """The fitted model of a result: of this unit, or of the one that it starts from.

        Raises
        ------
        DamagedUnit
            The result is that of another model.
        """
        if result.state is None:
            return ScoresOnly(str(self.config["class"]), result.about["key"])
        model = self._made()
        try:
            as_member(model).restore(result.state)
        except Exception as error:  # a user's network may raise anything
            raise DamagedUnit(f"unit {result.about['key']} is damaged: {error}") from error
        return model

    def tested(self, kept: UnitResult, model: Model, dataset: MultiFreqDataset) -> UnitResult:
        """A stored result as it is in this run: with the scores of the fold's test, and the fold's number.

        Parameters
        ----------
        kept : UnitResult
            If it holds the scores of another test, by another run or of fewer days, they are predicted.
        model : Model
            The fitted model of the unit.
        dataset : MultiFreqDataset

        Raises
        ------
        DamagedUnit
            It holds the scores of another test, and the model is not kept.
        InputError
            The data have changed since the run began; or as of `predicted`.
        """
        score = kept.score
        if not self.is_finished(kept):
            if isinstance(model, ScoresOnly):
                raise DamagedUnit(f"unit {self.key} holds the scores of other data, and no model to predict with")
            member = as_member(model)
            score = predicted(member, self._of_fold(dataset, member))
        return replace(kept, score=score, about={**kept.about, **self._of_this_run})

    def _tried(self, dataset: MultiFreqDataset, store: UnitStore) -> Ended:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return Ended() if self._is_kept(dataset, store) else self._trained(dataset, store)
            except _SAYS_WHY:
                raise
            except Exception as error:
                ended = Ended(_told(error))
                get_module_logger("mfgru").warning(f"{self} failed, attempt {attempt} of {ATTEMPTS}: {error!r}")
        return ended

    def _is_kept(self, dataset: MultiFreqDataset, store: UnitStore) -> bool:
        """Whether the unit needs no training; after it, the scores that are stored are those of this very test."""
        kept = store.get(self.key)
        if kept is None or self.is_finished(kept):
            return kept is not None
        try:
            store.write(self.key, self.tested(kept, self.model(kept), dataset))
        except DamagedUnit as error:
            store.discard(self.key, str(error))
            return False
        return True

    def _trained(self, dataset: MultiFreqDataset, store: UnitStore) -> Ended:
        begin = time.perf_counter()
        model = self._made()
        member = as_member(model)
        of_fold = self._of_fold(dataset, member)
        if self.start is not None:
            earlier = self.model(store.read(self.start))
            if isinstance(earlier, ScoresOnly):
                raise InputError(
                    f"the fold before it keeps no weights to start from, since {earlier.name} does not say in tensors "
                    "what it has learnt (`Member.state`): set warm_start to false"
                )
            member.warm_start(as_member(earlier))
        with recorder_muted():
            member.fit(of_fold)
        score, state = predicted(member, of_fold), member.state()
        seconds = round(time.perf_counter() - begin, 1)
        store.write(self.key, UnitResult(state, score, self._about(member, seconds)))
        return Ended(model=model if state is None else None)

    def _made(self) -> Model:
        model: Model = init_instance_by_config(copy.deepcopy(self.config), accept_types=Model)
        return model

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
                "the data have changed since the run began (a provider that was replaced, say): run the same command "
                "again"
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
        return {"fold": self.fold.number, "seed": self.seed, **dates, SCORE_KEY: self.score_key}

    def _about(self, member: Member, seconds: float) -> dict[str, Any]:
        return {
            "model": str(self.config["class"]),
            **self._of_this_run,
            **{f"{VALID}{name}": value for name, value in member.validation.items()},
            "epochs": len(member.history),
            "seconds": seconds,
            "threads": torch.get_num_threads(),
            "finished": f"{pd.Timestamp.now():%Y-%m-%d %H:%M:%S}",
            "made_by": made_by(),
            "history": member.history,
        }


def _told(error: Exception) -> str:
    """What a user can mend in one line, anything else with its traceback."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error) if isinstance(error, _SAYS_WHY) else "".join(traceback.format_exception(error))
