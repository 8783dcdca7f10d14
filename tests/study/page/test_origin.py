"""How to make it again, as a recorder's task says it."""

from __future__ import annotations

from typing import Any

import pytest

from qlib_mfgru.report.plain import Left
from qlib_mfgru.study.page.parts.origin import _segment
from qlib_mfgru.study.page.words import Words


@pytest.mark.parametrize(("language", "unbounded"), [("en", "open"), ("zh", "不限")])
def test_a_segment_may_be_open_at_an_end(language: Any, unbounded: str) -> None:
    segments = {"train": [None, "2020-12-31"], "test": ["2021-01-01", None]}
    task = {"dataset": {"kwargs": {"segments": segments}}}
    shown = [_segment(task, name, Words(language)) for name in ("train", "test", "valid")]
    assert shown == [f"{unbounded} .. 2020-12-31", f"2021-01-01 .. {unbounded}", ""]


@pytest.mark.parametrize("dataset", [Left(), "file:dataset.pkl", None])
def test_a_dataset_that_is_no_config_says_no_segments(dataset: Any) -> None:
    """As where a task was made of objects in Python."""
    assert _segment({"dataset": dataset}, "test", Words("en")) == ""
