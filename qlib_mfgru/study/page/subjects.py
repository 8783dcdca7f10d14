"""``Subject``: what a recorder holds that the page can show, read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from qlib.workflow.exp import MLflowExperiment
from qlib.workflow.expm import ExpManager
from qlib.workflow.recorder import Recorder

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor import FactorTest, FactorTestRecord
from qlib_mfgru.live.opening import saved
from qlib_mfgru.portfolio import IndexEnhancement, IndexEnhancementRecord
from qlib_mfgru.report.recorders import PREDICTION, RESULT, find_recorder, has_artifact, model_name
from qlib_mfgru.report.store.recorder import UNNAMED
from qlib_mfgru.study.correlation import RecordedCorrelation
from qlib_mfgru.study.page import held
from qlib_mfgru.study.page.numbering import MODELS
from qlib_mfgru.study.page.words import Words


@dataclass(frozen=True)
class Enhanced:
    """An enhancement of a subject; `folder` is the record's own, empty by default."""

    result: IndexEnhancement
    folder: str


@dataclass(frozen=True)
class Subject:
    """A recorder, and what was found in it.

    Attributes
    ----------
    name : str
        What tables call its model.
    recorder : Recorder
    task : mapping
        As qrun left it; empty for a recorder of something else.
    origin : str
        Id of the recorder whose prediction this is: of another one where the model is a `RecordedModel`.
    model : str
        The Huatai report's name of the model; empty for one that it lacks.
    factor : FactorTest or None
    enhancements : list of Enhanced
    correlation : RecordedCorrelation or None
    histories : mapping of str to list of dict
        Rows of training, by whom they are of: one model, or the units of a rolling run.
    kept : mapping of int to int
        Stage of one model -> its best epoch by the model's settings, 0 where the stage adds nothing.
    units : DataFrame
        The units of a rolling run; empty for others.
    unread : list of str
        Why a result, or a history, that is there could not be read.
    """

    name: str
    recorder: Recorder
    task: Mapping[str, Any]
    origin: str
    model: str
    factor: FactorTest | None = None
    enhancements: Sequence[Enhanced] = ()
    correlation: RecordedCorrelation | None = None
    histories: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    kept: Mapping[int, int] = field(default_factory=dict)
    units: pd.DataFrame = field(default_factory=pd.DataFrame)
    unread: Sequence[str] = ()

    @property
    def has_prediction(self) -> bool:
        """Whether there is a pred.pkl."""
        return has_artifact(self.recorder, PREDICTION)

    @property
    def is_copy(self) -> bool:
        """Whether the prediction is that of another recorder."""
        return self.origin != self.recorder.id


def read_subjects(names: Iterable[str], manager: ExpManager) -> list[Subject]:
    """Read recorders.

    Parameters
    ----------
    names : iterable of str
        Ids, ``NAME=id``, or names of experiments, which stand for all their finished recorders.
    manager : ExpManager
        Of their store.

    Raises
    ------
    InputError
        There is no such recorder or experiment, one is named twice, or none holds anything to show.
    """
    subjects: dict[str, Subject] = {}
    for text in names:
        for own_name, recorder in _recorders(text, manager):
            if recorder.id in subjects:
                raise InputError(f"the recorder {recorder.id} is named twice")
            subjects[recorder.id] = _read(recorder, own_name, manager)
    return _told_apart(list(subjects.values()))


def called(subject: Subject, words: Words) -> Subject:
    """A subject, and its results, under the one name that the page has for its model.

    That is the name it was given; of one that was given the Huatai report's model's, as ``gru``, the words for that.
    """
    own = subject.name
    for known in (subject.origin, subject.recorder.id):
        own = own.removesuffix(f" {known[:6]}")
    name = words.head(own) + subject.name[len(own) :] if own == subject.model else subject.name
    return replace(
        subject,
        name=name,
        factor=subject.factor and replace(subject.factor, model=name),
        enhancements=[replace(each, result=replace(each.result, model=name)) for each in subject.enhancements],
    )


def kwargs_of(config: Any) -> Mapping[str, Any]:
    """Keyword arguments of a config; none where a task has an object, or the name of one, in its place."""
    return (config.get("kwargs") if isinstance(config, Mapping) else None) or {}


def by_prediction(subjects: Iterable[Subject]) -> dict[str, Subject]:
    """Each prediction once, by its `origin`: the subject that made it where that is among them, else the first copy."""
    found: dict[str, Subject] = {}
    for subject in subjects:
        if subject.origin not in found or not subject.is_copy:
            found[subject.origin] = subject
    return found


