"""Training curves of models that follow different metrics, or none that is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from qlib_mfgru.study.page.draw import Drawer
from qlib_mfgru.study.page.parts.training import metric_of, training_figure, training_part
from qlib_mfgru.study.page.subjects import Subject
from qlib_mfgru.study.page.words import Words

IC = [{"epoch": epoch, "train_ic": 0.1 * epoch, "valid_ic": 0.05 * epoch, "valid_t": 2.0} for epoch in (1, 2)]
RANK_IC = [{"epoch": epoch, "train_rank_ic": 0.3, "valid_rank_ic": 0.2} for epoch in (1, 2)]
OWN = [{"epoch": epoch, "loss": 1.0} for epoch in (1, 2)]


def subject(name: str, **histories: list[dict[str, Any]]) -> Subject:
    recorder: Any = SimpleNamespace(id=name)
    return Subject(name, recorder, task={}, origin=name, model="", histories=histories)


@pytest.mark.parametrize(
    ("history", "metric"), [(IC, "ic"), (RANK_IC, "rank_ic"), (OWN, ""), ([*IC, *RANK_IC], ""), ([], "")]
)
def test_the_metric_of_a_history(history: list[dict[str, Any]], metric: str) -> None:
    assert metric_of(history) == metric


def test_members_of_a_mean_may_follow_different_metrics() -> None:
    figure = training_figure("mean", {"1": IC, "2": RANK_IC}, {}, Words("en"))
    assert figure.get_suptitle() == "mean: IC and RankIC by epoch"
    (ax,) = figure.axes
    assert ax.get_ylabel() == "IC and RankIC"
    assert [list(line.get_ydata()) for line in ax.get_lines()] == [[0.1, 0.2], [0.05, 0.1], [0.3, 0.3], [0.2, 0.2]]


@pytest.mark.parametrize(("language", "title"), [("en", "gru: RankIC by epoch"), ("zh", "gru：各轮 RankIC")])
def test_the_title_names_the_metric(language: Any, title: str) -> None:
    assert training_figure("gru", {"": RANK_IC}, {1: 2}, Words(language)).get_suptitle() == title


def test_rows_of_something_else_are_no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qlib_mfgru.study.page.draw.inline_svg", lambda figure, key: f'<svg id="{key}"></svg>')
    words = Words("en")
    part = training_part([subject("own", one=OWN), subject("mean", one=OWN, two=RANK_IC)], Drawer(words), words)
    blocks: Any = part.sections[0].blocks
    assert [type(block).__name__ for block in blocks] == ["Chart", "Said"], "no epoch is said to be the best"
    assert blocks[-1].sentences == [
        "No training history: own. Another kind of model, or one that was trained elsewhere."
    ]
