"""Ingest reports in Chinese: whole lines of real ones, and every line still stands in the code that says it."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pandas as pd
import pytest

import qlib_mfgru
from qlib_mfgru.provider import judge
from qlib_mfgru.provider.judge.kinds import Kind
from qlib_mfgru.provider.session import ASHARE
from qlib_mfgru.study.page.market import Market
from qlib_mfgru.study.page.parts.data import data_part
from qlib_mfgru.study.page.words import Words
from qlib_mfgru.study.page.words.chinese import ingest_in_chinese, ingest_lines

CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile("[a-z]{3} [a-z]{2}")
_LEAST = 12
"""Characters of a piece of a line that is looked for."""


@pytest.fixture
def market() -> Market:
    """Of a provider that was ingested."""
    tally = {"count": 9, "examples": ["20240102: 9"]}
    report = {
        "inputs": {"daily": {"read": 20, "kept": 11, "dropped": {"suspended day": tally}}},
        "warnings": {"live days without bars": tally},
        "notes": ["daily bars: made from the intraday bars"],
    }
    calendars = pd.DataFrame({"freq": ["day"], "first": ["2024-01-02"], "last": ["2024-01-31"], "days": [22]})
    markets = pd.DataFrame({"market": ["all"], "stocks": [3], "covered": [1.0]})
    return Market(Path("here"), {"report": report}, ASHARE, calendars, markets)


@pytest.mark.parametrize(
    ("line", "chinese"),
    [
        ("daily: suspended day", "daily：停牌日"),
        ("index: SH000300: days before the first level: no backtest against it", None),
        ("bars: repeated with other values, the first kept", "bars：重复且数值不同，保留首个"),
        (
            "members.csi300: 20 .. 21 members a day by the list from 2020-01-02 on, 300 in the index",
            "members.csi300：自 2020-01-02 起名单每日有 20 .. 21 只成分股，指数为 300 只",
        ),
        (
            "$limit_up, $limit_down: none given: derived from the boards' rules and the previous raw close",
            "$limit_up、$limit_down：没有给出，由板块规则与前一日未复权收盘价推导",
        ),
        (
            "stocks left out as a whole: days with trade of less than one share; nobody says so",
            "整只剔除的股票：成交不足一股的日子；nobody says so",
        ),
        ("a line of tomorrow, kept as it is", "a line of tomorrow, kept as it is"),
    ],
)
def test_lines(line: str, chinese: str | None) -> None:
    said = ingest_in_chinese(line)
    assert said == chinese if chinese else (said.startswith("index：SH000300：") and not ENGLISH.search(said))


def test_values_are_kept() -> None:
    for english, chinese in ingest_lines().items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, chinese)]
        assert fields[0] == fields[1], english
        assert CHINESE.search(chinese) or fields[1], english


def test_every_line_is_said_somewhere() -> None:
    """An English line that is reworded in its room would stay English on Chinese pages, unseen."""
    folder = Path(qlib_mfgru.__file__).parent
    files = [*(folder / "ingest").rglob("*.py"), *(folder / "provider").rglob("*.py")]
    texts = [text for file in files for text in literals(ast.parse(file.read_text(encoding="utf-8")))]
    said = "\n".join([*texts, *(kind.text for kind in kinds())])
    pieces = {
        piece.strip() for line in ingest_lines() for piece in re.split(r"\{\w+\}|[,;:]", line) if len(piece) > _LEAST
    }
    assert len(pieces) > 150
    assert {piece for piece in pieces if piece not in said} == set()


def literals(tree: ast.AST) -> Iterator[str]:
    """Strings of a file; of those with fields what stands between the fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def kinds() -> Iterator[Kind]:
    """All rules of the judge that are the value of a module, or stand in a list or table that is."""
    for found in walk_packages(judge.__path__, f"{judge.__name__}."):
        for value in vars(import_module(found.name)).values():
            for each in value.values() if isinstance(value, dict) else [value]:
                yield from (kind for kind in (each if isinstance(each, tuple) else [each]) if isinstance(kind, Kind))


def test_what_the_judge_finds_without_a_cause_of_its_own_is_known() -> None:
    """Those with a cause say how to mend the vendor's files, in the words of the mapping."""
    found = [kind for kind in kinds() if not kind.cause and kind.role != "hint"]
    assert len(found) > 30
    left = [line for kind in found if ENGLISH.search(line := ingest_in_chinese(f"{kind.text}, {kind.outcome}"))]
    assert left == []


def test_the_part_of_the_data_says_them(market: Market) -> None:
    said = "".join(str(section) for section in data_part([], market, Words("zh")).sections)
    for text in ("daily：停牌日", "上市期间没有日内线的日子", "日线：由日内线合成", "20240102: 9"):
        assert text in said
    english = "".join(str(section) for section in data_part([], market, Words("en")).sections)
    for text in ("daily: suspended day", "live days without bars", "daily bars: made from the intraday bars"):
        assert text in english
        assert text not in said
