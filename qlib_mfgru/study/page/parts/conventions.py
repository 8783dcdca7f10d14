"""What the numbers of all tables mean, once, at the end of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from qlib_mfgru.factor.results.conventions import conventions as of_factor
from qlib_mfgru.portfolio.results.conventions import conventions as of_portfolio
from qlib_mfgru.study.page.elements import Part, Said, Section
from qlib_mfgru.study.page.parts import factors, portfolios
from qlib_mfgru.study.page.parts.best import best_sentences
from qlib_mfgru.study.page.subjects import Subject
from qlib_mfgru.study.page.words import Words

BEST = "best-of-several"


def conventions_part(subjects: Sequence[Subject], words: Words) -> Part:
    """What the numbers of all tables mean: once, those that only some runs have with their names."""
    part = Part("conventions", words("part_conventions"))
    tests = {subject.name: of_factor(subject.factor) for subject in subjects if subject.factor is not None}
    runs = {
        f"{index}, {each.name}": of_portfolio(each.result)
        for index, named in portfolios.by_index(subjects).items()
        for each in named
    }
    for anchor, title, sentences in (
        (factors.ANCHOR, "factor_tests", tests),
        (portfolios.ANCHOR, "enhancements", runs),
    ):
        if sentences:
            part.sections.append(Section(anchor, words(title), [Said(_once(sentences, words))]))
    if best_sentences(subjects, words):
        part.sections.append(Section(BEST, words("part_summary"), [Said([words("best_how")])]))
    return part


def _once(sentences: Mapping[str, Sequence[str]], words: Words) -> list[str]:
    """Sentences that all share, as they are; others with the names of those that have them."""
    by_sentence: dict[str, list[str]] = {}
    places = [sentence for at in zip_longest(*sentences.values()) for sentence in at if sentence is not None]
    for sentence in dict.fromkeys(places):
        by_sentence[sentence] = [name for name, own in sentences.items() if sentence in own]
    return [
        words.said(sentence) if len(names) == len(sentences) else f"{'; '.join(names)}: {words.said(sentence)}"
        for sentence, names in by_sentence.items()
    ]
