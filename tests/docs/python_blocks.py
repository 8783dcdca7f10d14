"""Python of a page: whether it compiles, what it imports is there, and functions of ours take what they are given."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
from collections.abc import Iterator
from typing import Any

from docs.markdown_blocks import Page, Shown

_DOTTED = re.compile(r"qlib_mfgru(?:\.\w+)+")


def faults(page: Page) -> Iterator[str]:
    """What is wrong with the Python of a page; a name that one block imports is known in those after it."""
    names: dict[str, Any] = {}
    for block in page.blocks:
        if block.language == "python":
            yield from _of_block(block, names)
    for span in page.spans:
        named = _DOTTED.match(span.text)
        if named and (told := _unresolved(named[0])) is not None:
            yield f"{span.place}: {told}"


def _of_block(block: Shown, names: dict[str, Any]) -> Iterator[str]:
    try:
        tree = ast.parse(block.text)
    except SyntaxError as error:
        yield f"{block.page}:{block.line + (error.lineno or 1) - 1}: {error.msg}"
        return
    for node in ast.walk(tree):
        told = None
        if isinstance(node, ast.ImportFrom):
            told = _imported(node, names)
        elif isinstance(node, ast.Import):
            told = next((f"there is no {each.name}" for each in node.names if not _is_module(each.name)), None)
        elif isinstance(node, ast.Call):
            told = _called(node, names)
        if told is not None:
            yield f"{block.page}:{block.line + getattr(node, 'lineno', 1) - 1}: {told}"


def _imported(node: ast.ImportFrom, names: dict[str, Any]) -> str | None:
    if not _is_module(str(node.module)):
        return f"there is no {node.module}"
    module = importlib.import_module(str(node.module))
    for each in node.names:
        if not hasattr(module, each.name) and not _is_module(f"{node.module}.{each.name}"):
            return f"{node.module} has no {each.name}"
        names[each.asname or each.name] = getattr(module, each.name, None)
    return None


def _called(node: ast.Call, names: dict[str, Any]) -> str | None:
    """A call of a function or class that the page imports from this package."""
    called = _value(node.func, names)
    if not callable(called) or not getattr(called, "__module__", "").startswith("qlib_mfgru"):
        return None
    if any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords):
        return None
    try:
        inspect.signature(called).bind(*node.args, **{str(each.arg): each.value for each in node.keywords})
    except TypeError as error:
        return f"{ast.unparse(node.func)}: {error}"
    return None


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, names), node.attr, None)
    return None


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _unresolved(dotted: str) -> str | None:
    """What of a dotted name there is not."""
    value: Any = None
    parts = dotted.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        if end == 1 or (inspect.ismodule(value) and _is_module(name)):
            value = importlib.import_module(name)
        elif hasattr(value, parts[end - 1]):
            value = getattr(value, parts[end - 1])
        else:
            return f"there is no {name}"
    return None
