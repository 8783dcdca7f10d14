"""Files from outside this package that decide what a unit learns: those of the classes that its configs name, and all
that these files import of a user's own."""

from __future__ import annotations

import ast
import inspect
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.machinery import PathFinder
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import FunctionType
from typing import Any

from qlib.utils import get_callable_kwargs

from qlib_mfgru.errors import InputError

_KNOWN = {"qlib_mfgru", "qlib", "torch"}
"""Ours, whose files are chosen one by one, and those that the environment has; torch's version is part of the key."""
_STANDARD = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
_PACKAGES = {"site-packages", "dist-packages"}


def foreign_files(*configs: Any) -> set[Path]:
    """Files of classes and functions, and of the modules of the user's own that these import, directly or not.

    Parameters
    ----------
    *configs
        Configs (class, module_path, kwargs), which may hold further ones; or objects, whose classes are meant.

    Raises
    ------
    InputError
        A class that was typed into an interpreter: no file says what it does.
    """
    named = {name: _file_of_class(name) for config in configs for name in _modules(config)}
    files = {name: file for name, file in named.items() if file is not None and not _is_standard(file)}
    waiting = list(files.items())
    while waiting:
        for name in _imports(*waiting.pop()):
            file = _place(name)[0]
            if name not in files and file is not None and not (_is_standard(file) or _PACKAGES & set(file.parts)):
                files[name] = file
                waiting.append((name, file))
    return set(files.values())


def _modules(config: Any) -> Iterator[str]:
    """Modules of the classes and functions that a config names or an object is made of, with the packages around."""
    if isinstance(config, (dict, list, tuple)):
        for value in [_named(config), *config.values()] if isinstance(config, dict) else config:
            yield from _modules(value)
        return
    kind = config if isinstance(config, (type, FunctionType)) else type(config)
    for part in inspect.getmro(kind) if isinstance(kind, type) else [kind]:
        yield from _with_packages(part.__module__)


def _named(config: dict[Any, Any]) -> Any:
    """What qlib takes a mapping's `class` for; None where that is plain data, such as ``{class: relu}``."""
    try:
        return get_callable_kwargs(config)[0]
    except Exception:  # a module's own code runs: anything may be raised; what had to be a config was refused before
        return None


def _with_packages(name: str) -> Iterator[str]:
    """A module and the packages that it lies in, whose files run before its own; nothing of what is known."""
    steps = name.split(".")
    if steps[0] not in _KNOWN:
        yield from (".".join(steps[:depth]) for depth in range(1, len(steps) + 1))


def _file_of_class(name: str) -> Path | None:
    file, folders = _place(name)
    if file is None and not folders and name not in sys.builtin_module_names:
        raise InputError(f"a class of {name} has no file: write it into one, so that units tell its versions apart")
    return file


def _place(name: str) -> tuple[Path | None, Iterable[str]]:
    """A module's file and, of a package, its folders, imported yet or not; nothing of it is run."""
    if name in sys.modules:
        module = sys.modules[name]
        file, folders = getattr(module, "__file__", None), getattr(module, "__path__", ())
    else:
        package = name.rpartition(".")[0]
        spec = PathFinder.find_spec(name, list(_place(package)[1])) if package else find_spec(name)
        file = spec.origin if spec is not None and spec.has_location else None
        folders = (spec.submodule_search_locations if spec is not None else None) or ()
    return Path(file) if file else None, folders


def _is_standard(file: Path) -> bool:
    return any(folder in file.parents for folder in _STANDARD) and not _PACKAGES & set(file.parts)


def _imports(name: str, file: Path) -> Iterator[str]:
    """All that a module's import statements may mean, those within functions too; some are names of no module."""
    if file.suffix != ".py":
        return
    around = name if file.stem == "__init__" else name.rpartition(".")[0]
    package = getattr(sys.modules.get(name), "__package__", None) or around
    with suppress(SyntaxError):  # a file that is never imported: it may be anything
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from _with_packages(alias.name)
            elif isinstance(node, ast.ImportFrom):
                with suppress(ImportError):  # relative where there is no package: it was never run
                    origin = resolve_name("." * node.level + (node.module or ""), package)
                    for alias in node.names:
                        yield from _with_packages(f"{origin}.{alias.name}")
