"""Where an evening's command starts: qlib on a provider, and the recorder that it was asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import qlib
from qlib.config import C
from qlib.workflow import R
from qlib.workflow.expm import ExpManager
from qlib.workflow.recorder import Recorder

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.plain import PlainUnpickler
from qlib_mfgru.report.recorders import (
    check_provider,
    find_recorder,
    has_artifact,
    init_qlib,
    load_artifact,
    model_name,
    newest_recorders,
)
from qlib_mfgru.report.store import SQLITE, check_store, opened_store, store_file
from qlib_mfgru.report.store.recorder import UNNAMED, own_name

Narrowing = Callable[[Sequence[Recorder]], Sequence[Recorder]]
"""Leaves one or more of an experiment's recorders, in their order."""

DEFAULT_STORE = "sqlite:///mlruns.db"
_OURS = ("provider_uri", "exp_manager", "kernels", "logging_level")
"""Settings of ``qlib.init`` that are not taken from a recorder."""


def opened(
    name: str,
    artifact: str,
    provider: str | Path | None = None,
    store: str | None = None,
    narrowed: Narrowing | None = None,
) -> Recorder:
    """Initialise qlib, and open a recorder.

    Parameters
    ----------
    name : str
        Its id, or the name of an experiment: its newest finished recorder.
    artifact : str
        What it must hold.
    narrowed : callable, optional
        Which of an experiment's recorders of one model may be meant; by default all.
    provider, store : optional
        Where both are left out and qlib is initialised, it stays as it is. Else the provider is by default the one that
        qrun was given, and the store ``mlruns.db`` in the working folder.

    Raises
    ------
    InputError
        There is no such store, recorder or provider; or the recorders that may be meant are of several models.
    """
    if provider is None and store is None and C.registered:
        return _meant(name, artifact, narrowed, R.exp_manager)
    check_store(store or DEFAULT_STORE)
    store = absolute_store(store or DEFAULT_STORE)
    recorder = _meant(name, artifact, narrowed, opened_store(store))
    settings = saved(recorder, "config").get("qlib_init") or {}
    place = settings.get("provider_uri") if provider is None else str(provider)
    if place is None:
        raise InputError(f"the recorder {recorder.id} does not say which provider it was made on: name it (--provider)")
    init_qlib(place, store, **{name: value for name, value in settings.items() if name not in _OURS})
    return find_recorder(recorder.id)


def _meant(name: str, artifact: str, narrowed: Narrowing | None, manager: ExpManager) -> Recorder:
    """The recorder that a name means: of those of one model the newest, but what `narrowed` leaves out."""
    found = newest_recorders(name, artifact, manager)
    if len(found) == 1:
        return found[0]
    by_source: dict[str, tuple[Recorder, list[Recorder]]] = {}
    for recorder in found:
        source_id, source = _source(recorder, manager)
        by_source.setdefault(source_id, (source, []))[1].append(recorder)
    models: dict[tuple[str, str], Recorder] = {}
    for source, recorders in by_source.values():
        model = source.experiment_id, _called(source, manager)  # of other experiments it is another
        if model not in models:
            models[model] = (recorders if narrowed is None else narrowed(recorders))[0]
    if len(models) > 1:  # as a study leaves them: which one ran last does not say which is meant
        listed = ", ".join(f"{called} ({recorder.id})" for (_, called), recorder in models.items())
        raise InputError(f"the experiment {name} has recorders of several models, {listed}: name one by its id")
    return next(iter(models.values()))


def _source(recorder: Recorder, manager: ExpManager) -> tuple[str, Recorder]:
    """Id of the recorder whose model predicts, which a `RecordedModel` names, and that recorder, or the one at hand
    where it is gone."""
    model = saved(recorder, "task").get("model")
    kwargs = (model.get("kwargs") if isinstance(model, Mapping) else None) or {}
    if "recorder_id" not in kwargs:
        return recorder.id, recorder
    try:
        source = find_recorder(kwargs["recorder_id"], manager)
    except InputError:
        return kwargs["recorder_id"], recorder
    return _source(source, manager)


def _called(source: Recorder, manager: ExpManager) -> str:
    """What tells models apart: the recorder's own name, of one that nobody named that of its model and its id."""
    name = own_name(manager.client.get_run(source.id))
    return f"{model_name(source, manager)} of recorder {source.id}" if name == UNNAMED else name


def start_without_recorder(provider: str | Path | None = None, store: str | None = None) -> None:
    """Initialise qlib on a provider; where neither argument is given and qlib is initialised, it stays as it is."""
    if provider is None and store is None and C.registered:
        return
    if provider is None:
        raise InputError("name the folder of the qlib provider (--provider)")
    check_provider(str(provider))
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, logging_level=30)


def saved(recorder: Recorder, name: str) -> Mapping[str, Any]:
    """The mapping that qrun leaves in a recorder as ``config`` or ``task``; empty where something else made it.

    Objects in it are left: see `PlainUnpickler`.

    Raises
    ------
    InputError
        It is there and cannot be read.
    """
    if not has_artifact(recorder, name):
        return {}
    found = load_artifact(recorder, name, "qrun saves it", PlainUnpickler)
    return found if isinstance(found, Mapping) else {}


def absolute_store(store: str) -> str:
    """A store's address that means the same in any folder: mlflow keeps stores that it opened by their addresses."""
    if store_file(store) is None:
        return store
    return f"{SQLITE}{os.path.abspath(store.removeprefix(SQLITE))}"
