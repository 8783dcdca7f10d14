"""Spoiled files, tables and mappings: every outcome is a sound provider or one clear message.

``MFGRU_FUZZ_SECONDS=600`` fuzzes longer. A failure prints its recipe, which `fault_of` plays again.
"""

import os
from pathlib import Path

import pytest

from ..reference import Reference, check_provider
from .layouts import truth
from .outcome import play, play_in
from .recipes import Recipe
from .spoiled_files import Truncated
from .spoiled_tables import Cell
from .survey import Survey
from .vendors import LAYOUTS

SECONDS = float(os.environ.get("MFGRU_FUZZ_SECONDS", "30"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_unspoiled_layout_is_the_market_it_was_made_of(tmp_path: Path, layout: str) -> None:
    assert play(Recipe(layout, ()), tmp_path) is None
    bars, daily = truth()
    has_bars, has_factor = "bars" in LAYOUTS[layout].mapping, layout != "tdx"
    expected = Reference(bars if has_bars else None, daily, unadjusted=not has_factor)
    check_provider(tmp_path / "out" / "provider", expected, ("15min",) if has_bars else ())


def test_a_bad_row_and_a_bad_file_have_the_two_outcomes_that_are_right(tmp_path: Path) -> None:
    assert play_in(Recipe("a Parquet a month", (Cell(0, 3, 5, -1.0),)), tmp_path) is None
    said = play_in(Recipe("a Parquet a month", (Truncated(0, 0.5),)), tmp_path)
    assert said is not None
    assert "2025-02.parquet: cannot be read" in said


def test_whatever_is_spoiled_a_provider_is_sound_or_refused_in_words(tmp_path: Path) -> None:
    survey = Survey(tmp_path).run(SECONDS)
    stored = sum(count for (_, outcome), count in survey.outcomes.items() if outcome == "stored")
    print(survey)
    assert not survey.failures, f"{len(survey.failures)} kinds of failure\n{survey}"
    assert stored > 0.2 * survey.outcomes.total(), "the mutations spoil everything: they show little"
