"""The part with excess against the turnover limit: which charts it has, and of what."""

from __future__ import annotations

from typing import Any

import made_up_runs
import pytest

from qlib_mfgru.study.page.draw import Drawer
from qlib_mfgru.study.page.parts.limits import limit_parts
from qlib_mfgru.study.page.subjects import Enhanced, Subject
from qlib_mfgru.study.page.words import Words

MANY, FEW = (0.1, 0.3, 0.5), (0.3, 0.5)


def subject(name: str, *enhanced: tuple[str, str, tuple[float, ...]]) -> Subject:
    """Of enhancements by index, folder and turnover limits."""
    recorder: Any = None
    each = [Enhanced(made_up_runs.result(index=index, limits=limits), folder) for index, folder, limits in enhanced]
    return Subject(name, recorder, task={}, origin="", model="", enhancements=each)


def test_a_recorder_has_one_chart_of_all_indices_with_more_than_two_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[str]] = []
    monkeypatch.setattr(
        "qlib_mfgru.study.page.draw.inline_svg",
        lambda figure, _: drawn.append([line.get_label() for line in figure.axes[0].get_lines()]) or "<svg/>",
    )
    words = Words("en")
    mine = subject("mine", ("csi300", "a", MANY), ("csi500", "b", MANY), ("csi1000", "c", FEW), ("csi300", "d", MANY))
    (part,) = limit_parts([mine, subject("few", ("csi300", "", FEW))], Drawer(words), words)
    charts: Any = part.sections[0].blocks
    title = "excess and information ratio against the turnover limit"
    assert [chart.title for chart in charts] == [f"mine, a, b: {title}", f"mine, d: {title}"]
    assert [[label for label in labels if "net" in label] for labels in drawn] == [
        ["CSI300, net of costs", "CSI500, net of costs"],
        ["CSI300, net of costs"],
    ]
    assert limit_parts([subject("few", ("csi300", "", FEW))], Drawer(words), words) == []
