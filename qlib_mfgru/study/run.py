"""``run_study``: the Huatai report in one call, each part a qlib recorder; what is there is not run again."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from qlib.config import C
from qlib.log import set_global_logger_level_cm
from qlib.model.trainer import task_train
from qlib.workflow import R
from qlib.workflow.recorder import Recorder
from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked
from qlib_mfgru.report.recorders import find_recorder
from qlib_mfgru.report.store import store_file
from qlib_mfgru.settings import checked
from qlib_mfgru.study.ahead import check_ahead
from qlib_mfgru.study.identity import part_keys, provider_content
from qlib_mfgru.study.kept import keep, kept
from qlib_mfgru.study.page.report import Page, report
from qlib_mfgru.study.plan import CORRELATION, Part, Plan, plan
from qlib_mfgru.study.settings import StudySettings
from qlib_mfgru.study.source import StudySource
from qlib_mfgru.study.start import start_qlib

_RESULTS = {"factor_test", "index_enhancement"}


@dataclass(frozen=True)
class Done:
    """What became of a part.

    Attributes
    ----------
    name : str
    status : {"run", "there", "failed"}
        ``there``: an earlier run, or another study of the experiment, left it.
    recorder : str
        Id; empty where it failed.
    reason : str
        Why it failed.
    """

    name: str
    status: Literal["run", "there", "failed"]
    recorder: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Study:
    """A study that was run.

    Attributes
    ----------
    parts : list of Done
        In the order in which they run.
    page : Page or None
        None where the study asks for none, or nothing is there to show.
    """

    parts: Sequence[Done]
    page: Page | None

    @property
    def failed(self) -> list[Done]:
        """The parts that failed, and those that need one which did."""
        return [part for part in self.parts if part.status == "failed"]


def run_study(study: str | Path | Mapping[str, Any]) -> Study:
    """Run what is not there yet of a study, and write its page.

    Parameters
    ----------
    study : path or mapping
        A study's YAML, or what could stand in one: see `StudySettings`. Files that a mapping names are looked for in
        the working folder.

    Returns
    -------
    Study
        Also where parts failed; the others have run all the same.

    Raises
    ------
    InputError
        A wrong setting, no such provider, or no such recorder, before anything runs; `Busy` where another process runs
        a study of the same experiment.
    """
    source = StudySource.read(study)
    settings = checked(StudySettings, "", source.content)
    planned = plan(settings, source)
    start_qlib(settings.qlib_init, settings.experiment_name)
    check_ahead(settings, planned)
    with _alone(settings.experiment_name):
        run = _Run(settings, planned)
        run.all_parts()
        return Study(run.done, _page(run, settings, planned))


@contextmanager
def _alone(experiment: str) -> Iterator[None]:
    """No other process runs a study of the experiment beside the store's file, or else in the working folder."""
    file = store_file(R.exp_manager.uri)
    folder = Path.cwd() if file is None else file.absolute().parent
    with locked(folder / f"study of {experiment.replace('/', '_')}", wait=False):
        yield


class _Run:
    """The parts of a study, one after the other."""

    def __init__(self, settings: StudySettings, planned: Plan) -> None:
        self.settings, self.parts = settings, planned.parts
        self.content = provider_content()
        self.ids = dict(planned.recorded)
        self.keys = dict(planned.recorded)
        self.done: list[Done] = []

    def all_parts(self) -> None:
        """Each part, whatever became of the others."""
        with tqdm(total=len(self.parts), unit="part") as bar:
            for number, part in enumerate(self.parts, 1):
                bar.set_description(f"part {number} of {len(self.parts)}: {part.name}")
                done = self._part(part)
                self.done.append(done)
                if done.status == "failed":
                    bar.write(f"{part.name} failed: {done.reason}", file=sys.stderr)
                bar.update()

    def _part(self, part: Part) -> Done:
        missing = [name for name in part.needs if name not in self.ids]
        if missing:
            return Done(part.name, "failed", reason=f"it needs {', '.join(missing)}")
        try:
            keys = part_keys(part.make(self.keys), self.content)
            found = ((key, kept(self.settings.experiment_name, key, part, self.ids)) for key in keys)
            key, known = next((pair for pair in found if pair[1]), (keys[0], None))
            recorder = known or self._trained(part, key)
        except Exception as error:  # of qlib, of a user's own classes: the other parts can still be run
            return Done(part.name, "failed", reason=_line(error))
        self.keys[part.name], self.ids[part.name] = key, recorder
        return Done(part.name, "there" if known else "run", recorder)

    def _trained(self, part: Part, key: str) -> str:
        """Run a part as qrun does; its recorder's id."""
        task, experiment = part.make(self.ids), self.settings.experiment_name
        filled = deepcopy(task)  # qlib puts model and dataset into what it gets
        with _quiet(), _none_left_open():
            recorder = task_train(filled, experiment, part.name)
        config = {"experiment_name": experiment, "task": task}
        if self.settings.qlib_init is not None:
            config["qlib_init"] = self.settings.qlib_init
        recorder.save_objects(config=config)
        keep(recorder, key)
        return str(recorder.id)


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what qlib's records print and log, which is in the recorders and would tear the progress apart.

    Who has qlib log for debugging gets all that it logs.
    """
    quiet = set_global_logger_level_cm(logging.DEBUG if C.logging_level <= logging.DEBUG else logging.WARNING)
    with quiet, open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        yield


@contextmanager
def _none_left_open() -> Iterator[None]:
    """End the experiment after an interrupt, which qlib leaves open."""
    try:
        yield
    finally:
        if R.exp_manager.active_experiment is not None:
            R.end_exp(Recorder.STATUS_FA)


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"


def _page(run: _Run, settings: StudySettings, planned: Plan) -> Page | None:
    """The page of all that is there."""
    page, names = settings.page, _shown(run, settings, planned)
    if page is None or not names:
        return None
    return report(names, out=page.out, lang=page.lang, title=page.title)


def _shown(run: _Run, settings: StudySettings, planned: Plan) -> list[str]:
    """``NAME=id`` of all that the page shows, model by model.

    A recorder that was there before the study is left out where its own results would stand beside the study's.
    """
    model = {part.name: part.model for part in planned.parts}
    own = [(model[done.name], done.recorder) for done in run.done if done.recorder]
    tested = {model[done.name] for done in run.done if done.recorder and done.name != CORRELATION}
    before = [
        (name, known)
        for name, known in planned.recorded.items()
        if name not in tested or not _RESULTS & set(find_recorder(known).list_artifacts())
    ]
    order = list(settings.models)
    return [f"{name}={known}" for name, known in sorted([*before, *own], key=lambda pair: order.index(pair[0]))]
