"""One name for each model on the whole page: in sentences, tables, captions and charts."""

from __future__ import annotations

from dataclasses import replace

from qlib_mfgru.study.page.numbering import MODELS
from qlib_mfgru.study.page.subjects import Subject
from qlib_mfgru.study.page.words import Words


def named(subject: Subject, words: Words) -> Subject:
    """A subject, and its results, under the name that the page has for its model.

    That is the name it was given; of one that was given the Huatai report's model's, as ``gru``, the words for that.
    """
    own = subject.name.removesuffix(f" {subject.origin[:6]}")
    name = words.head(own) + subject.name[len(own) :] if own == subject.model else subject.name
    return replace(
        subject,
        name=name,
        factor=subject.factor and replace(subject.factor, model=name),
        enhancements=[replace(each, result=replace(each.result, model=name)) for each in subject.enhancements],
    )


def translated(name: str, words: Words, to: Words) -> str:
    """A name of the page in another language: that of charts where no font has Chinese."""
    known = {words.head(model): to.head(model) for model in MODELS.values()}
    own = max((each for each in known if name.startswith(each)), key=len, default="")
    return known[own] + name.removeprefix(own) if own else name
