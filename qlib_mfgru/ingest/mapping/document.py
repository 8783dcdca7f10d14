"""The YAML of a mapping file: its keys, each once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from qlib_mfgru.errors import InputError

_MOST_BYTES = 1 << 20
_MOST_VALUES = 100_000
"""Anchors included as often as they are referred to, which may be without end."""
_INT = "tag:yaml.org,2002:int"


class _Loader(yaml.SafeLoader):
    """Refuses what YAML itself takes in silence: a key that is given twice, of which the last one would hold.

    The code 000300 and the time 15:00 are text, not numbers to the base of 8 and of 60.
    """

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """A mapping, checked before the keys of others are merged into it."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} is given twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _INT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    _INT, re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$"), list("-+0123456789")
)


def read_document(path: Path) -> Mapping[str, Any]:
    """The keys of a mapping file.

    Raises
    ------
    InputError
        Not a file, not YAML, or no keys: one line, which does not show the file's lines, since they may hold a
        password.
    """
    text = _text(path)
    try:
        content = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a YAML file: {_fault(error)}") from None
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: expected keys such as bars, daily, members")
    if sum(1 for _ in islice(_values(content), _MOST_VALUES)) == _MOST_VALUES:
        raise InputError(f"{path}: holds itself, or more than {_MOST_VALUES:,} values")
    return content


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise InputError(f"{path}: {'a folder' if path.is_dir() else 'no regular file'}, not a mapping's YAML file")
        if size > _MOST_BYTES:
            raise InputError(f"{path}: {size:,} bytes are too many for a mapping; is it a vendor's file?")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a YAML file in UTF-8: byte {error.start} is none of its text") from None


def _values(content: Any) -> Iterator[Any]:
    """All values within one, themselves included."""
    left = [content]
    while left:
        yield (value := left.pop())
        if isinstance(value, Mapping):
            left += value.values()
        elif isinstance(value, list):
            left += value


def _fault(error: Exception) -> str:
    """What is wrong, and on which line; not the line itself."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if not isinstance(error, yaml.MarkedYAMLError):
        return " ".join(str(error).split())
    said = ((error.context, error.context_mark), (error.problem, error.problem_mark))
    return ", ".join(f"{what}{f' (line {mark.line + 1})' if mark else ''}" for what, mark in said if what)
