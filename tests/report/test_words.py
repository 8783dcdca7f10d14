"""The table of words: whole in both languages, used, and spoken only within its context."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import qlib_mfgru
from qlib_mfgru.report import words
from qlib_mfgru.report.published import TABLES, published
from qlib_mfgru.report.words.headers import HEADERS
from qlib_mfgru.report.words.labels import LABELS

SOURCES = [path for path in Path(qlib_mfgru.__file__).parent.rglob("*.py") if path.name != "labels.py"]


def places(text: str) -> set[str]:
    """Names of the values that a text takes."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", sorted(LABELS))
def test_a_label_takes_the_same_values_in_both_languages_and_is_used(name: str) -> None:
    english, chinese = LABELS[name]
    assert min(len(english), len(chinese)) > 0
    assert places(english) == places(chinese)
    used = re.compile(rf"""["']{name}["']""")
    assert any(used.search(path.read_text()) for path in SOURCES)


def test_columns_of_the_report_have_words() -> None:
    columns = {column for table in TABLES for column in published(table).columns if not column.isdigit()}
    assert columns <= HEADERS.keys()
    assert not any("_" in words.header(column) for column in columns)


def test_no_two_names_of_one_table_share_their_words() -> None:
    """`ic_ir` is the RankIC's, `icir` the IC's."""
    with words.language("en"):
        assert (words.header("ic_ir"), words.header("icir")) == ("RankIC IR", "IC IR (Pearson)")
    for spoken in words.LANGUAGES:
        with words.language(spoken):
            for table in TABLES:
                said = [words.header(column) for column in published(table).columns]
                assert len(set(said)) == len(said)


def test_a_language_holds_within_its_context() -> None:
    assert words.header("annual_excess") == "annual excess"
    with words.language("zh"):
        assert words.header("annual_excess") == "年化超额收益率"
        assert words.label("dates", n=23) == "23个截面"
        with words.language("en"):
            assert words.label("dates", n=23) == "23 test dates"
        assert words.spoken() == "zh"
    assert words.label("dates", n=23) == "23 test dates"


def test_what_has_no_words_is_itself() -> None:
    assert words.header("turnover_rate_z") == "turnover_rate_z"
    assert words.header(2021) == "2021"
    with pytest.raises(KeyError):
        words.label("no such chart")
