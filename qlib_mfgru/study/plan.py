"""The parts of a study, each the task of one qlib recorder, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from qlib.data.dataset import Dataset
from qlib.model.base import Model
from qlib.utils import get_callable_kwargs
from qlib.utils.data import update_config

from qlib_mfgru.configs import built, class_of
from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import ExpressionModel
from qlib_mfgru.report.recorders import PREDICTION
from qlib_mfgru.rolling.model import RollingEnsembleModel
from qlib_mfgru.rolling.spelling import class_named
from qlib_mfgru.study.settings import StudySettings
from qlib_mfgru.study.source import StudySource

Task = dict[str, Any]
ROLLING = "RollingEnsembleModel"
_AS_THEY_ARE = (RollingEnsembleModel, ExpressionModel)
"""Classes of models that get no rolling and no seeds: one has them already, the other learns nothing."""
CORRELATION = "correlation"
"""Name of the part of figure 33, whose recorder is one more of the first model's prediction."""
_OF_TESTS = {"pools", "n_layers", "horizons", "compare_entries"}
"""Settings of the factor test that a correlation does not depend on."""


@dataclass(frozen=True)
class Part:
    """A part of a study.

    Attributes
    ----------
    name : str
    make : callable
        Its task, from the ids of the recorders that it needs, by the names of their models.
    needs : tuple of str
        Names of models.
    model : str
        Whose results the page shows it with.
    """

    name: str
    make: Callable[[Mapping[str, str]], Task]
    needs: tuple[str, ...]
    model: str

    @property
    def records(self) -> list[tuple[Any, dict[str, Any]]]:
        """Class and keyword arguments of each record of its task, with names in the place of ids."""
        task = self.make({name: name for name in self.needs})
        return [get_callable_kwargs(record, "qlib.workflow.record_temp") for record in task["record"]]

    @property
    def leaves(self) -> set[str]:
        """Files and folders that its recorder holds at the top."""
        return {PREDICTION, *(kind.artifact_path.split("/")[0] for kind, _ in self.records if kind.artifact_path)}


@dataclass(frozen=True)
class Plan:
    """A study's parts.

    Attributes
    ----------
    parts : list of Part
    recorded : mapping of str to str
        Ids of the recorders that exist, by the names of their models.
    """

    parts: list[Part]
    recorded: Mapping[str, str]


def plan(settings: StudySettings, source: StudySource) -> Plan:
    """All parts of a study.

    Raises
    ------
    InputError
        A model or a dataset that cannot be made, or a model that is called as another part; in one line.
    """
    class_of(settings.task["dataset"], Dataset, "task.dataset")
    recorded = {name: _recorder(entry, name) for name, entry in settings.models.items() if _is_recorded(entry)}
    trained = [_trained(name, settings, source) for name in settings.models if name not in recorded]
    parts = [*trained, *_tests(settings), *_enhancements(settings)]
    names = [*recorded, *(part.name for part in parts)]
    for name in settings.models:
        if names.count(name) > 1:
            raise InputError(f"models.{name}: another part of the study is called {name}: call the model otherwise")
    return Plan(parts, recorded)


def _is_recorded(entry: Any) -> bool:
    return isinstance(entry, Mapping) and "recorder" in entry


def _recorder(entry: Any, name: str) -> str:
    if list(entry) != ["recorder"] or not isinstance(entry["recorder"], str):
        raise InputError(f"models.{name}: a recorder is named by its id alone, {{recorder: id}}")
    return str(entry["recorder"])


def _trained(name: str, settings: StudySettings, source: StudySource) -> Part:
    """The training of a model."""
    entry = settings.models[name]
    task = source.task_of(entry) if isinstance(entry, str) else _with_model(settings.task, entry)
    for needed in ("model", "dataset"):
        if needed not in task:
            raise InputError(f"models.{name}: {entry} has no task.{needed}")
    dataset = class_of(task["dataset"], Dataset, f"models.{name}.dataset")
    model = task["model"]
    if not isinstance(model, dict):
        raise InputError(f"models.{name}: {entry} has the model {model!r}: must be a config with class, module_path")
    if issubclass(dataset, MultiFreqDataset) and not issubclass(class_named(model) or object, _AS_THEY_ARE):
        model = _with_seeds(model, settings)
    _check_model(model, f"models.{name}")
    made: Task = {"model": model, "dataset": task["dataset"], "record": [_SIGNAL, _ANALYSIS]}
    return Part(name, lambda _: made, (), name)


