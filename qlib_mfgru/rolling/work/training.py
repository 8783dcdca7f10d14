"""All units of a rolling run: those that are not finished are trained or predicted, and then all are read."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import pandas as pd
from qlib.log import get_module_logger
from qlib.model.base import Model

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.rolling.work.files import DamagedUnit
from qlib_mfgru.rolling.work.progress import UnitProgress
from qlib_mfgru.rolling.work.store import UnitStore
from qlib_mfgru.rolling.work.units import Unit
from qlib_mfgru.rolling.work.workers import Outcome, Workers

ROUNDS = 2


class RollingError(RuntimeError):
    """Some units failed; the message says which and why, and where the others are kept."""


class Trained(NamedTuple):
    """A finished unit: its fitted model, the scores of its test, and what it says about itself."""

    model: Model
    score: pd.Series
    about: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Training:
    """The units of a run, and what they are trained on, kept in and run by.

    Parameters
    ----------
    units : sequence of Unit
        All of them, fold by fold; one with a ``start`` comes after the unit that this names.
    dates : mapping
        Fold -> its number of training dates.
    dataset : MultiFreqDataset
    store : UnitStore
    workers : Workers
    """

    units: Sequence[Unit]
    dates: Mapping[Any, int]
    dataset: MultiFreqDataset
    store: UnitStore
    workers: Workers

    def run(self) -> dict[str, Trained]:
        """Key of every unit -> what it came to.

        A unit that holds the scores of another test, since days were added, say, is predicted and not trained.
        What is removed or damaged while the run is at work is trained once more.

        Raises
        ------
        RollingError
            Units failed, after all the others have finished; or are damaged again.
        """
        fresh: dict[str, Model] = {}
        for _ in range(ROUNDS):
            fresh |= self._train()
            trained, lost = self._read(fresh)
            if not lost:
                _say_what_is_not_kept(trained.values())
                return trained
            self._discard(lost, fresh)
        raise RollingError(
            f"{len(lost)} of {len(self.units)} units were removed or damaged while the run was at work; run the same "
            f"command again:\n{_grouped(lost)}"
        )

    def _train(self) -> dict[str, Model]:
        """Run what is not finished, and return the models that the store does not keep."""
        failed: dict[str, str] = {}
        models: dict[str, Model] = {}
        dates = {unit.key: self.dates[unit.fold.number] for unit in self.units}
        unfinished = self._unfinished()
        with UnitProgress(dates, self.store) as progress:
            for outcome in self._outcomes(unfinished):
                progress.update(outcome)
                if outcome.failure is not None:
                    failed[outcome.unit.key] = outcome.failure
                elif outcome.model is not None:
                    models[outcome.unit.key] = outcome.model
        if failed:
            in_order = {str(unit): failed[unit.key] for unit in self.units if unit.key in failed}
            raise RollingError(
                f"{len(failed)} of {len(self.units)} units failed; the others are kept in {self.store.root}; run the "
                f"same command again to retry what failed:\n{_grouped(in_order)}"
            )
        return models

    def _unfinished(self) -> list[Unit]:
        """What there is to do, which the log says."""
        n_trained, unfinished = 0, []
        for unit in self.units:
            kept = self.store.get(unit.key)
            n_trained += kept is not None
            if not unit.is_finished(kept):
                unfinished.append(unit)
        n, n_predicted = len(self.units), len(self.units) - len(unfinished)
        get_module_logger("mfgru").info(
            f"{n_trained} of {n} units are trained, and {n_predicted} predicted, in {self.store.root}"
        )
        return unfinished

    def _outcomes(self, units: Sequence[Unit]) -> Iterator[Outcome]:
        """Of the unfinished units; those that start from others fold by fold, since each needs the one before it."""
        warm = any(unit.start is not None for unit in units)
        waves = [list(wave) for _, wave in groupby(units, lambda unit: unit.fold.number if warm else 0)]
        for wave in waves:
            runnable = [unit for unit in wave if unit.start is None or unit.start in self.store]
            for unit in wave:
                if unit not in runnable:
                    yield Outcome(unit, "not run: the fold before it failed, or its unit was removed meanwhile")
            yield from self.workers.run(runnable, self.dataset, self.store)

    def _read(self, fresh: Mapping[str, Model]) -> tuple[dict[str, Trained], dict[str, str]]:
        """All units by key; and of those that cannot be read, what is wrong."""
        trained: dict[str, Trained] = {}
        lost: dict[str, str] = {}
        for unit in self.units:
            try:
                trained[unit.key] = self._read_one(unit, fresh)
            except DamagedUnit as error:
                lost[unit.key] = str(error)
        return trained, lost

    def _read_one(self, unit: Unit, fresh: Mapping[str, Model]) -> Trained:
        result = self.store.read(unit.key)
        model = fresh[unit.key] if unit.key in fresh else unit.model(result)
        result = unit.tested(result, model, self.dataset)
        return Trained(model, result.score, result.about)

    def _discard(self, keys: Container[str], fresh: Mapping[str, Model]) -> None:
        """Remove units that are lost; those that another run has trained anew, once it lets go of them, are not."""
        for unit in (unit for unit in self.units if unit.key in keys):
            with self.store.held(unit.key):
                try:
                    self._read_one(unit, fresh)
                except DamagedUnit as error:
                    self.store.discard(unit.key, str(error))


def _say_what_is_not_kept(trained: Iterable[Trained]) -> None:
    names = {unit.about["model"] for unit in trained if not unit.about["model_kept"]}
    for name in sorted(names):
        get_module_logger("mfgru").info(f"units keep the scores of {name} only, which does not say what it has learnt")


def _grouped(failures: Mapping[str, str]) -> str:
    """Failures with all that failed alike before each."""
    alike: dict[str, list[str]] = {}
    for name, failure in failures.items():
        alike.setdefault(failure, []).append(name)
    return "\n".join(f"{'; '.join(names)}: {failure}" for failure, names in alike.items())
