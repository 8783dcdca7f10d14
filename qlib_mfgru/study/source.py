"""A study's file, and those of the models that it names, as qrun reads them: rendered, and merged into their base."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from qlib.cli.run import render_template, sys_config
from qlib.log import set_global_logger_level_cm
from qlib.utils.data import update_config
from ruamel.yaml import YAML, YAMLError

from qlib_mfgru.errors import InputError
from qlib_mfgru.refusals import within
from qlib_mfgru.settings import Names, Settings, Text, checked
from qlib_mfgru.shipped import FOLDER

BASE, SYS = "BASE_CONFIG_PATH", "sys"


class SysSettings(Settings):
    """Where Python looks for the user's own modules, as in qrun; of `rel_path` from the file's folder on."""

    path: Text | Names = ()
    rel_path: Text | Names = ()


@dataclass(frozen=True)
class StudySource:
    """What a study's file says, merged into its base.

    Attributes
    ----------
    content : mapping
    folder : Path
        Where the files that it names are looked for first.
    base : Path or None
    """

    content: Mapping[str, Any]
    folder: Path
    base: Path | None

    @classmethod
    def read(cls, study: str | Path | Mapping[str, Any]) -> StudySource:
        """Of a file, or of what could stand in one.

        Raises
        ------
        InputError
            There is no such file, or it is no YAML.
        """
        file = None if isinstance(study, Mapping) else Path(study)
        own = dict(study) if isinstance(study, Mapping) else _loaded(Path(study))
        folder = Path.cwd() if file is None else file.absolute().parent
        base = _base(own, folder)
        content = _merged(own, base)
        _find_modules(content, file or folder / "study")
        return cls(content, folder, base)

    def task_of(self, name: str) -> dict[str, Any]:
        """The task of a workflow's YAML: one of the study's own base adds to the study's task, any other stands alone.

        Parameters
        ----------
        name : str
            A path from the study's folder, or from that of the shipped configs; its ``.yaml`` may be left out.
        """
        named = Path(f"{name.removesuffix('.yaml')}.yaml").expanduser()
        file = next((place / named for place in (self.folder, FOLDER) if (place / named).is_file()), None)
        if file is None:
            raise InputError(f"there is no {named} in {self.folder}, nor among the shipped configs (mfgru configs)")
        own = _loaded(file)
        base = _base(own, file.absolute().parent)
        content = _merged(own, base)
        with within(str(file)):
            _find_modules(content, file)
        if base is not None and self.base is not None and base.samefile(self.base):
            return dict(update_config(self.content["task"], own.get("task") or {}))
        return dict(content.get("task") or {})


def _base(content: dict[str, Any], folder: Path) -> Path | None:
    """The base that it names, where qrun would find it; the name is taken out."""
    name = content.pop(BASE, None)
    if name is None:
        return None
    if not isinstance(name, str):
        raise InputError(f"{BASE} is {name!r}: must be the name of a file")
    found = next((file for file in (Path(name), folder / name) if file.is_file()), None)
    if found is None:
        raise InputError(f"{BASE} is {name}: there is no such file here, nor in {folder}")
    return found


def _merged(own: dict[str, Any], base: Path | None) -> dict[str, Any]:
    return own if base is None else dict(update_config(_raw(base), own))


def _find_modules(content: dict[str, Any], file: Path) -> None:
    """Let Python find the user's own modules, as qrun does by a file and its base; the setting is taken out."""
    checked(SysSettings, SYS, content.get(SYS, {}))
    sys_config(content, str(file))
    content.pop(SYS, None)


def _loaded(file: Path) -> dict[str, Any]:
    try:
        with set_global_logger_level_cm(logging.WARNING):  # it logs the environment's values
            return _mapping(file, render_template(str(file)))
    except (OSError, UnicodeDecodeError, TemplateError, TypeError) as error:  # the last where a template names others
        raise InputError(f"{file}: cannot be read ({' '.join(str(error).split())})") from error


def _raw(file: Path) -> dict[str, Any]:
    try:
        return _mapping(file, file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: cannot be read ({error})") from error


def _mapping(file: Path, text: str) -> dict[str, Any]:
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:  # the other of a day that no month has
        raise InputError(f"{file}: no YAML ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict):
        raise InputError(f"{file}: must be a mapping")
    return content
