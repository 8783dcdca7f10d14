"""How to make it again: commands, versions, seeds, keys of units."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from qlib_mfgru.addresses import without_addresses
from qlib_mfgru.study.page.elements import Block, Code, Part, Said, Section
from qlib_mfgru.study.page.subjects import Subject, kwargs_of
from qlib_mfgru.study.page.tables import table
from qlib_mfgru.study.page.words import Words

_PACKAGES = ("qlib_mfgru", "pyqlib", "torch", "numpy", "pandas", "highspy", "matplotlib")
_KEPT = ("model", "dataset", "record")


def origin_part(subjects: Sequence[Subject], command: str, words: Words) -> Part:
    """Recorders and their commands, seeds and units, the versions here, and the command of this page."""
    recorders = pd.DataFrame([_row(subject, words) for subject in subjects])
    versions = pd.DataFrame([{"package": name, "version": _version(name)} for name in _PACKAGES])
    sections = [
        Section("recorders", words("recorders"), [table(recorders, words), *_without_task(subjects, words)]),
        *_units(subjects, words),
        Section("versions", words("versions"), [Said([words("versions_here")]), table(versions, words)]),
        Section("tasks", words("tasks"), list(_tasks(subjects))),
        Section("command", words("command"), [Code(command)]),
    ]
    return Part("again", words("part_again"), [section for section in sections if section.blocks])


def _row(subject: Subject, words: Words) -> dict[str, Any]:
    params = subject.recorder.list_params()
    return {
        "model": subject.name,
        "recorder": subject.recorder.id,
        "command": _without_folders(params.get("cmd-sys.argv", "")) or pd.NA,
        "seeds": seeds(subject.task) or pd.NA,
        "train": _segment(subject.task, "train", words) or pd.NA,
        "test": _segment(subject.task, "test", words) or pd.NA,
    }


def seeds(task: Mapping[str, Any]) -> str:
    """The seed or seeds that a task's model names, its inner models' included."""
    config, found = task.get("model"), list[str]()
    while isinstance(config, Mapping):
        kwargs = config.get("kwargs") or {}
        for name in ("seeds", "seed"):
            value = kwargs.get(name)
            found += [
                str(each) for each in (value if isinstance(value, (list, tuple)) else [value]) if each is not None
            ]
        config = kwargs.get("model")
    return ", ".join(found)


def _segment(task: Mapping[str, Any], name: str, words: Words) -> str:
    segments = kwargs_of(task.get("dataset")).get("segments") or {}
    span = segments.get(name)
    return " .. ".join(words("open") if day is None else str(day)[:10] for day in span) if span else ""


def _without_folders(arguments: str) -> str:
    """A command without the folders of the machine that ran it."""
    return " ".join(shlex.quote(Path(word).name) for word in without_addresses(arguments).split())


def _without_task(subjects: Sequence[Subject], words: Words) -> list[Block]:
    names = [subject.name for subject in subjects if not subject.task]
    return [Said([words("no_task", names=", ".join(names))], warning=True)] if names else []


def _units(subjects: Sequence[Subject], words: Words) -> list[Section]:
    blocks = [table(subject.units, words, title=subject.name) for subject in subjects if len(subject.units)]
    return [Section("units", words("units"), blocks)] if blocks else []


def _tasks(subjects: Sequence[Subject]) -> Iterator[Block]:
    for subject in subjects:
        if subject.task:
            task = {name: subject.task[name] for name in _KEPT if name in subject.task}
            text = yaml.safe_dump(_plain({"task": task}), sort_keys=False, allow_unicode=True)
            yield Code(f"# {subject.name}: {subject.recorder.id}\n{without_addresses(text)}")


def _plain(value: Any) -> Any:
    """Plain values, objects as they print."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"
