"""Spoiled files, tables and mappings: every outcome is a sound provider or one clear message.

``MFGRU_FUZZ_SECONDS=600`` fuzzes longer. A failure prints its recipe; among `FOUND` it is played again, alone.
"""

import os
from pathlib import Path

import pytest

from ..reference import Reference, check_provider
from .layouts import truth
from .outcome import play, play_in
from .recipes import Recipe
from .spoiled_files import Flipped, Truncated
from .spoiled_tables import Cell, Renamed, Repeated, Scaled, Swapped
from .survey import Survey
from .vendors import LAYOUTS

SECONDS = float(os.environ.get("MFGRU_FUZZ_SECONDS", "50"))

MONTHS, CHINESE = "a Parquet a month", "a CSV a stock, Chinese"
FOUND = {
    "an index beyond its range": Recipe("tushare", (Scaled(3, 159, 2, 0.5, 1),)),
    "a factor that makes a limit 0": Recipe("baostock", (Scaled(1, 0, 7, 1e-30, 1),)),
    "a factor that makes prices 0": Recipe(CHINESE, (Scaled(1, 59, 8, 1e-30, 1), Scaled(1, 59, 8, 1e-30, 1))),
    "factors that differ, the last taken": Recipe("tushare", (Repeated(2, 2, 1000, 2, 2.0),)),
    "a day's amount of nothing": Recipe(CHINESE, (Scaled(1, 193, 7, 1e-300, 2),)),
    "a day's volume in thousands": Recipe(MONTHS, (Scaled(1, 146, 6, 0.001, 80),)),
    "amounts beyond float32": Recipe(MONTHS, (Cell(0, 179, 7, "1e308", 80),)),
    "prices beyond float32": Recipe(CHINESE, (Cell(0, 359, 9, "1e39", 1000),)),
    "an open above the high": Recipe(MONTHS, (Scaled(0, 363, 2, 1e30, 16),)),
    "a close below the low": Recipe(MONTHS, (Scaled(0, 365, 5, 0.001, 2),)),
    "a code in place of a price": Recipe("baostock", (Cell(0, 390, 9, "00700", 80),)),
    "close and low under each other's names": Recipe("baostock", (Swapped(1, 4, 2),)),
    "two columns of one name": Recipe(MONTHS, (Renamed(0, 9, 6),)),
    "a table a field, cut to its header": Recipe("a table a field", (Truncated(128, 0.3), Truncated(128, 0.3))),
    "one time that is none": Recipe("baostock", (Scaled(0, 195, 7, 1e-300, 1000),)),
    "a title with raw bytes": Recipe("tdx", (Flipped(152, 21, b"a\x91R\xdd\xfd\xb3w\xe6"),)),
}
"""Recipes that once went wrong."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_unspoiled_layout_is_the_market_it_was_made_of(tmp_path: Path, layout: str) -> None:
    assert play(Recipe(layout, ()), tmp_path) is None
    bars, daily = truth()
    has_bars, has_factor = "bars" in LAYOUTS[layout].mapping, layout != "tdx"
    expected = Reference(bars if has_bars else None, daily, unadjusted=not has_factor)
    check_provider(tmp_path / "out" / "provider", expected, ("15min",) if has_bars else ())


def test_a_bad_row_and_a_bad_file_have_the_two_outcomes_that_are_right(tmp_path: Path) -> None:
    assert play_in(Recipe(MONTHS, (Cell(0, 3, 5, -1.0),)), tmp_path) is None
    said = play_in(Recipe(MONTHS, (Truncated(0, 0.5),)), tmp_path)
    assert said is not None
    assert "2025-02.parquet: cannot be read" in said


@pytest.mark.parametrize("what", FOUND)
def test_what_once_went_wrong(tmp_path: Path, what: str) -> None:
    play_in(FOUND[what], tmp_path)


def test_whatever_is_spoiled_a_provider_is_sound_or_refused_in_words(tmp_path: Path) -> None:
    survey = Survey(tmp_path).run(SECONDS)
    print(survey)
    assert not survey.failures, f"{len(survey.failures)} kinds of failure\n{survey}"
    stored = sum(count for (_, outcome), count in survey.outcomes.items() if outcome == "stored")
    assert stored > 0.2 * survey.outcomes.total(), "the mutations spoil everything: they show little"
