"""What a study asks of its data, as far as lists and calendar say: no panel, which takes long, is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from joblib.parallel import BACKENDS, EXTERNAL_BACKENDS
from qlib.data.dataset import Dataset
from qlib.model.base import Model

from qlib_mfgru.configs import built, class_of, with_kwargs
from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.data.settings import span
from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.model import NetworkModel
from qlib_mfgru.model.member import Member
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import check_daily
from qlib_mfgru.refusals import within
from qlib_mfgru.rolling.model import RollingEnsembleModel
from qlib_mfgru.settings import Stamp, checked
from qlib_mfgru.study.plan import Plan
from qlib_mfgru.study.settings import StudySettings

_BACKENDS = {*EXTERNAL_BACKENDS, "ray"}
"""Of joblib, that other packages bring."""


def check_data(settings: StudySettings, planned: Plan) -> None:
    """Check the study's dataset, those of models with their own, what models read, and the dates that tests ask for.

    A dataset of another package reads all of its data at once, and is left alone.

    Raises
    ------
    InputError
        A market, an input or days that the provider lacks; an input that a model reads and its dataset lacks; dates of
        tests or portfolios that are not those of the prediction.
    """
    own = settings.task["dataset"]
    dataset = _checked(own, "task.dataset", ["test"])
    for part in planned.parts:
        if not part.needs:
            task = part.make({})
            of_model = dataset if task["dataset"] == own else _checked(task["dataset"], f"models.{part.name}", [])
            if of_model is not None:
                with within(f"models.{part.name}"):
                    _check_model(task["model"], of_model)
    if dataset is None:
        return
    if settings.rolling is not None:
        _check_rolling(settings.rolling, dataset)
    _check_dates(settings, dataset)


def _checked(config: Any, name: str, needed: list[str]) -> MultiFreqDataset | None:
    """A dataset of ours, whose market, inputs and segments the provider has; None for one of another package."""
    if not issubclass(class_of(config, Dataset, name), MultiFreqDataset):
        return None
    dataset: MultiFreqDataset = built(config, MultiFreqDataset, name)
    with within(f"{name}: handler: instruments"):
        stocks = list(reader.member_spans(dataset.handler.instruments, "day"))
    with within(f"{name}: handler: inputs"):
        for freq in dataset.handler.inputs:
            reader.provider_path(freq)
    if dataset.handler.label_neutral is not None:
        with within(f"{name}: handler"):
            check_daily(stocks, {dataset.handler.label_neutral: "label_neutral"}, lambda _: "leave label_neutral out")
    with within(name):
        _check_segments(dataset, needed)
    return dataset


def _check_segments(dataset: MultiFreqDataset, needed: list[str]) -> None:
    days = reader.calendar("day")
    for name in needed:
        if name not in dataset.segments:
            raise InputError(f"segments has no {name}: it has {', '.join(dataset.segments)}")
    for name, (first, last) in dataset.segments.items():
        if not len(days[days.slice_indexer(first, last)]):
            whole = f"{days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}"
            raise InputError(f"segments.{name} is {span((first, last))}: the provider has no such day, it has {whole}")


def _check_model(config: Mapping[str, Any], dataset: MultiFreqDataset) -> None:
    """Refuse a model that learns without a ``train``, or reads what is no input; others of one's own say it later.

    A rolling ensemble with a ``train_start`` needs no ``train``, and none takes a ``valid``.
    """
    model = built(config, Model, "model")
    needs_train = not isinstance(model, RollingEnsembleModel) or model.train_start is None
    if isinstance(model, RollingEnsembleModel):
        if "valid" in dataset.segments:
            raise InputError(
                "the dataset's segments have valid: a rolling ensemble validates on the end of each training window; "
                "leave valid out"
            )
        model = built(with_kwargs(model.model, {"seed": model.seeds[0]}, "model"), Model, "model")
    if not isinstance(model, Member):
        return
    if needs_train and "train" not in dataset.segments:
        raise InputError(f"the dataset's segments have no train: they have {', '.join(dataset.segments)}")
    if not isinstance(model, NetworkModel):
        model.check_inputs(dataset)


def _check_rolling(rolling: Mapping[str, Any], dataset: MultiFreqDataset) -> None:
    start, (first, _) = (
        checked(Stamp | None, "rolling.train_start", rolling.get("train_start")),
        dataset.segments["test"],
    )
    if start is not None and first is not None and start >= first:
        raise InputError(f"rolling.train_start is {start:%Y-%m-%d}: must be before the test, from {first:%Y-%m-%d} on")
    backend = (rolling.get("backend") or {}).get("backend", "loky")
    if backend not in _BACKENDS | BACKENDS.keys():  # which are also those that a user's own modules have added
        raise InputError(
            f"rolling.backend is {backend!r}: must be one of {', '.join(sorted(_BACKENDS | BACKENDS.keys()))}"
        )


def _check_dates(settings: StudySettings, dataset: MultiFreqDataset) -> None:
    """Refuse tests and portfolios of days that no model of the study predicts."""
    days = reader.calendar("day")
    predicted = days[days.slice_indexer(*dataset.segments["test"])]
    if settings.factor_test is not None:
        with within("factor_test"):
            _check_within(FactorTestSettings(**settings.factor_test), predicted)
    for index in settings.enhancements.indices if settings.enhancements is not None else ():
        assert settings.enhancements is not None
        with within(f"enhancements.indices.{index}"):
            _check_within(IndexEnhancementSettings(**settings.enhancements.of_index(index)), predicted)


def _check_within(own: FactorTestSettings | IndexEnhancementSettings, predicted: pd.DatetimeIndex) -> None:
    test = f"the test segment of task.dataset, {predicted[0]:%Y-%m-%d} .. {predicted[-1]:%Y-%m-%d}"
    if own.start_time is not None and own.start_time > predicted[-1]:
        raise InputError(f"start_time is {own.start_time:%Y-%m-%d}: must be within {test}")
    if own.end_time is not None and own.end_time < predicted[0]:
        raise InputError(f"end_time is {own.end_time:%Y-%m-%d}: must be within {test}")
