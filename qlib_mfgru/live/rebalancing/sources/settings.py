"""Which settings a rebalance follows: a YAML's, those that a recorder was run with, or the Huatai report's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError
from qlib.utils.data import update_config
from qlib.workflow.recorder import Recorder
from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.constructor import DuplicateKeyError

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.opening import saved
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings

RECORD = "IndexEnhancementRecord"
_OF_THE_RECORD = ("name", "folder", "skip_existing")
"""Keywords of the record that are no settings."""


def read_config(path: Path) -> Mapping[str, Any]:
    """A YAML as qrun reads it: rendered from the environment, and merged into its base.

    Raises
    ------
    InputError
        No such file, or one that is no YAML of keys.
    """
    try:
        config = _parsed(path, Template(path.read_text(encoding="utf-8")).render(os.environ))
        if base := config.get("BASE_CONFIG_PATH"):
            file = Path(base) if Path(base).exists() else path.absolute().parent / base
            config = update_config(dict(_parsed(file, file.read_text(encoding="utf-8"))), dict(config))
    except FileNotFoundError as error:
        raise InputError(f"there is no config {error.filename}") from None
    except (TemplateError, UnicodeError, TypeError) as error:  # the last where it names other templates, or no base
        raise InputError(f"{path}: {error}") from None
    return config


def _parsed(path: Path, text: str) -> Mapping[str, Any]:
    try:
        content = YAML(typ="safe", pure=True).load(text)  # PyYAML would read the code 000300 as 192
    except (YAMLError, ValueError) as error:
        place = getattr(error, "problem_mark", None)
        what = "a key stands twice" if isinstance(error, DuplicateKeyError) else "not a YAML file"
        raise InputError(f"{path}: {what}{'' if place is None else f', see line {place.line + 1}'}") from None
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: expected keys, such as index, or task with an {RECORD}")
    return content


def find_settings(config: Mapping[str, Any], index: str | None, label: str) -> IndexEnhancementSettings | None:
    """The settings of one index in a config; None if it has none of it.

    Parameters
    ----------
    config : mapping
        Of qrun, of a task, or the settings themselves.
    index : str, optional
        By default the only one that the config has.
    label : str
        What errors call the config.

    Raises
    ------
    InputError
        Bad settings, several indices and none is named, or several records of one index.
    """
    found = _kwargs(config)
    names = [_index(kwargs, label) for kwargs in found]
    of_index = [kwargs for kwargs, name in zip(found, names, strict=True) if index is None or name == index.lower()]
    if len(of_index) > 1:
        listed = ", ".join(str(kwargs.get("index")) for kwargs in of_index)
        how = "name one with index" if index is None else "leave one in a config of its own"
        raise InputError(f"{label} has settings for {listed}: {how}")
    return IndexEnhancementSettings.of(**of_index[0]) if of_index else None


def fitting(index: str | None, recorders: Sequence[Recorder]) -> Sequence[Recorder]:
    """Those of several recorders whose tasks have settings of an index; all where none has.

    Parameters
    ----------
    index : str, optional
        By default the only one that the tasks have.
    recorders : sequence of Recorder
        Of an experiment.

    Raises
    ------
    InputError
        The tasks have settings of several indices, and none is named.
    """
    indices = [
        {_index(kwargs, f"the task of the recorder {recorder.id}") for kwargs in _kwargs(saved(recorder, "task"))}
        for recorder in recorders
    ]
    known = set[str]().union(*indices)
    if index is None and len(known) > 1:
        listed = ", ".join(sorted(known))
        raise InputError(f"the recorders of the experiment have settings for {listed}: name one with index")
    wanted = known if index is None else {index.lower()}
    return [recorder for recorder, own in zip(recorders, indices, strict=True) if own & wanted] or recorders


def _index(kwargs: Mapping[str, Any], label: str) -> str:
    """Of settings, in lower case; empty where there is none."""
    index = kwargs.get("index", "")
    if not isinstance(index, str):
        raise InputError(f"{label}: index is {index!r}: must be text; put a name of digits in quotes")
    return index.lower()


def _kwargs(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Settings of each record of a config."""
    task = config.get("task", config)
    if not isinstance(task, Mapping) or ("record" not in task and "index" in task):
        return [dict(config)]
    records = task.get("record")
    listed = records if isinstance(records, (list, tuple)) else [records]
    ours = [each for each in listed if isinstance(each, Mapping) and _class_name(each) == RECORD]  # or they are objects
    kwargs = [each.get("kwargs") or {} for each in ours]
    return [{name: value for name, value in each.items() if name not in _OF_THE_RECORD} for each in kwargs]


def _class_name(config: Mapping[str, Any]) -> str:
    return str(config.get("class", "")).rpartition(".")[2]


def choose_settings(
    index: str | None, config: Path | Mapping[str, Any] | None, task: Mapping[str, Any]
) -> tuple[IndexEnhancementSettings, str]:
    """Settings of a rebalance, and in words where they are from.

    Parameters
    ----------
    index : str, optional
    config : path or mapping, optional
        Goes before the recorder's task.
    task : mapping
        Of the recorder; may be empty.

    Raises
    ------
    InputError
        As of `find_settings`; a config without this index; no index at all.
    """
    if config is not None:
        label = "the config" if isinstance(config, Mapping) else str(config)
        content = config if isinstance(config, Mapping) else read_config(config)
        settings = find_settings(content, index, label)
        if settings is None:
            raise InputError(f"{label} has no {RECORD}{'' if index is None else f' of {index}'}")
        return settings, label
    settings = find_settings(task, index, "the recorder's task")
    if settings is not None:
        return settings, "the recorder's task"
    if index is None:
        raise InputError("name an index, such as csi500: the recorder's task has no settings of one")
    return IndexEnhancementSettings(index), "the Huatai report"
