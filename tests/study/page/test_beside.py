"""Sentences of several models' records."""

from __future__ import annotations

from qlib_mfgru.study.page.beside import of_whom
from qlib_mfgru.study.page.words import Words


def test_a_sentence_that_is_not_all_models_names_whose_it_is() -> None:
    notes = [("gru", ["of all", "of two"]), ("mixed", ["of all", "alone"]), ("day", ["of two", "of all"])]
    assert of_whom(notes, Words("en")) == ["of all", "gru, day: of two", "mixed: alone"]


def test_of_a_single_model_nobody_is_named() -> None:
    assert of_whom([("gru", ["its own"])], Words("en")) == ["its own"]
    assert of_whom([], Words("en")) == []