def _check_model(config: Task, name: str) -> None:
    """Refuse a model that cannot be built; a class of another package may raise anything."""
    try:
        built(config, Model, name)
    except (InputError, OSError):
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())
        raise InputError(f"{name}: {config['class']} cannot be made with its kwargs ({reason})") from error


def _with_model(task: Task, entry: Task) -> Task:
    """The study's task with what an entry says of the model; an expression has none of the settings of training."""
    ours = {"module_path": "qlib_mfgru.model", **entry}
    if issubclass(class_named(ours) or object, ExpressionModel):
        return {**task, "model": ours}
    return dict(update_config(task, {"model": entry}))


def _with_seeds(model: Task, settings: StudySettings) -> Task:
    """A model as a rolling ensemble, or with the one seed; unchanged where neither is set."""
    if settings.rolling is not None:
        seeds = {} if settings.seeds is None else {"seeds": list(settings.seeds)}
        kwargs = {**settings.rolling, **seeds, "model": model}
        return {"class": ROLLING, "module_path": "qlib_mfgru.rolling", "kwargs": kwargs}
    return model if settings.seeds is None else update_config(model, {"kwargs": {"seed": settings.seeds[0]}})


def _tests(settings: StudySettings) -> Iterator[Part]:
    """Factor tests, and the correlation."""
    dataset, options = settings.task["dataset"], settings.factor_test or {}
    if settings.factor_test is not None:
        for name in settings.models:
            record = _record("FactorTestRecord", "qlib_mfgru.factor", {"name": name, **options})
            yield Part(f"{name}, factor test", partial(_on_recorded, name, dataset, record), (name,), name)
    if settings.correlation is not None and len(settings.models) > 1:
        names = tuple(settings.models)
        own = {key: value for key, value in options.items() if key not in _OF_TESTS}
        kwargs = {"pool": settings.correlation.pool, **own}
        yield Part(CORRELATION, partial(_correlated, names, dataset, kwargs), names, names[0])


def _enhancements(settings: StudySettings) -> Iterator[Part]:
    dataset = settings.task["dataset"]
    for name in settings.enhanced:
        assert settings.enhancements is not None
        for index in settings.enhancements.indices:
            kwargs = {"name": name, **settings.enhancements.of_index(index)}
            record = _record("IndexEnhancementRecord", "qlib_mfgru.portfolio", kwargs)
            yield Part(f"{name}, {index}", partial(_on_recorded, name, dataset, record), (name,), name)


def _on_recorded(name: str, dataset: Task, record: Task, ids: Mapping[str, str]) -> Task:
    """A record of another recorder's prediction, as of a YAML with ``MFGRU_RECORDER``."""
    model = {"class": "RecordedModel", "module_path": "qlib_mfgru.model", "kwargs": {"recorder_id": ids[name]}}
    return {"model": model, "dataset": dataset, "record": [_SIGNAL, record]}


def _correlated(names: tuple[str, ...], dataset: Task, kwargs: Task, ids: Mapping[str, str]) -> Task:
    known = {"recorders": {name: ids[name] for name in names}, **kwargs}
    return _on_recorded(names[0], dataset, _record("CorrelationRecord", "qlib_mfgru.study", known), ids)


def _record(kind: str, module_path: str, kwargs: Task) -> Task:
    return {"class": kind, "module_path": module_path, "kwargs": kwargs}


_SIGNAL = _record("SignalRecord", "qlib.workflow.record_temp", {"model": "<MODEL>", "dataset": "<DATASET>"})
_ANALYSIS = _record("SigAnaRecord", "qlib.workflow.record_temp", {})
