"""Which settings a rebalance follows: a YAML's, those that a recorder was run with, or the Huatai report's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Template, TemplateError
from qlib.utils.data import update_config

from qlib_mfgru.errors import InputError
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
    except (TemplateError, UnicodeError) as error:
        raise InputError(f"{path}: {error}") from None
    return config


def _parsed(path: Path, text: str) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        place = getattr(error, "problem_mark", None)
        raise InputError(f"{path}: not a YAML file{'' if place is None else f', see line {place.line + 1}'}") from None
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
    of_index = [kwargs for kwargs in found if index is None or str(kwargs.get("index")).lower() == index.lower()]
    if len(of_index) > 1:
        names = ", ".join(str(kwargs.get("index")) for kwargs in of_index)
        how = "name one with index" if index is None else "leave one in a config of its own"
        raise InputError(f"{label} has settings for {names}: {how}")
    return IndexEnhancementSettings.of(**of_index[0]) if of_index else None


def _kwargs(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Settings of each record of a config."""
    task = config.get("task", config)
    if not isinstance(task, Mapping) or ("record" not in task and "index" in task):
        return [dict(config)]
    records = task.get("record") or []
    listed: Sequence[Any] = [records] if isinstance(records, Mapping) else records
    kwargs = [each.get("kwargs", {}) for each in listed if str(each.get("class", "")).rpartition(".")[2] == RECORD]
    return [{name: value for name, value in each.items() if name not in _OF_THE_RECORD} for each in kwargs]


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
