"""Sentences of records and ingest reports, whose English stands in their rooms, in Chinese: found by their form."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_END = re.compile(r'(?<=\.)\s+(?=[A-Z"`])')
_OF = re.compile(r"([\w.]+): (.+)")
_FIELD = re.compile(r"\\\{(\w+)\\\}")
"""In a sentence as a pattern is made of it."""
_FIELD_OF_CHINESE = re.compile(r"\{(\w+)\}")


def in_chinese(text: str) -> str:
    """Every sentence that is known in Chinese; others stay as they are."""
    return "".join(_translated(sentence) for sentence in _END.split(text))


def ingest_in_chinese(line: str) -> str:
    """A line of an ingest report that is known in Chinese, with what stands in its fields; others stay as they are.

    What it is of, an input or a code, stands before it.
    """
    if of := _OF.fullmatch(line):
        return f"{of[1]}：{ingest_in_chinese(of[2])}"
    for form, chinese in _forms(ingest_lines):
        if found := form.fullmatch(line):
            return chinese.format(**{name: ingest_in_chinese(value) for name, value in found.groupdict().items()})
    return line


def sentences() -> dict[str, str]:
    """Of the records: English -> Chinese, with fields in braces."""
    content = _content("chinese.yaml")
    return _pairs(content["factor tests"]) | _pairs(content["index enhancements"])


def ingest_lines() -> dict[str, str]:
    """Of ingest reports: English -> Chinese, with fields in braces."""
    return {english: chinese for part in _content("ingest.yaml").values() for english, chinese in part.items()}


def _translated(sentence: str) -> str:
    for form, chinese in _forms(sentences):
        found = form.fullmatch(sentence)
        if found:
            return chinese.format(**{name: _phrase(value) for name, value in found.groupdict().items()})
    return sentence


def _phrase(value: str) -> str:
    """A value in which known phrases are Chinese; their fields are whole numbers."""
    phrases = _pairs(_content("chinese.yaml")["phrases"])
    for english in sorted(phrases, key=len, reverse=True):
        form = _FIELD.sub(r"(?P<\1>\\d+)", re.escape(english))
        value = re.sub(rf"\b{form}(?!\w)", _FIELD_OF_CHINESE.sub(r"\\g<\1>", phrases[english]), value)
    return value


@cache
def _forms(pairs: Callable[[], dict[str, str]]) -> list[tuple[re.Pattern[str], str]]:
    """Patterns of the English sentences, each field a group, and the Chinese ones."""
    return [
        (re.compile(_FIELD.sub(r"(?P<\1>.*?)", re.escape(english))), chinese) for english, chinese in pairs().items()
    ]


@cache
def _content(file: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((files(__package__) / file).read_text(encoding="utf-8"))
    return content


def _pairs(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["en"]: row["zh"] for row in rows}
