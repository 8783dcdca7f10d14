"""The words of pages and charts: one table, name -> (English, Chinese), and the language that is spoken now.

Files keep their machine names (`rank_ic_mean`); people read `header("rank_ic_mean")`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from qlib_mfgru.numerals import Numerals
from qlib_mfgru.report.words.headers import HEADERS
from qlib_mfgru.report.words.labels import LABELS

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_spoken: ContextVar[Language] = ContextVar("language", default="en")


@contextmanager
def language(spoken: Language) -> Iterator[None]:
    """Words in this language within; for charts `style.language`, which also sees to fonts."""
    token = _spoken.set(spoken)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> Language:
    """The language that is spoken now."""
    return _spoken.get()


def header(name: object) -> str:
    """The words of a column, or of a name in a cell; a name without any is itself."""
    return _said(HEADERS.get(str(name), (str(name), str(name))))


def label(name: str, /, **values: object) -> str:
    """Words of a chart, with its values filled in.

    Raises
    ------
    KeyError
        No such name in `LABELS`.
    """
    return Numerals().format(_said(LABELS[name]), **values)


def _said(words: tuple[str, str]) -> str:
    return words[LANGUAGES.index(spoken())]
