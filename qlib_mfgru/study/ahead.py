"""What a study needs, looked at before anything of it runs: no training is spent on what could not be tested."""

from __future__ import annotations

import json

from mlflow.entities import LifecycleStage
from qlib.workflow import R

from qlib_mfgru.errors import InputError
from qlib_mfgru.refusals import within
from qlib_mfgru.report.recorders import PREDICTION, find_recorder, has_artifact
from qlib_mfgru.report.store import readable
from qlib_mfgru.study.data_ahead import check_data
from qlib_mfgru.study.identity import part_keys, provider_content
from qlib_mfgru.study.kept import TAG
from qlib_mfgru.study.page.report import check_out
from qlib_mfgru.study.plan import Plan
from qlib_mfgru.study.settings import StudySettings

_OF_MODELS = {"name", "recorders"}
"""What differs between the records of several models, and needs nothing of the provider."""


def check_ahead(settings: StudySettings, planned: Plan) -> None:
    """Check a study on the initialised qlib.

    Raises
    ------
    InputError
        A place of the page, an experiment, or recorders that are not there; two models that are the same; settings of
        the dataset, or dates that it does not hold; pools, fields or levels that the provider lacks for tests and
        portfolios.
    """
    if settings.page is not None:
        with within("page.out"):
            check_out(settings.page.out)
    _check_experiment(settings.experiment_name)
    for name, known in planned.recorded.items():
        with within(f"models.{name}"):
            if not has_artifact(find_recorder(known), PREDICTION):
                raise InputError(f"the recorder {known} has no {PREDICTION}: run a SignalRecord")
    _check_twins(planned)
    check_data(settings, planned)
    _check_records(planned)


def _check_experiment(name: str) -> None:
    with readable(R.exp_manager.uri):
        experiment = R.exp_manager.client.get_experiment_by_name(name)
    if experiment is not None and experiment.lifecycle_stage == LifecycleStage.DELETED:
        raise InputError(f"the experiment {name} is deleted: mlflow can restore it, or take another experiment_name")


def _check_twins(planned: Plan) -> None:
    """Refuse two names of one result, which would stand on the page as two: also of a model and its own recorder."""
    content = provider_content() if planned.recorded else ""  # of models alone it says nothing
    trained = {part.name: part_keys(part.make({}), content) for part in planned.parts if not part.needs}
    names: dict[str, str] = {}
    for name, key in {**planned.recorded, **{name: keys[0] for name, keys in trained.items()}}.items():
        _check_single(name, names.get(key))
        names[key] = name
    models = {key: name for name, keys in trained.items() for key in keys}
    for name, known in planned.recorded.items():
        _check_single(name, models.get(find_recorder(known).list_tags().get(TAG)))


def _check_single(name: str, twin: str | None) -> None:
    if twin is not None:
        raise InputError(f"models.{name} is the same as models.{twin}: leave one of them out")


def _check_records(planned: Plan) -> None:
    """Of each kind with each of its settings once, whatever the model."""
    seen: set[str] = set()
    for part in planned.parts:
        for kind, kwargs in part.records:
            same = json.dumps([kind.__name__, {**kwargs, **dict.fromkeys(_OF_MODELS)}], sort_keys=True, default=str)
            if hasattr(kind, "check_ahead") and same not in seen:
                seen.add(same)
                with within(part.name):
                    kind(None, **kwargs).check_ahead()
