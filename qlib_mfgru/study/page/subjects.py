"""``Subject``: what a recorder holds that the page can show, read once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from qlib.workflow.expm import ExpManager
from qlib.workflow.recorder import Recorder

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor import FactorTest, FactorTestRecord
from qlib_mfgru.live.opening import saved
from qlib_mfgru.portfolio import IndexEnhancement, IndexEnhancementRecord
from qlib_mfgru.report.recorders import PREDICTION, RESULT, find_recorder, has_artifact, load_result
from qlib_mfgru.study.correlation import CorrelationRecord, RecordedCorrelation
from qlib_mfgru.study.page.numbering import MODELS
from qlib_mfgru.study.page.words import Words

HISTORY, UNITS = "training_history.json", "rolling/units.csv"


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
        Why a result that is there could not be read.
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
    own = subject.name.removesuffix(f" {subject.origin[:6]}")
    name = words.head(own) + subject.name[len(own) :] if own == subject.model else subject.name
    return replace(
        subject,
        name=name,
        factor=subject.factor and replace(subject.factor, model=name),
        enhancements=[replace(each, result=replace(each.result, model=name)) for each in subject.enhancements],
    )


def _recorders(text: str, manager: ExpManager) -> Iterator[tuple[str, Recorder]]:
    own_name, _, name = text.rpartition("=")
    experiment = None if own_name else manager.client.get_experiment_by_name(name)
    if experiment is None:
        yield own_name, find_recorder(name, manager)
        return
    finished = f"attributes.status = '{Recorder.STATUS_FI}'"
    runs = manager.client.search_runs([experiment.experiment_id], finished, order_by=["attributes.start_time ASC"])
    if not runs:
        raise InputError(f"the experiment {name} has no finished recorder")
    for run in runs:
        yield "", find_recorder(run.info.run_id, manager)


def _read(recorder: Recorder, own_name: str, manager: ExpManager) -> Subject:
    source = _source(recorder, manager)
    task, unread = saved(recorder, "task"), list[str]()
    factor = next(_results(recorder, FactorTestRecord.artifact_path, unread), (None, ""))[0]
    enhancements = [
        Enhanced(result, folder) for result, folder in _results(recorder, IndexEnhancementRecord.artifact_path, unread)
    ]
    results = [*([factor] if factor else []), *(each.result for each in enhancements)]
    known = own_name or (results[0].model if results else str(recorder.info["name"]))
    return Subject(
        name=known,
        recorder=recorder,
        task=task,
        origin=source.id,
        model=_reports(saved(source, "task")),
        factor=factor,
        enhancements=enhancements,
        correlation=_correlation(recorder),
        histories=_histories(recorder),
        kept=_kept(recorder),
        units=_units(recorder),
        unread=unread,
    )


def _source(recorder: Recorder, manager: ExpManager) -> Recorder:
    """The recorder whose prediction one holds: that which a `RecordedModel` names, else itself."""
    kwargs = (saved(recorder, "task").get("model") or {}).get("kwargs") or {}
    return _source(find_recorder(kwargs["recorder_id"], manager), manager) if "recorder_id" in kwargs else recorder


def _reports(task: Mapping[str, Any]) -> str:
    """The Huatai report's name of the model, or of what a rolling or mean model trains several of; empty for another.

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


def _results(recorder: Recorder, folder: str, unread: list[str]) -> Iterator[tuple[Any, str]]:
    """Results of the records of one kind, in their folder or in folders below it."""
    for path in _folders(recorder, folder):
        try:
            yield load_result(recorder, path), path.removeprefix(folder).strip("/")
        except InputError as error:
            unread.append(str(error))


def _folders(recorder: Recorder, folder: str) -> list[str]:
    """Folders of records: `folder` itself, and those below it at any depth, where they hold files."""
    here = [Path(name) for name in recorder.list_artifacts(folder)]
    below = [inner for path in here if not path.suffix for inner in _folders(recorder, path.as_posix())]
    return [*([folder] if any(path.suffix for path in here) else []), *below]


def _correlation(recorder: Recorder) -> RecordedCorrelation | None:
    folder = CorrelationRecord.artifact_path
    return load_result(recorder, folder) if f"{folder}/{RESULT}" in recorder.list_artifacts(folder) else None


def _histories(recorder: Recorder) -> dict[str, list[dict[str, Any]]]:
    """Rows of epochs by model: of a rolling run by ``fold, seed``; of a mean by member, each with a file of its own."""
    files = [name for name in recorder.list_artifacts() if name.endswith(HISTORY)]
    if files:
        return _by_member({name.removesuffix(HISTORY): _json(recorder, name) for name in files})
    if f"rolling/{HISTORY}" in recorder.list_artifacts("rolling"):
        units = _json(recorder, f"rolling/{HISTORY}")
        return _by_member({f"{unit['fold']}, {unit['seed']}": unit["history"] for unit in units})
    return {}


def _by_member(histories: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Rows of each member of a mean apart, where rows name one."""
    split: dict[str, list[dict[str, Any]]] = {}
    for name, rows in histories.items():
        for row in rows:
            split.setdefault(f"{name} {row['member']}" if "member" in row else name, []).append(row)
    return split


def _kept(recorder: Recorder) -> dict[int, int]:
    """From the metrics ``stage<k>_epoch``."""
    found = {re.fullmatch(r"stage(\d+)_epoch", name): value for name, value in recorder.list_metrics().items()}
    return dict(sorted((int(name[1]), int(value)) for name, value in found.items() if name))


def _units(recorder: Recorder) -> pd.DataFrame:
    if UNITS not in recorder.list_artifacts("rolling"):
        return pd.DataFrame()
    return pd.read_csv(_local(recorder, UNITS))


def _json(recorder: Recorder, name: str) -> Any:
    return json.loads(_local(recorder, name).read_text(encoding="utf-8"))


def _local(recorder: Recorder, name: str) -> Path:
    """An artifact as a file on this machine."""
    return Path(recorder.client.download_artifacts(recorder.id, name))


def _told_apart(subjects: list[Subject]) -> list[Subject]:
    """Predictions that are called alike get the beginning of their recorder's id; copies are called as their origin."""
    own = {subject.origin: subject.name for subject in subjects if subject.is_copy}
    own |= {subject.origin: subject.name for subject in subjects if not subject.is_copy}
    names = list(own.values())
    if not any(subject.factor or subject.enhancements or subject.histories for subject in subjects):
        raise InputError(_nothing(subjects))
    told = {origin: name if names.count(name) == 1 else f"{name} {origin[:6]}" for origin, name in own.items()}
    return [replace(subject, name=told[subject.origin]) for subject in subjects]


def _nothing(subjects: list[Subject]) -> str:
    unread = [reason for subject in subjects for reason in subject.unread]
    if unread:
        return unread[0]
    return (
        f"the {len(subjects)} recorders hold neither a training history nor a {RESULT} of a FactorTestRecord or an "
        "IndexEnhancementRecord: run these records on them"
    )
