"""Registered tables, series and plots: what is written, what stands on the page, and slips of registration."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import result_world

from qlib_mfgru.report.outputs import Outputs

BOTH = result_world.tables | result_world.plots


def test_files_in_the_order_of_their_kinds() -> None:
    assert BOTH.files() == ["value.csv", "kept.csv", "series.pkl", "line.png"]
    assert result_world.plots.files() == ["line.png"]


def test_tables_and_plots_are_written_and_series_left_to_the_recorder(tmp_path: Path) -> None:
    BOTH.write(1.5, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["kept.csv", "line.png", "value.csv"]
    assert (tmp_path / "value.csv").read_text() == "pool,sharpe\nALL,1.5\n"
    assert (tmp_path / "kept.csv").read_text() == "twice\n3.0\n"
    assert (tmp_path / "line.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_has_the_tables_with_headings_and_their_notes() -> None:
    assert BOTH.page(1.5, "Title", ["Made up."]) == (
        "# Title\n\n## The value\n\n| pool | Sharpe |\n| --- | --- |\n| ALL | 1.50 |\n\n- It is 1.5.\n\n"
        "## No exceptions\n\nNone.\n\n## Conventions of all tables\n\n- Made up.\n"
    )
    assert "## Exceptions\n\n| what |\n| --- |\n| negative |\n" in BOTH.page(-1.0, "Title", [])


def test_one_file_has_one_function() -> None:
    outputs: Outputs[float] = Outputs()
    outputs.table("value.csv")(result_world.value)
    with pytest.raises(ValueError, match=r"registered twice: value\.csv"):
        outputs.pickle("value.csv")(result_world.series)
    with pytest.raises(ValueError, match=r"registered twice: value\.csv"):
        result_world.tables | outputs
    assert outputs.series == {}


def test_functions_stay_functions() -> None:
    pd.testing.assert_frame_equal(result_world.kept(2.0), pd.DataFrame({"twice": [4.0]}))
