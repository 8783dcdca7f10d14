"""A factor that tells no stocks apart has no figures in the summary, and wins nothing; in both languages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import made_up_runs
import market_world
import numpy as np
import pytest
from matplotlib.figure import Figure
from parsed import ParsedPage
from qlib.workflow import R
from study_recorders import DAYS, POOLS, Recorders

from qlib_mfgru.factor import FactorTestRecord
from qlib_mfgru.portfolio import IndexEnhancementRecord
from qlib_mfgru.study import report

FACTOR = {
    "en": "ALL, flat: no RankIC on 13 of 13 dates: all stocks have the same factor, and the layers go by code order; "
    "figures of the TOP layer are left out.",
    "zh": "ALL, flat：13个截面中13个无RankIC：因子值全部相同，按代码排序分层；不列TOP层指标。",
}
PORTFOLIOS = {
    "en": "CSI300, flat: on 100% of the days all stocks have the same score: constraints and the order of codes have "
    "made the portfolios, and their figures are left out.",
    "zh": "CSI300, flat：100% 的交易日全部股票得分相同，组合仅由约束与代码顺序决定，不列其指标。",
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qlib_mfgru.study.page.draw.inline_svg", lambda figure, key: f'<svg id="{key}"></svg>')
    monkeypatch.setattr("qlib_mfgru.study.page.draw.Drawer.plot", lambda self, *_: self.drawn(Figure, "chart"))


@pytest.fixture(scope="module")
def flat(recorders: Recorders) -> str:
    """A recorder whose scores are all the same, with a factor test and portfolios."""
    scores = market_world.to_scores(np.ones((len(market_world.DAYS), len(market_world.CODES))))
    with R.start(experiment_name="flat", recorder_name="flat"):
        R.save_objects(**{"pred.pkl": scores})
        recorder = R.get_recorder()
        enhancement: Any = IndexEnhancementRecord(recorder, index="csi300")
        made_up = replace(made_up_runs.result(DAYS, (0.3, 0.5), "csi300"), equal_scores=1.0)
        enhancement.compute = lambda *_: made_up
        for record in (FactorTestRecord(recorder, **POOLS), enhancement):
            record.write = lambda _, folder: Path(folder, "nothing.txt").touch()  # type: ignore[method-assign]
            record.generate()
        return str(recorder.id)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_figures_and_why(recorders: Recorders, flat: str, lang: Any) -> None:
    names = [recorders.lightgbm, recorders.network, recorders.portfolios, f"flat={flat}"]
    page = report(names, provider=recorders.provider, store=recorders.uri, lang=lang)
    summary = ParsedPage(page.html).texts["summary"]
    for sentence in (FACTOR[lang], PORTFOLIOS[lang]):
        assert sentence in summary
    both = ("Best of 2 factors", "Best of 4 portfolios") if lang == "en" else ("2 个因子中", "4 个组合中")
    assert all(words in summary for words in both), "the flat one takes no part"
    rows = [row for row in ParsedPage(page.html).table("figure-other").rows if row["model"][0] == "flat"]
    assert [row["top_annual_excess"] for row in rows] == [("–", None)] * 2


def test_a_page_of_it_alone(recorders: Recorders, flat: str) -> None:
    html = report([f"flat={flat}"], provider=recorders.provider, store=recorders.uri).html
    main = html[html.index('id="main-figures"') : html.index('id="data"')]
    assert "data-value" not in main, "no number"
    assert "eflated Sharpe" not in main
