"""What an update would write: from which position on something changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.live.updating.plan import PlannedWriter
from qlib_mfgru.live.updating.steps import read_steps
from qlib_mfgru.provider.session import ASHARE
from qlib_mfgru.provider.storage.series import sums_of
from qlib_mfgru.provider.writer import new_provider

DAYS = pd.bdate_range("2025-01-02", periods=30)
FILE = "features/sh600000/close.day.bin"


@pytest.fixture
def writer(tmp_path: Path) -> PlannedWriter:
    """To the plan of a provider with a series from position 4 to 19."""
    with new_provider(tmp_path / "p", DAYS) as new:
        new.write_features("SH600000", "day", 4, {"close": np.arange(16.0)})
        new.write_members("all", ["SH600000"], np.ones((30, 1), dtype=bool))
        new.write_manifest({})
    (tmp_path / "plan").mkdir()
    return PlannedWriter(tmp_path / "p", tmp_path / "plan", DAYS, {}, ASHARE, sums_of(tmp_path / "p"), {})


@pytest.mark.parametrize(("start", "changed"), [(7, 3), (2, 1), (4, 20)])
def test_a_series_whose_beginning_moves_changes_from_the_earlier_one_on(
    writer: PlannedWriter, start: int, changed: int
) -> None:
    writer.write_features("SH600000", "day", start, {"close": np.arange(start - 4.0, 18.0)})
    assert writer.changed == {"day": changed}
    assert writer.begins("SH600000", "day") == 4


def test_an_end_beyond_the_stored_one_has_nothing_between(writer: PlannedWriter, tmp_path: Path) -> None:
    writer.write_ends("SH600000", "day", 22, {"close": np.array([22.0, 23.0])})
    writer.keep_steps("0")
    (step,) = read_steps(tmp_path / "plan/0.steps")
    assert (step.name, step.offset, step.is_cut) == (FILE, 4 * 17, False)
    assert np.frombuffer(step.content, "<f4").tolist() == pytest.approx([np.nan, np.nan, 22, 23], nan_ok=True)
    assert writer.changed == {"day": 20}
