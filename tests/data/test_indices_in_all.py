"""An index in the market ``all`` of a plain provider changes nothing that the handler serves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from plain_market import CODES, DAYS, INDEX, write_plain_market
from small_market import use

from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.data.handler import CrossSection

INPUTS = {"day": {"days": 10, "scale": "last"}}


def section(provider: Path, panels: Path) -> CrossSection:
    use(provider)
    return MultiFreqHandler("all", inputs=INPUTS, missing_vwap="typical", cache_dir=panels).cross_section(DAYS[60])


def test_stocks_are_scaled_without_it(tmp_path: Path) -> None:
    leaked = section(write_plain_market(tmp_path / "leak", with_index=True), tmp_path / "panels")
    clean = section(write_plain_market(tmp_path / "clean"), tmp_path / "panels")
    assert (tmp_path / "leak" / "features" / INDEX.lower() / "close.day.bin").exists()
    assert list(leaked.instruments) == list(clean.instruments)
    assert set(leaked.instruments) <= set(CODES)
    np.testing.assert_array_equal(leaked.features["day"], clean.features["day"])
    np.testing.assert_array_equal(leaked.label, clean.label)
