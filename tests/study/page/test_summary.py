"""What the main figures of portfolios have to be read with: how much of the index is there."""

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
from study_recorders import DAYS, Recorders

from qlib_mfgru.portfolio import IndexEnhancement, IndexEnhancementRecord
from qlib_mfgru.study import report
from qlib_mfgru.study.page.parts.portfolios import Named
from qlib_mfgru.study.page.parts.summary import _partly_covered
from qlib_mfgru.study.page.words import Words

SAID = {
    "en": "CSI300: the stocks that are here hold 4.0% of the index, scaled to 1",
    "zh": "CSI300：现有股票只占指数的 4.0%，按比例放大为 1",
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qlib_mfgru.study.page.draw.inline_svg", lambda figure, key: f'<svg id="{key}"></svg>')
    monkeypatch.setattr("qlib_mfgru.study.page.draw.Drawer.plot", lambda self, *_: self.drawn(Figure, "chart"))


def enhancement(covered: float) -> IndexEnhancement:
    """With so much of the index."""
    made_up = made_up_runs.result(DAYS, (0.3, 0.5), "csi300")
    runs = [replace(run, rebalances=run.rebalances.assign(index_covered=np.float64(covered))) for run in made_up.runs]
    return replace(made_up, runs=runs)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("covered", "is_said"), [(0.04, True), (0.951, False)])
def test_an_index_of_which_a_part_is_there(recorders: Recorders, lang: Any, covered: float, is_said: bool) -> None:
    scores = market_world.to_scores(np.ones((len(market_world.DAYS), len(market_world.CODES))))
    with R.start(experiment_name="part", recorder_name="part"):
        R.save_objects(**{"pred.pkl": scores})
        recorder = R.get_recorder()
        record: Any = IndexEnhancementRecord(recorder, index="csi300")
        record.compute = lambda *_: enhancement(covered)
        record.write = lambda _, folder: Path(folder, "nothing.txt").touch()
        record.generate()
    page = report([str(recorder.id)], provider=recorders.provider, store=recorders.uri, lang=lang)
    assert (SAID[lang] in ParsedPage(page.html).texts["summary"]) == is_said


def test_the_portfolios_that_know_least_of_an_index_count() -> None:
    """In whatever order several models' stand."""
    named = [("CSI300", Named(f"{share}", enhancement(share))) for share in (0.97, 0.04, 0.98)]
    (said,) = _partly_covered(named, Words("en"))
    assert said.startswith(SAID["en"])