def _recorders(text: str, manager: ExpManager) -> Iterator[tuple[str, Recorder]]:
    own_name, _, name = text.rpartition("=")
    experiment = None if own_name else manager.client.get_experiment_by_name(name)
    if experiment is None:
        yield own_name, find_recorder(name, manager)
        return
    finished = f"attributes.status = '{Recorder.STATUS_FI}'"
    ids, oldest_first, most = [experiment.experiment_id], ["attributes.start_time ASC"], MLflowExperiment.UNLIMITED
    runs = manager.client.search_runs(ids, finished, max_results=most, order_by=oldest_first)
    if not runs:
        raise InputError(f"the experiment {name} has no finished recorder")
    for run in runs:
        yield "", find_recorder(run.info.run_id, manager)


def _read(recorder: Recorder, own_name: str, manager: ExpManager) -> Subject:
    task, unread = saved(recorder, "task"), list[str]()
    origin, source_task = _source(recorder, task, manager)
    factor = next(held.results(recorder, FactorTestRecord.artifact_path, unread), (None, ""))[0]
    enhancements = [
        Enhanced(result, folder)
        for result, folder in held.results(recorder, IndexEnhancementRecord.artifact_path, unread)
    ]
    results = [*([factor] if factor else []), *(each.result for each in enhancements)]
    return Subject(
        name=own_name or (results[0].model if results else _name(recorder, manager)),
        recorder=recorder,
        task=task,
        origin=origin,
        model=_reports(source_task),
        factor=factor,
        enhancements=enhancements,
        correlation=held.correlation(recorder, unread),
        histories=held.histories(recorder, unread),
        kept=held.best_epochs(recorder),
        units=held.units(recorder, unread),
        unread=unread,
    )


def _source(recorder: Recorder, task: Mapping[str, Any], manager: ExpManager) -> tuple[str, Mapping[str, Any]]:
    """Id and task of the recorder whose prediction one holds: that which a `RecordedModel` names, else itself.

    Of one that is gone no more than the id is known.
    """
    kwargs = kwargs_of(task.get("model"))
    if "recorder_id" not in kwargs:
        return recorder.id, task
    try:
        source = find_recorder(kwargs["recorder_id"], manager)
    except InputError:
        return kwargs["recorder_id"], {}
    return _source(source, saved(source, "task"), manager)


def _name(recorder: Recorder, manager: ExpManager) -> str:
    """The recorder's own name; of one that nobody named that of its model."""
    name = str(recorder.info["name"])
    return model_name(recorder, manager) if name == UNNAMED else name


def _reports(task: Mapping[str, Any]) -> str:
    """The Huatai report's name of the model, or of what a rolling model trains several of; empty for another.

    A network of 15-minute bars that was set to other ones, as by ``freq: day``, is another.
    """
    config, freqs = task.get("model") or {}, list[Any]()
    while isinstance(config, Mapping):
        kwargs = config.get("kwargs") or {}
        freqs.append(kwargs.get("freq", "15min"))
        if not isinstance(kwargs.get("model"), Mapping):
            break
        config = kwargs["model"]
    return MODELS.get(str(config.get("class", "")), "") if set(freqs) == {"15min"} else ""


def _told_apart(subjects: list[Subject]) -> list[Subject]:
    """Predictions that are called alike get the beginning of their recorder's id; copies are called as their origin.

    A second factor test of one prediction gets that of its own recorder's.
    """
    own = {subject.origin: subject.name for subject in subjects if subject.is_copy}
    own |= {subject.origin: subject.name for subject in subjects if not subject.is_copy}
    names = list(own.values())
    if not any(subject.factor or subject.enhancements or subject.histories for subject in subjects):
        raise InputError(_nothing(subjects))
    told = {origin: name if names.count(name) == 1 else f"{name} {origin[:6]}" for origin, name in own.items()}
    tested = [subject for subject in subjects if subject.factor is not None]
    first = by_prediction(tested)
    further = {
        subject.recorder.id: f"{own[subject.origin]} {subject.recorder.id[:6]}"
        for subject in tested
        if subject is not first[subject.origin]
    }
    return [replace(subject, name=further.get(subject.recorder.id, told[subject.origin])) for subject in subjects]


def _nothing(subjects: list[Subject]) -> str:
    unread = [reason for subject in subjects for reason in subject.unread]
    if unread:
        return unread[0]
    return (
        f"the {len(subjects)} recorders hold neither a training history nor a {RESULT} of a FactorTestRecord or an "
        "IndexEnhancementRecord: run these records on them"
    )
