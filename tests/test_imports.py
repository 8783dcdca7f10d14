"""Who imports whom: no circles, rooms in the direction of the data, and torch only where networks are."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import qlib_mfgru
from qlib_mfgru.rolling import key

ROOT = Path(qlib_mfgru.__file__).parent
EVERYWHERE = {
    "",
    "addresses",
    "arguments",
    "configs",
    "errors",
    "folders",
    "machine",
    "numerals",
    "output",
    "processes",
    "refusals",
    "settings",
    "threads",
}
"""What any room may import: files beside the rooms, and the package's version."""
MAY_IMPORT: dict[str, set[str]] = {
    "provider": set(),
    "native": set(),
    "nn": {"native"},
    "ingest": {"provider"},
    "demo": {"provider"},
    "report": {"provider"},
    "data": {"provider", "native"},
    "model": {"data", "nn", "native", "report"},
    "rolling": {"provider", "data", "nn", "native", "model"},
    "factor": {"provider", "report"},
    "portfolio": {"provider", "report"},
    "live": {"provider", "ingest", "data", "model", "rolling", "factor", "portfolio", "report"},
    "study": {
        *("provider", "ingest", "data", "nn", "native", "model", "rolling", "factor", "portfolio", "live", "report"),
        "shipped",
    },
    "shipped": set(),
    "smoke": set(),  # its checks import what they try
    "rehearsal": {"provider", "demo", "live", "portfolio", "report", "cli"},
}
"""Room -> the rooms that it may import; nothing flows back."""
WITHOUT_TORCH = ("provider", "factor", "portfolio", "report")


def module_name(path: Path) -> str:
    parts = [ROOT.name, *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in ROOT.rglob("*.py")}


def statements(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements that run, or that a type checker reads, when a module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from statements(child)


def imported(module: str) -> set[str]:
    """Modules of ours that one imports at its own level."""
    names: set[str] = set()
    for statement in statements(ast.parse(MODULES[module].read_text())):
        if isinstance(statement, ast.Import):
            names |= {alias.name for alias in statement.names}
        else:
            assert not statement.level, f"{module}: a relative import"
            within = [f"{statement.module}.{alias.name}" for alias in statement.names]
            names |= {name if name in MODULES else str(statement.module) for name in within}
    return names & MODULES.keys()


def room(module: str) -> str:
    """``qlib_mfgru.data.panel`` is in the room ``data``; the package itself is in none."""
    return module.split(".")[1] if "." in module else ""


GRAPH = {module: imported(module) for module in MODULES}


def closure(modules: set[str]) -> set[str]:
    """All modules of ours that some import, directly or through others."""
    reached: set[str] = set()
    waiting = set(modules)
    while waiting:
        module = waiting.pop()
        reached.add(module)
        waiting |= GRAPH[module] - reached
    return reached


def test_the_graph_sees_imports_that_are_there() -> None:
    assert "qlib_mfgru.errors" in GRAPH["qlib_mfgru.provider.reader"]
    assert "qlib_mfgru.data" in GRAPH["qlib_mfgru.rolling.folds"]
    assert "qlib_mfgru.provider.reader" in closure({"qlib_mfgru.rolling.identity"})


def test_no_circle() -> None:
    try:
        list(TopologicalSorter(GRAPH).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


@pytest.mark.parametrize("name", sorted({room(module) for module in MODULES} - EVERYWHERE - {"cli"}))
def test_a_room_imports_only_what_comes_before_it(name: str) -> None:
    used = {room(other) for module in MODULES if room(module) == name for other in GRAPH[module]}
    assert used - EVERYWHERE - {name} <= MAY_IMPORT[name]


def test_what_stands_beside_the_rooms_imports_none() -> None:
    assert {room(other) for name in EVERYWHERE - {""} for other in closure({f"qlib_mfgru.{name}"})} <= EVERYWHERE


def test_a_units_key_is_over_all_code_that_decides_its_result() -> None:
    """Of what training imports only the code that refuses, or puts files in their place, is not hashed."""
    training = closure({f"qlib_mfgru.model.{name}" for name in ("networks", "incremental", "mean")})
    hashed = [ROOT / name for name in key._CODE]
    left = {name for name in training if not any(path in (MODULES[name], *MODULES[name].parents) for path in hashed)}
    beside = {"addresses", "configs", "errors", "machine", "refusals"}
    assert {name for name in left if room(name) != "folders"} == {f"qlib_mfgru.{name}" for name in beside}


def test_no_torch() -> None:
    """In a fresh process, and of every module of these rooms; the first that imports it is named."""
    modules = sorted(module for module in MODULES if room(module) in WITHOUT_TORCH)
    code = f"""
import importlib, sys
for name in {modules}:
    importlib.import_module(name)
    assert 'torch' not in sys.modules, name
"""
    subprocess.run([sys.executable, "-c", code], check=True)
