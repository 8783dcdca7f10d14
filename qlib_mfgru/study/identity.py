"""What a part's recorder is known by: a digest of all that its result depends on."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qlib.config import C

import qlib_mfgru
from qlib_mfgru.provider.storage.updates import content_key
from qlib_mfgru.rolling.key import code_version, digest
from qlib_mfgru.rolling.spelling import class_named, spelled
from qlib_mfgru.study.effective import effective
from qlib_mfgru.study.inherited import inherited

_FORMAT = 1  # part of every key: raise it when a part's meaning changes
_HOW = {"n_jobs", "backend", "units_dir", "cache_dir"}
"""Settings of how something is computed, and of where it is kept, which change no result. A class of one's own may mean
something else by such a name, unless it has it from one of qlib's or ours."""


def part_keys(task: Mapping[str, Any], content: str) -> list[str]:
    """The keys that a part may be known by: first that of its effective settings, under which it is kept.

    A part that was kept before defaults were left out of keys has that of its settings as they are written.

    Parameters
    ----------
    task : mapping
        In which a recorder that it needs is named by that one's own key.
    content : str
        As of `provider_content`.
    """
    settled = _settled(inherited(task))
    by = [qlib_mfgru.__version__, code_version(settled)]
    written, lasting = spelled(settled), spelled(effective(settled))
    return list(dict.fromkeys(digest([_FORMAT, each, content, *by]) for each in (lasting, written)))


def provider_content() -> str:
    """A key of the content of the provider on which qlib is initialised.

    It is that of its checksums; of a provider that another program made, that of its files' names, sizes and times.
    """
    folders = {str(folder) for folder in C.dpm.provider_uri.values()}
    return digest([_content(Path(folder).expanduser()) for folder in sorted(folders)])


def _content(folder: Path) -> Any:
    key = content_key(folder)
    if key:
        return key
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return [[file.relative_to(folder).as_posix(), file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def _settled(value: Any) -> Any:
    """A config without the settings that change no result."""
    if isinstance(value, Mapping):
        settled = {key: _settled(each) for key, each in value.items()}
        kind = class_named(settled)
        if kind is not None and isinstance(settled.get("kwargs"), Mapping):
            how = _HOW & _parameters_of_known(kind)
            settled["kwargs"] = {key: each for key, each in settled["kwargs"].items() if key not in how}
        return settled
    return [_settled(each) for each in value] if isinstance(value, (list, tuple)) else value


def _parameters_of_known(kind: type) -> set[str]:
    """Names of arguments that a class, or one that it is made from, takes as one of qlib's or ours."""
    known = [base for base in kind.__mro__ if base.__module__.split(".")[0] in ("qlib", "qlib_mfgru")]
    return {name for base in known for name in inspect.signature(base).parameters}
