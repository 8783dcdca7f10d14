"""Where an evening's command starts: qlib on a provider, and the recorder that it was asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import qlib
from qlib.config import C
from qlib.workflow.recorder import Recorder

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.plain import PlainUnpickler
from qlib_mfgru.report.recorders import (
    check_provider,
    has_artifact,
    init_qlib,
    load_artifact,
    newest_recorder,
)
from qlib_mfgru.report.store import SQLITE, check_store, opened_store, store_file

DEFAULT_STORE = "sqlite:///mlruns.db"
_OURS = ("provider_uri", "exp_manager", "kernels", "logging_level")
"""Settings of ``qlib.init`` that are not taken from a recorder."""


def opened(name: str, artifact: str, provider: str | Path | None = None, store: str | None = None) -> Recorder:
    """Initialise qlib, and open a recorder.

    Parameters
    ----------
    name : str
        Its id, or the name of an experiment: its newest finished recorder.
    artifact : str
        What it must hold.
    provider, store : optional
        Where both are left out and qlib is initialised, it stays as it is. Else the provider is by default the one that
        qrun was given, and the store ``mlruns.db`` in the working folder.

    Raises
    ------
    InputError
        There is no such store, recorder or provider.
    """
    if provider is None and store is None and C.registered:
        return newest_recorder(name, artifact)
    check_store(store or DEFAULT_STORE)
    store = absolute_store(store or DEFAULT_STORE)
    recorder = newest_recorder(name, artifact, opened_store(store))
    settings = saved(recorder, "config").get("qlib_init") or {}
    place = settings.get("provider_uri") if provider is None else str(provider)
    if place is None:
        raise InputError(f"the recorder {recorder.id} does not say which provider it was made on: name it (--provider)")
    init_qlib(place, store, **{name: value for name, value in settings.items() if name not in _OURS})
    return newest_recorder(recorder.id, artifact)


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
