"""The words of the page in English and Chinese: one table of names, and one of sentences."""

from __future__ import annotations

from typing import Any, Literal

from qlib_mfgru.numerals import Numerals
from qlib_mfgru.study.page.numbering import MODELS
from qlib_mfgru.study.page.words.chinese import in_chinese, ingest_in_chinese
from qlib_mfgru.study.page.words.headers import HEADERS
from qlib_mfgru.study.page.words.sentences import SENTENCES

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Words:
    """Words of a language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._place = LANGUAGES.index(language)

    def __call__(self, name: str, /, **values: Any) -> str:
        """A sentence or title of the page, with values in it."""
        return Numerals().format(SENTENCES[name][self._place], **values)

    def __contains__(self, name: str) -> bool:
        return name in HEADERS

    def head(self, name: str) -> str:
        """What a column, a row or a file of the records is called; of an unknown one its name without underscores."""
        return HEADERS[name][self._place] if name in HEADERS else name.replace("_", " ")

    def translated(self, name: str, to: Words) -> str:
        """A model's name on the page in other words: those of charts where no font has Chinese."""
        known = {self.head(model): to.head(model) for model in MODELS.values()}
        own = max((each for each in known if name.startswith(each)), key=len, default="")
        return known[own] + name.removeprefix(own) if own else name

    def said(self, sentence: str) -> str:
        """A sentence of the records, whose English is in their rooms."""
        return sentence if self.language == "en" else in_chinese(sentence)

    def ingested(self, line: str) -> str:
        """A line of an ingest report, whose English is in the rooms of ingest and of the judge."""
        return line if self.language == "en" else ingest_in_chinese(line)
