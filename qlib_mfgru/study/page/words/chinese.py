"""Sentences of the records, whose English stands in their rooms, in Chinese: found by their form, values kept."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import yaml

_END = re.compile(r'(?<=\.)\s+(?=[A-Z"`])')
_FIELD = re.compile(r"\\\{(\w+)\\\}")


def in_chinese(text: str) -> str:
    """Every sentence that is known in Chinese; others stay as they are."""
    return "".join(_translated(sentence) for sentence in _END.split(text))


def sentences() -> dict[str, str]:
    """English -> Chinese, with fields in braces."""
    content = _content()
    return _pairs(content["factor tests"]) | _pairs(content["index enhancements"])


def _translated(sentence: str) -> str:
    for form, chinese in _forms():
        found = form.fullmatch(sentence)
        if found:
            return chinese.format(**{name: _phrase(value) for name, value in found.groupdict().items()})
    return sentence


def _phrase(value: str) -> str:
    """A value in which known phrases are Chinese."""
    phrases = _pairs(_content()["phrases"])
    for english in sorted(phrases, key=len, reverse=True):
        value = re.sub(rf"\b{re.escape(english)}(?!\w)", phrases[english], value)
    return value


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    """Patterns of the English sentences, each field a group, and the Chinese ones."""
    return [
        (re.compile(_FIELD.sub(r"(?P<\1>.*?)", re.escape(english))), chinese)
        for english, chinese in sentences().items()
    ]


@cache
def _content() -> dict[str, list[dict[str, str]]]:
    text = (files("qlib_mfgru.study.page.words") / "chinese.yaml").read_text(encoding="utf-8")
    content: dict[str, list[dict[str, str]]] = yaml.safe_load(text)
    return content


def _pairs(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["en"]: row["zh"] for row in rows}
