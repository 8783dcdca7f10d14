"""The page's words: both languages say the same values, and no sentence stays English on a Chinese page."""

from __future__ import annotations

import re
import string

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from parsed import ParsedPage
from study_recorders import Recorders

from qlib_mfgru.portfolio.trade.rebalance import NO_SCORE
from qlib_mfgru.report import fonts
from qlib_mfgru.study import Page, report
from qlib_mfgru.study.page.words import Words
from qlib_mfgru.study.page.words.chinese import in_chinese, sentences
from qlib_mfgru.study.page.words.sentences import SENTENCES

CHINESE = re.compile("[\u4e00-\u9fff]")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", SENTENCES)
def test_both_languages_have_the_same_fields(name: str) -> None:
    english, chinese = SENTENCES[name]
    assert fields(english) == fields(chinese)


def test_sentences_of_the_records_keep_their_values() -> None:
    for english, chinese in sentences().items():
        assert fields(chinese) <= fields(english)
        assert CHINESE.search(chinese)


def test_a_sentence_is_found_by_its_form() -> None:
    text = (
        "Test dates: the last trading day of each calendar week; 23 of them, 2023-07-07 .. 2023-12-15. Nobody says so."
    )
    assert in_chinese(text) == (
        "截面日：每个自然周的最后一个交易日；共 23 期，2023-07-07 .. 2023-12-15。Nobody says so."
    )
    days = text.replace("the last trading day of each calendar week", "every 10 trading days")
    (said, _) = in_chinese(days).split("Nobody")
    assert said == "截面日：每 10 个交易日；共 23 期，2023-07-07 .. 2023-12-15。"


def test_reasons_of_failed_rebalances_are_chinese() -> None:
    limit = "Turnover limit 12.5%: of 7 rebalances, 3 failed and kept the holding"
    rest = (
        "1 broke constraints only because stocks could not be traded, and 1 because no portfolio meets all; 0 of 9 "
        "orders were not executed in full, on average 0.00% of the account per rebalance."
    )
    said = in_chinese(f"{limit} ({NO_SCORE}: 3), {rest}")
    assert said.startswith("换手率上限 12.5%：7 次调仓中 3 次失败并保持持仓 (当日无任何股票有因子值: 3)，1 次")


def test_names_of_columns_are_known() -> None:
    words = Words("zh")
    assert (words.head("seeds"), words.head("something_new")) == ("随机种子", "something new")
    assert words("points_above", by="1.2", printed="10.22%") == "比研报的 10.22% 高 1.2 个百分点"


def test_a_model_has_one_name_on_the_whole_page(recorders: Recorders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the name that it was given is the Huatai report's, for which tables have words."""
    charts: list[str] = []

    def drawn(figure: Figure, key: str) -> str:
        charts.extend(text.get_text() for text in figure.findobj(Text))
        return f'<svg id="{key}"></svg>'

    monkeypatch.setattr("qlib_mfgru.study.page.draw.inline_svg", drawn)
    names = [f"incremental={recorders.network}", recorders.portfolios, f"gru={recorders.lightgbm}"]
    page = ParsedPage(report(names, provider=recorders.provider, store=recorders.uri).html)
    assert "\ngru\n" in page.texts["summary"]  # which is none of the report's models
    assert "15-minute GRU" not in page.texts["summary"]
    chinese = ParsedPage(report(names, provider=recorders.provider, store=recorders.uri, lang="zh").html)
    for part in ("summary", "data", "training", "factors", "correlation", "index-csi300"):
        assert "多频率增量混合模型" in chinese.texts[part], part
        assert "incremental" not in chinese.texts[part], part
    drawn_as = "多频率增量混合模型" if fonts.chinese() else "incremental"
    assert any(f"{drawn_as} · " in text for text in charts)
    assert not any("IncrementalGRUModel" in text for text in charts)


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("15 分钟频注意力 GRU", "15-minute GRU with attention"),
        ("15 分钟频 GRU 0b1f5c", "15-minute GRU 0b1f5c"),
        ("我的", "我的"),
    ],
)
def test_names_where_charts_are_english(name: str, english: str) -> None:
    assert Words("zh").translated(name, Words("en")) == english


def test_a_chinese_page_has_the_same_numbers(page: Page, chinese: Page) -> None:
    ours, theirs = ParsedPage(page.html), ParsedPage(chinese.html)
    assert theirs.figures == ours.figures
    numbers = [[[value for _, value in row.values()] for row in table.rows] for table in ours.tables]
    assert [[[value for _, value in row.values()] for row in table.rows] for table in theirs.tables] == numbers
    assert 'lang="zh-CN"' in chinese.html


def test_no_sentence_stays_english(chinese: Page) -> None:
    """Names of models, files and commands may; a paragraph or bullet without one Chinese character may not."""
    html = re.sub(r"</?span\b[^>]*>", "", chinese.html)
    texts = re.findall(r"<(?:p|li|h2|h3|h4|figcaption)\b[^>]*>(.*?)</", html, flags=re.DOTALL)
    words = [re.sub(r"<[^>]+>", "", sentence).strip() for sentence in texts]
    assert [text for text in words if re.search("[a-z]{3} [a-z]{2}", text) and not CHINESE.search(text)] == []
    conventions = re.search(r'id="conventions".*', html, flags=re.DOTALL)
    assert conventions is not None
    left = [text for text in re.findall(r"<li>(.*?)</li>", conventions[0]) if re.search("[a-z]{2} [a-z]{2}", text)]
    assert left == []
