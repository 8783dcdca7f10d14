"""Markdown tables and pages, cell by cell."""

from __future__ import annotations

import pandas as pd

from qlib_mfgru.report.markdown import markdown, numbers_as, page

FRAME = pd.DataFrame({"pool": ["ALL", "FEW"], "rank_ic_mean": [0.0839, None], "sharpe": [1.5, -0.255], 5: [0.5, 2.0]})


def test_shared_formats_and_missing_values() -> None:
    assert markdown(FRAME).splitlines() == [
        "| pool | RankIC mean | Sharpe | 5 |",
        "| --- | --- | --- | --- |",
        "| ALL | 8.39% | 1.50 | 0.5 |",
        "| FEW |  | -0.26 | 2.0 |",
    ]


def test_no_zero_has_a_minus() -> None:
    table = markdown(pd.DataFrame({"least": [-0.0], "correlation": [-1e-4], "other": [-0.0]}))
    assert table.splitlines()[2] == "| 0.0000 | 0.000 | 0.0 |"


def test_formats_of_one_table_go_before_the_shared_ones() -> None:
    assert markdown(FRAME, {"sharpe": ".1f"}).splitlines()[2] == "| ALL | 8.39% | 1.5 | 0.5 |"
    assert markdown(FRAME, numbers_as(".1%")).splitlines()[2] == "| ALL | 8.4% | 150.0% | 50.0% |"


def test_page() -> None:
    sections = [("First", "| a |", ["one", "two"]), ("Second", "None.", [])]
    assert page("Title", sections, ["all of it"]) == (
        "# Title\n\n## First\n\n| a |\n\n- one\n- two\n\n## Second\n\nNone.\n\n"
        "## Conventions of all tables\n\n- all of it\n"
    )
