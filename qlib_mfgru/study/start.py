"""qlib as a study asks for it: ``qlib_init`` is checked, of which qlib itself takes any name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import qlib
from qlib.config import MODE_CONF, C, _default_config
from qlib.constant import REG_CN, REG_TW, REG_US
from qlib.workflow.expm import ExpManager

from qlib_mfgru.configs import class_of
from qlib_mfgru.errors import InputError
from qlib_mfgru.live.opening import DEFAULT_STORE
from qlib_mfgru.refusals import refuse_unknown, within
from qlib_mfgru.report.recorders import check_provider
from qlib_mfgru.report.store import check_address
from qlib_mfgru.settings import Count, Text, Whole, checked

_REGIONS = (REG_CN, REG_US, REG_TW)
_OF_INIT = ("default_conf", "skip_if_reg", "clear_mem_cache")
_KNOWN = tuple(dict.fromkeys([*_default_config, *MODE_CONF["client"], *_OF_INIT]))


def start_qlib(qlib_init: Mapping[str, Any] | None, experiment_name: str) -> None:
    """Initialise qlib as qrun does; where the study does not say how, it stays as it is.

    Raises
    ------
    InputError
        A setting that qlib does not have or cannot begin with, no such provider, a store where nobody answers.
    """
    if qlib_init is None:
        if not C.registered:
            raise InputError("qlib_init is missing, and qlib is not initialised")
        return
    store = {"uri": DEFAULT_STORE, "default_exp_name": experiment_name}
    manager = {"class": "ExperimentStore", "module_path": "qlib_mfgru.report.store", "kwargs": store}
    settings = {"region": REG_CN, "exp_manager": manager, "logging_level": 30, **qlib_init}
    _check(settings)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # one bar a file, of a millisecond each
    try:
        qlib.init(**settings)
    except Exception as error:  # of anything that its settings may name
        reason = " ".join(f"{type(error).__name__} {error}".split())
        raise InputError(f"qlib_init: qlib cannot begin with it ({reason})") from error


def _check(settings: Mapping[str, Any]) -> None:
    """Check all that a slip can be in: names, places, numbers."""
    with within("qlib_init"):
        refuse_unknown(settings, _KNOWN)
    region, place = settings["region"], settings.get("provider_uri")
    if region not in _REGIONS:
        raise InputError(f"qlib_init.region is {region!r}: must be one of {', '.join(_REGIONS)}")
    for folder in place.values() if isinstance(place, Mapping) else [place]:
        if not isinstance(folder, str):
            raise InputError(f"qlib_init.provider_uri is {folder!r}: must be the folder of a provider")
        check_provider(folder)
    checked(Whole, "qlib_init.logging_level", settings["logging_level"])
    if not callable(settings.get("kernels")):  # of a frequency, as qlib has it too
        checked(Count | None, "qlib_init.kernels", settings.get("kernels"))
    _check_manager(settings["exp_manager"])


def _check_manager(config: Any) -> None:
    name = "qlib_init.exp_manager"
    class_of(config, ExpManager, name)
    kwargs = config.get("kwargs") or {}
    if "uri" in kwargs:  # a manager of another package may have none
        with within(f"{name}.kwargs"):
            check_address(checked(Text, "uri", kwargs["uri"]))
