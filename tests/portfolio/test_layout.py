"""The rooms of the package: nothing flows back, nothing heavy is imported, every public name is there."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import qlib_mfgru.portfolio as portfolio

FOLDER = Path(portfolio.__file__).parent
PREFIX = "qlib_mfgru.portfolio"


def imports_of(path: Path) -> set[str]:
    """Modules of the package that a file imports, those for type checkers included."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PREFIX):
            names = [f"{node.module}.{alias.name}".removeprefix(f"{PREFIX}.") for alias in node.names]
            modules |= {name if is_module(name) else name.rpartition(".")[0] for name in names}
    return modules


def is_module(name: str) -> bool:
    return (FOLDER / f"{name.replace('.', '/')}.py").exists()


def graph() -> dict[str, set[str]]:
    files = [path for path in FOLDER.rglob("*.py") if path.name != "__init__.py"]
    return {".".join(path.relative_to(FOLDER).with_suffix("").parts): imports_of(path) for path in files}


def test_there_is_no_circle_of_imports() -> None:
    modules = graph()
    assert modules["optimise.constraints"] == {"optimise.base", "value_types"}
    assert "settings" not in modules["snapshot"]
    assert len(list(TopologicalSorter(modules).static_order())) == len(modules)


def test_rooms_import_in_one_direction() -> None:
    """optimise, trade, results: each uses those before it only."""
    rooms = ["optimise", "trade", "results"]
    for module, imported in graph().items():
        later = rooms[rooms.index(module.split(".")[0]) + 1 :] if module.split(".")[0] in rooms else []
        assert not [name for name in imported if name.split(".")[0] in later], module


def test_every_public_name_without_torch() -> None:
    code = (
        "import sys, qlib_mfgru.portfolio as p; assert all(hasattr(p, name) for name in p.__all__); "
        "print(len(p.__all__), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(portfolio.__all__)), "False"]
    assert len(portfolio.__all__) >= 24
