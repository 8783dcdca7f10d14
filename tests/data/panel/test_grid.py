"""The days that bars belong to in a market of 24 hours, whose stamps of midnight are of one day or the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plain_provider import write_plain_provider
from small_market import use

from qlib_mfgru.data import FIELDS, BarPanel
from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.session import SESSIONS
from qlib_mfgru.provider.writer import new_provider

DAYS = pd.date_range("2024-01-05", periods=3)
HOURS = 72


def values(n: int) -> dict[str, np.ndarray]:
    return {name: np.arange(1.0, n + 1) for name in FIELDS}


def foreign(folder: Path, first: str) -> Path:
    """A provider that does not say what its stamps are."""
    hours = pd.date_range(first, periods=HOURS, freq="h")
    frames = {
        freq: {"BTC": pd.DataFrame(values(len(stamps)), index=stamps)}
        for freq, stamps in {"day": DAYS, "60min": hours}.items()
    }
    return write_plain_provider(folder, frames, {"all": ["BTC\t2024-01-05\t2024-01-08 23:59:59"]})


def check(panel: BarPanel) -> None:
    assert list(panel.days) == list(DAYS)
    assert panel.bars.shape == (3, 24, 6, 1)
    np.testing.assert_array_equal(panel.bars[1, :, 3, 0], np.arange(25, 49))


def test_bars_are_of_the_day_that_their_stamps_name(tmp_path: Path) -> None:
    use(foreign(tmp_path / "provider", "2024-01-05 00:00"))
    check(BarPanel.open("60min", tmp_path / "panels"))


def test_a_session_says_that_a_bar_of_midnight_ends_the_day(tmp_path: Path) -> None:
    with new_provider(tmp_path / "provider", DAYS, {"60min": DAYS}, session=SESSIONS["crypto"]) as writer:
        for freq, n in (("day", len(DAYS)), ("60min", HOURS)):
            writer.write_features("BTC", freq, 0, values(n))
        writer.write_instruments("all", [("BTC", DAYS[0], DAYS[-1])])
        writer.write_manifest({})
    use(tmp_path / "provider")
    check(BarPanel.open("60min", tmp_path / "panels"))


def test_without_one_bars_that_end_at_midnight_are_refused_with_a_way_out(tmp_path: Path) -> None:
    use(foreign(tmp_path / "provider", "2024-01-05 01:00"))
    with pytest.raises(
        InputError,
        match=r"^the 60min calendar has 23 bars on 2024-01-05, but 24 on 2024-01-06; where stamps of midnight end "
        r"the day before, ingest the provider first \(mfgru ingest --vendor qlib\)$",
    ):
        BarPanel.open("60min", tmp_path / "panels")
