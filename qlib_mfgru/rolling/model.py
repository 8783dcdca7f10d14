"""``RollingEnsembleModel``: a qlib Model that is retrained by the calendar with several seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from qlib.log import get_module_logger
from qlib.model.base import Model

from qlib_mfgru.configs import built, with_kwargs
from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.data.dataset import multi_freq
from qlib_mfgru.data.settings import span
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.ahead import check_records
from qlib_mfgru.model.mean import mean_of_scores, own_seeds
from qlib_mfgru.model.member import Member, as_member
from qlib_mfgru.model.training.callbacks import recorder_is_active
from qlib_mfgru.model.training.run import describe_run
from qlib_mfgru.rolling.folds import Fold, dataset_folds, predicted_days, sample_dates, tested_folds
from qlib_mfgru.rolling.identity import fold_identity, prediction_identity
from qlib_mfgru.rolling.key import code_version, digest
from qlib_mfgru.rolling.record import save_folds, save_units
from qlib_mfgru.rolling.settings import RollingSettings, Window
from qlib_mfgru.rolling.spelling import spelled
from qlib_mfgru.rolling.work.stitched import stitched
from qlib_mfgru.rolling.work.store import UnitStore
from qlib_mfgru.rolling.work.training import Trained, Training
from qlib_mfgru.rolling.work.units import Unit
from qlib_mfgru.rolling.work.workers import Workers
from qlib_mfgru.settings import UnknownSetting

_FORMAT = 2  # part of every key: raise it when a unit's meaning changes


class RollingEnsembleModel(Model):
    """Any model of ours, retrained by the calendar, once for each seed; its prediction is the seeds' mean.

    `fit` trains a unit for each fold and seed on what was known before the fold's test. Finished units are kept in
    files and not trained again, so that a killed run resumes where it stopped.

    Parameters
    ----------
    model : dict
        Config (class, module_path, kwargs) of the model to train.
    retrain : str
        Months between retrainings, see `calendar_folds`; report: calendar half-years.
    train_start : date, optional
        First day of the first training window; by default where the dataset's ``train`` segment begins. The end of
        that segment does not matter to the folds, which train up to the day before each test (as in any dataset it
        must lie before ``test``); ``test`` is what the folds cover.
    seeds : sequence of int
        One member of the ensemble each; report: three. They replace the model's own ``seed``; where they are several,
        members of a mean must have none of their own.
    n_jobs : int
        Units trained at a time; -1 for as many as there are cores.
    window : {"expanding", "sliding"}
    warm_start : bool
        Start each fold's training from the weights of the fold before it (same seed). Folds then run one after
        another, and only seeds in parallel.
    threads : int, optional
        Threads of each worker, see `Workers`. Without the compiled kernels networks depend on it in their last digits.
    backend : mapping, optional
        joblib's backend and its arguments, see `Workers`.
    units_dir : path, optional
        Where units are kept, see `UnitStore`.
    **settings
        Keyword arguments for the model, unless its own kwargs state them.

    Attributes
    ----------
    folds : list of Fold
        Empty before `fit`.
    members : list of dict
        For each fold, seed -> fitted model.

    Raises
    ------
    InputError
        What is wrong with the settings, those of the model included, in one line.
    """

    _tested: tuple[str, dict[int, pd.Series]] | None = None  # the test's scores, with the identity of their data

    def __init__(
        self,
        model: Mapping[str, Any],
        retrain: str = "6M",
        train_start: Any = None,
        seeds: Sequence[int] = (0, 1, 2),
        n_jobs: int = 1,
        window: Window = "expanding",
        warm_start: bool = False,
        threads: int | None = None,
        backend: Mapping[str, Any] | None = None,
        units_dir: str | None = None,
        **settings: Any,
    ) -> None:
        own = RollingSettings.of(
            retrain=retrain,
            train_start=train_start,
            seeds=seeds,
            n_jobs=n_jobs,
            window=window,
            warm_start=warm_start,
            threads=threads,
            backend=backend,
            units_dir=units_dir,
        )
        self.model = with_kwargs(model, settings, "model")
        self.retrain, self.train_start, self.window = own.retrain, own.train_start, own.window
        self.seeds, self.n_jobs, self.warm_start = list(own.seeds), own.n_jobs, own.warm_start
        self.threads, self.backend, self.units_dir = own.threads, own.backend, own.units_dir
        self.folds: list[Fold] = []
        self.members: list[dict[int, Any]] = []
        if not self._member().starts_warm and warm_start:
            raise InputError(f"warm_start is True: {model['class']} cannot begin with the weights of another")
        seeded = next(own_seeds(self.model, "model"), None)
        if seeded is not None and len(self.seeds) > 1:
            raise InputError(
                f"seeds are {self.seeds}: {seeded} has a seed of its own and would be the same under each; give its "
                "config without one"
            )

    @property
    def params(self) -> dict[str, Any]:
        """Settings by name, defaults included: the trained model's (`Member.params`), and its own."""
        own = {name: getattr(self, name) for name in ("seeds", "retrain", "train_start", "window", "warm_start")}
        return {name: value for name, value in self._member().params.items() if not name.endswith("seed")} | own

    def __repr__(self) -> str:
        state = f"{len(self.folds)} folds" if self.folds else "not fitted"
        return f"<{type(self).__name__} of {self._member()!r}, every {self.retrain}, seeds {self.seeds}: {state}>"

    def fit(self, dataset: MultiFreqDataset) -> None:
        """Train the units that are not trained yet, and predict the tests that have other days or values than before.

        The folds' dates are logged, and saved in the running recorder, before anything trains; at the end the recorder
        gets ``rolling/`` with the members' scores, their histories and a table of the units.

        Raises
        ------
        InputError
            If a record of the qrun cannot be made (`check_records`), the dates leave no fold, or a fold
            nothing to train on.
        RollingError
            If units failed, after all the others have finished.
        """
        folds = self._folds(dataset)
        self._member().check_inputs(dataset)
        check_records()
        if recorder_is_active():
            own, seeds = self.params, " ".join(map(str, self.seeds))
            describe_run(own, dataset, f"rolling {self.retrain}", f"seeds {seeds}")
        self._collect(folds, self._trained(folds, folds, dataset), dataset)

    def missing_folds(self, dataset: MultiFreqDataset) -> list[Fold]:
        """Folds within the dataset's test that begin after those that are trained: what the calendar asks for by now.

        Raises
        ------
        InputError
            The tests of the dataset's folds do not begin as those of `fit`: another test, another calendar, or a fold
            that was left out has bars by now.
        """
        folds = self._folds(dataset)
        for now, fitted in zip(folds, self.folds, strict=False):
            if now.test[0] != fitted.test[0]:
                raise InputError(
                    f"the dataset has {now} in the place of {fitted}, which is trained: keep its test's start, or, "
                    "if days that had no bars have some by now, run the model by qrun again, which trains the folds "
                    "that these bars are in and keeps the others"
                )
        return folds[len(self.folds) :]

    def extend(self, dataset: MultiFreqDataset) -> list[Fold]:
        """Train the `missing_folds` alone, and return them; the networks that there are stay as they are.

        Raises
        ------
        InputError, RollingError
            As of `fit`, `missing_folds`; or the folds that are trained have other training windows in this dataset.
        """
        missing = self.missing_folds(dataset)
        if missing:
            folds = self._folds(dataset)
            for now, fitted in zip(folds, self.folds, strict=False):
                if now.train != fitted.train:
                    raise InputError(
                        f"{fitted} was trained on {span(fitted.train)}, and its window is {span(now.train)} now: "
                        "the days of the provider have changed, so run the model by qrun again"
                    )
            trained = self._trained(missing, folds, dataset)
            self.members += self._members(missing, trained)
            self.folds, self._tested = folds, None
        return missing

    def predict(self, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
        """Mean of the seeds' scores, each z-scored per date, since their scales are arbitrary under an IC loss.

        Parameters
        ----------
        dataset : MultiFreqDataset
        segment : str, slice or (first, last)
            Any dates from the first fold's test on; after the last fold's test its members predict on.

        Returns
        -------
        Series
            Named ``score``, over (datetime, instrument); each date is predicted by the members of one fold.
        """
        return mean_of_scores(list(self.member_scores(dataset, segment).values()))

    def member_scores(
        self, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test"
    ) -> dict[int, pd.Series]:
        """Seed -> its own stitched scores (datetime, instrument), not z-scored; see `predict`."""
        if not self.folds:
            raise RuntimeError("RollingEnsembleModel is not fitted: call fit(dataset) before predict")
        multi_freq(dataset, type(self).__name__)
        days = dataset.handler.panels.days[dataset.segment_days(segment)]
        if len(days) == 0:
            raise InputError(f"{segment} holds no trading day to predict: name one that has some")
        if days[0] < self.folds[0].test[0]:
            raise InputError(f"{segment} holds days before the first fold's test, {self.folds[0].test[0]:%Y-%m-%d}")
        days = predicted_days(dataset, segment, self.stage_freqs(dataset))
        if self._tested is not None and days[-1] <= self.folds[-1].test[1]:
            identity, scores = self._tested
            if identity == self._tested_identity(dataset):
                return {seed: score.loc[days[0] : days[-1]] for seed, score in scores.items()}
        starts = pd.DatetimeIndex([fold.test[0] for fold in self.folds])
        fitted = {seed: [of_fold[seed] for of_fold in self.members] for seed in self.seeds}
        return {seed: stitched(models, starts, dataset, days) for seed, models in fitted.items()}

    def stage_freqs(self, dataset: MultiFreqDataset) -> list[tuple[str, ...]]:
        """Frequencies that the samples of each stage of the model need, see `Member`."""
        return self._member().stage_freqs(dataset)

    def _member(self) -> Member:
        """A model as the units will make it: what it refuses is an error here, and not in a worker."""
        try:
            return as_member(built(self._config(self.seeds[0]), Model, "model"))
        except UnknownSetting as error:
            names = ", ".join(RollingSettings.model_fields)
            raise UnknownSetting(f"{error}; settings of {type(self).__name__} itself are model, {names}") from None

    def _config(self, seed: int) -> dict[str, Any]:
        return {**self.model, "kwargs": {**self.model["kwargs"], "seed": seed}}

    def _folds(self, dataset: MultiFreqDataset) -> list[Fold]:
        data = multi_freq(dataset, type(self).__name__)
        folds = dataset_folds(data, self.train_start, self.retrain, self.window)
        return tested_folds(folds, data, self.stage_freqs(data))

    def _tested_identity(self, dataset: MultiFreqDataset) -> str:
        return prediction_identity(dataset, (self.folds[0].test[0], self.folds[-1].test[1]))

    def _units(self, folds: Sequence[Fold], dataset: MultiFreqDataset, stages: Sequence[Sequence[str]]) -> list[Unit]:
        """All units, fold by fold."""
        code = code_version(self.model, dataset, dataset.handler)
        units: list[Unit] = []
        latest: dict[int, str] = {}
        for fold in folds:
            data = fold_identity(dataset.with_segments(fold.segments), stages)
            for seed in self.seeds:
                start, config = latest.get(seed), self._config(seed)
                key = digest([_FORMAT, spelled(config), fold.train, data.training, code, start])
                units.append(Unit(fold, seed, config, key, data, start))
                if self.warm_start:
                    latest[seed] = key
        return units

    def _trained(
        self, wanted: Sequence[Fold], folds: Sequence[Fold], dataset: MultiFreqDataset
    ) -> dict[tuple[int, int], Trained]:
        """Units by fold and seed: those of the `wanted` folds, and where these begin with others' weights all of them.

        What they train on is logged, and saved in the running recorder, before anything trains.
        """
        stages, needed = self.stage_freqs(dataset), folds if self.warm_start else wanted
        plan = sample_dates(needed, dataset, stages or [dataset.handler.frequencies()])
        log = get_module_logger("mfgru")
        log.info(f"{len(needed)} folds x {len(self.seeds)} seeds\n{plan.to_string(index=False)}")
        if recorder_is_active():
            save_folds(plan)
        units = [unit for unit in self._units(folds, dataset, stages) if unit.fold in needed]
        dates = plan.groupby("fold")["train_n"].sum().to_dict()
        workers = Workers(self.n_jobs, self.threads, self.backend)
        trained = Training(units, dates, dataset, UnitStore(self.units_dir), workers).run()
        return {(unit.fold.number, unit.seed): trained[unit.key] for unit in units}

    def _members(self, folds: Sequence[Fold], trained: Mapping[tuple[int, int], Trained]) -> list[dict[int, Any]]:
        return [{seed: trained[fold.number, seed].model for seed in self.seeds} for fold in folds]

    def _collect(
        self, folds: list[Fold], trained: Mapping[tuple[int, int], Trained], dataset: MultiFreqDataset
    ) -> None:
        self.folds, self.members = folds, self._members(folds, trained)
        scores = {seed: pd.concat([trained[fold.number, seed].score for fold in folds]) for seed in self.seeds}
        self._tested = self._tested_identity(dataset), scores
        if recorder_is_active():
            save_units([unit.about for unit in trained.values()], scores)
