"""The page of factor tests at several entries, and at one that is not tradable, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.figure import Figure
from parsed import ParsedPage
from qlib.workflow import R
from study_recorders import POOLS, Recorders

from qlib_mfgru.factor import FactorTestRecord
from qlib_mfgru.study import report

UNTRADABLE = {
    "en": "What is bought at the test date's close is not tradable: the scores need that close.",
    "zh": "以截面日收盘价成交的结果无法实际实现：因子值需要该收盘价才能得到。",
}


def page_with(settings: dict[str, Any], recorders: Recorders, lang: str) -> ParsedPage:
    with R.start(experiment_name="entries", recorder_name="entered"):
        scores = R.get_recorder(recorder_id=recorders.bare, experiment_name="study").load_object("pred.pkl")
        R.save_objects(**{"pred.pkl": scores})
        record = FactorTestRecord(R.get_recorder(), **POOLS, **settings)
        record.write = lambda *_: None  # type: ignore[method-assign]
        record.generate()
        recorder = R.get_recorder().id
    return ParsedPage(report([recorder], provider=recorders.provider, store=recorders.uri, lang=lang).html)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qlib_mfgru.study.page.draw.inline_svg", lambda figure, key: f'<svg id="{key}"></svg>')
    monkeypatch.setattr("qlib_mfgru.study.page.draw.Drawer.plot", lambda self, *_: self.drawn(Figure, "chart"))


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["the next day's vwap", "the test date's close: not tradable"]),
        ("zh", ["次日均价", "截面日收盘价：不可成交"]),
    ],
)
def test_a_row_for_each_entry(recorders: Recorders, lang: str, words: list[str]) -> None:
    page = page_with({"compare_entries": ["same_close"]}, recorders, lang)
    rows = page.table("figure-other").rows
    assert [(row["pool"][0], row["entry"][0]) for row in rows] == [(p, each) for p in ("FEW", "ALL") for each in words]
    assert rows[0]["rank_ic_mean"][1] != rows[1]["rank_ic_mean"][1]
    assert UNTRADABLE[lang] in page.texts["factors"]
    assert UNTRADABLE[lang] not in page.texts["summary"], "the summary is of the entry alone"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_test_that_is_not_tradable_is_said_at_once(recorders: Recorders, lang: str) -> None:
    page = page_with({"entry": "same_close"}, recorders, lang)
    for part in ("summary", "factors", "conventions"):
        assert UNTRADABLE[lang] in page.texts[part]
    if lang == "zh":
        assert "时点：全部交易以截面日的收盘价成交，持有至下一截面日的交易。" in page.texts["conventions"]
        assert "截面日停牌, 截面日涨停" in page.texts["conventions"]
