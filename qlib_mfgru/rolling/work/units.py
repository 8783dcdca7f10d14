"""``Unit``: one fold trained with one seed, the smallest piece of work that is run, stored and resumed."""

from __future__ import annotations

import copy
import time
import traceback
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
import torch
from qlib.log import get_module_logger
from qlib.model.base import Model
from qlib.utils import init_instance_by_config

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.member import Member, as_member
from qlib_mfgru.model.training.callbacks import recorder_muted
from qlib_mfgru.rolling.folds import Fold
from qlib_mfgru.rolling.work.about import VALID, made_by
from qlib_mfgru.rolling.work.files import DamagedUnit, UnitResult
from qlib_mfgru.rolling.work.scores_only import ScoresOnly
from qlib_mfgru.rolling.work.store import UnitStore

ATTEMPTS = 2


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

    def run(self, dataset: MultiFreqDataset, store: UnitStore) -> Ended:
        """Train, predict and store the result, with a second attempt; another run that is at it is waited for."""
        try:
            with store.held(self.key):
                return self._tried(dataset, store)
        except (InputError, OSError) as error:
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

    def _tried(self, dataset: MultiFreqDataset, store: UnitStore) -> Ended:
        ended = Ended()
        for attempt in range(1, ATTEMPTS + 1):
            if self.key in store:
                break
            try:
                ended = self._trained(dataset.with_segments(self.fold.segments), store)
            except InputError:
                raise  # it would be the same again
            except Exception as error:
                ended = Ended(_told(error))
                get_module_logger("mfgru").warning(f"{self} failed, attempt {attempt} of {ATTEMPTS}: {error!r}")
        return ended

    def _trained(self, dataset: MultiFreqDataset, store: UnitStore) -> Ended:
        begin = time.perf_counter()
        model = self._made()
        member = as_member(model)
        if self.start is not None:
            member.warm_start(as_member(self.model(store.read(self.start))))
        with recorder_muted():
            member.fit(dataset)
        score, state = member.predict(dataset), member.state()
        seconds = round(time.perf_counter() - begin, 1)
        store.write(self.key, UnitResult(state, score, self._about(member, seconds)))
        return Ended(model=model if state is None else None)

    def _made(self) -> Model:
        model: Model = init_instance_by_config(copy.deepcopy(self.config), accept_types=Model)
        return model

    def _about(self, member: Member, seconds: float) -> dict[str, Any]:
        dates = {
            f"{name}_{end}": f"{date:%Y-%m-%d}"
            for name, bounds in self.fold.segments.items()
            for end, date in zip(("first", "last"), bounds, strict=True)
        }
        return {
            "model": str(self.config["class"]),
            "fold": self.fold.number,
            "seed": self.seed,
            **dates,
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
    return str(error) if isinstance(error, InputError) else "".join(traceback.format_exception(error))
