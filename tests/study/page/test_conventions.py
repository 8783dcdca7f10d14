"""What the numbers mean stands once, whoever says how much."""

from __future__ import annotations

from qlib_mfgru.study.page.parts.conventions import _once
from qlib_mfgru.study.page.words import Words


def test_a_sentence_of_one_run_alone_is_kept() -> None:
    sentences = {"a": ["Shared.", "Of one.", "Last of one."], "b": ["Shared."]}
    assert _once(sentences, Words("en")) == ["Shared.", "a: Of one.", "a: Last of one."]


def test_sentences_of_a_place_stand_together() -> None:
    sentences = {"a": ["Five layers.", "End."], "b": ["Four layers.", "End."], "c": ["Five layers.", "End."]}
    assert _once(sentences, Words("en")) == ["a; c: Five layers.", "b: Four layers.", "End."]
