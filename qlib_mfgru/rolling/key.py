"""Keys of units: they stay as long as the result would be the same, and change with anything that it depends on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch

import qlib_mfgru
from qlib_mfgru import native
from qlib_mfgru.rolling.sources import foreign_files

_CODE = ("data", "model", "native", "nn", "provider", "settings.py", "threads.py")
"""Packages and files of ours that decide what a unit learns and predicts."""
_BUILT = {".pyc", ".pyo", ".so"}
_COMPILED = "__pycache__"
"""Where a process that compiles leaves a file of another name for a moment."""


def digest(content: Any) -> str:
    """Short hash of anything made of plain values, dates and containers."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:20]


def code_version(*configs: Any) -> str:
    """Hash of the source files behind the classes that `configs` name and of the user's own that they import, of this
    package's networks and of the kernels' build, and torch's version.

    Parameters
    ----------
    *configs
        As of `foreign_files`.

    Raises
    ------
    InputError
        If the kernels were built of other sources: what they train must not be kept under these sources' key; or as of
        `foreign_files`.
    """
    root = Path(qlib_mfgru.__file__).parent
    own = [path for name in _CODE for path in (root / name, *(root / name).rglob("*")) if path.is_file()]
    files = {path for path in own if path.suffix not in _BUILT and path.parent.name != _COMPILED}
    files |= foreign_files(*configs)
    hashed = sorted((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files)
    return digest([torch.__version__, native.version(), hashed])
